// SPDX-License-Identifier: Apache-2.0
// The nodes of a dump in order of their inodes: names of the same file come together, what is repeated with
// each of them is taken once, users of slices are counted.

import Metadata
import SluiceBase
import VolumeModel

/// A use of a slice.
private struct SliceUseNumber: BitwiseCopyable, Comparable, Sendable {
    var id: UInt64
    var size: UInt32

    static func < (left: Self, right: Self) -> Bool { (left.id, left.size) < (right.id, right.size) }
}

/// What the nodes of a volume add up to.
struct LoadedTotals {
    /// Without the root and the trash root.
    var usedSpace: Int64 = 0
    var totalInodes: Int64 = 0
    var highestInode: UInt64 = 1
    var highestTrash: UInt64 = 0
    var highestSlice: UInt64 = 0
    /// Without trash directories.
    var users: [UInt32: DirectoryStat] = [:]
    var groups: [UInt32: DirectoryStat] = [:]
}

/// Collects nodes and writes them sorted.
final class LoadedNodes {
    private enum Kind: UInt8 {
        case node
        case symlink
        case extendedAttribute
        case chunk
    }

    private let sorter: ByteSorter
    private let uses: Spill<SliceUseNumber>
    /// The key that is being put together.
    private var key: [UInt8] = []
    private(set) var totals = LoadedTotals()
    /// The inode whose records are written, with the parents of all its names.
    private var current: (inode: Inode, attributes: Attributes, parents: [Inode])?

    init(_ options: LoadOptions) {
        sorter = ByteSorter(memoryLimitBytes: options.sortMemory, directory: options.spillDirectory)
        uses = SpillSpace(directory: options.spillDirectory).sorter()
    }

    /// Takes a node under one of its names; `attributes` name the directory.
    func add(_ node: DumpedNode, _ attributes: Attributes) throws {
        // Encoded attributes end where the tier is, which is left out when it is 0.
        try add(.node, of: node.inode, value: attributes.encoded)
        if attributes.type == .symlink, let target = node.target {
            try add(.symlink, of: node.inode, value: target.bytes)
        }
        for attribute in node.extendedAttributes {
            try add(.extendedAttribute, of: node.inode, attribute.name.bytes, value: attribute.value)
        }
        for chunk in node.chunks {
            try add(.chunk, of: node.inode, numberKey(UInt64(chunk.index)), value: chunk.slices)
        }
    }

    private func add(_ kind: Kind, of inode: Inode, _ rest: [UInt8] = [], value: [UInt8]) throws {
        key.removeAll(keepingCapacity: true)
        unsafe withUnsafeBytes(of: inode.number.bigEndian) { unsafe key.append(contentsOf: $0) }
        key.append(kind.rawValue)
        key.append(contentsOf: rest)
        try sorter.add(key: key, value: value)
    }

    /// Writes everything to the target.
    func finish(into target: LoadTarget) throws {
        let sorted = try sorter.finish()
        // What is repeated with each name of a file has the key before it; nodes are counted.
        var last: [UInt8] = []
        while let record = try sorted.next() {
            let (place, value) = unsafe (record.key, record.value)
            let inode = unsafe Inode(UInt64(bigEndian: place.loadUnaligned(as: UInt64.self)))
            guard let kind = unsafe Kind(rawValue: place[8]) else { continue }
            if kind == .node {
                try take(Attributes(decoding: unsafe Array(value)), of: inode, into: target)
            } else if unsafe !last.elementsEqual(place) {
                last.removeAll(keepingCapacity: true)
                unsafe last.append(contentsOf: place)
                try write(kind, inode, rest: Array(last[9...]), unsafe Array(value), into: target)
            }
        }
        try writeCurrent(into: target)
        try writeReferences(into: target)
    }

    private func take(_ attributes: Attributes, of inode: Inode, into target: LoadTarget) throws {
        guard let known = current, known.inode == inode else {
            try writeCurrent(into: target)
            current = (inode, attributes, [attributes.parent])
            return
        }
        guard attributes.type == known.attributes.type, attributes.type != .directory else {
            throw CodecError("dump", "inode \(inode) is a directory with several names, or two things")
        }
        current?.parents.append(attributes.parent)
    }

    private func writeCurrent(into target: LoadTarget) throws {
        guard let (inode, known, parents) = current else { return }
        var attributes = known
        current = nil
        if attributes.type != .directory { attributes.linkCount = UInt32(clamping: parents.count) }
        if parents.count > 1 {
            attributes.parent = Inode(0)
            for parent in parents { try target.put(.parent(ParentLink(parent: parent, count: 1), of: inode)) }
        }
        try target.put(.node(inode, attributes))
        count(inode, attributes)
    }

    private func count(_ inode: Inode, _ attributes: Attributes) {
        if inode.isTrash {
            totals.highestTrash = max(totals.highestTrash, inode.number - Inode.trash.number)
        } else {
            totals.highestInode = max(totals.highestInode, inode.number)
        }
        guard inode != .root, inode != .trash else { return }
        totals.usedSpace = totals.usedSpace.saturatingAdd(attributes.usedSpace)
        totals.totalInodes += 1
        guard !inode.isTrash else { return }
        let own = DirectoryStat(dataLength: 0, usedSpace: attributes.usedSpace, usedInodes: 1)
        totals.users[attributes.uid] = totals.users[attributes.uid, default: DirectoryStat()] + own
        totals.groups[attributes.gid] = totals.groups[attributes.gid, default: DirectoryStat()] + own
    }

    private func write(
        _ kind: Kind,
        _ inode: Inode,
        rest: [UInt8],
        _ value: [UInt8],
        into target: LoadTarget,
    ) throws {
        switch kind {
        case .node: return
        case .symlink: try target.put(.symlink(SymlinkRecord(inode: inode, target: ByteString(value))))
        case .extendedAttribute:
            let record = ExtendedAttributeRecord(inode: inode, name: ByteString(rest), value: value)
            try target.put(.extendedAttribute(record))
        case .chunk:
            let index = UInt32(truncatingIfNeeded: number(in: rest, at: 0))
            try target.put(.chunk(ChunkRecord(inode: inode, index: index, slices: value)))
            for slice in try Slice.list(decoding: value) where !slice.isHole {
                try uses.add(SliceUseNumber(id: slice.id, size: slice.size))
            }
        }
    }

    /// One reference per slice, with the number of records that name it; holes have none.
    private func writeReferences(into target: LoadTarget) throws {
        let sorted = try uses.finish()
        try sorted.start()
        while let slice = sorted.head {
            guard slice.id > totals.highestSlice else {
                throw CodecError("dump", "slice \(slice.id) has two sizes")
            }
            var count: Int64 = 0
            while let next = sorted.head, next == slice {
                count += 1
                try sorted.advance()
            }
            totals.highestSlice = slice.id
            try target.put(.sliceReference(SliceReference(id: slice.id, size: slice.size, count: count)))
        }
    }
}

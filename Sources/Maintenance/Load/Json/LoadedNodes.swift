// SPDX-License-Identifier: Apache-2.0
// The nodes of a dump in order of their inodes: names of the same file come together, the first of its
// descriptions is taken as JuiceFS takes it, users of slices are counted.

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
    /// Without trash directories; empty unless owners are counted.
    var users: [UInt32: DirectoryStat] = [:]
    var groups: [UInt32: DirectoryStat] = [:]
}

/// Collects nodes and writes them sorted.
final class LoadedNodes {
    fileprivate enum Kind: UInt8 {
        case node
        case symlink
        case extendedAttribute
        case chunk
    }

    /// A node that is being written.
    private struct Current {
        let inode: Inode
        let description: UInt64
        let attributes: Attributes
        var target: [UInt8]?
        /// The names so far.
        ///
        /// The directory of the first is in `attributes`, those of all are written when a second one comes.
        var names: UInt64 = 1
    }

    private let sorter: ByteSorter
    private let uses: Spill<SliceUseNumber>
    /// The key that is being put together.
    private var key: [UInt8] = []
    private let isForced: Bool
    private let countsOwners: Bool
    private let maximumOwners: Int
    private var descriptions: UInt64 = 0
    private(set) var totals = LoadedTotals()
    /// Slices whose users disagree about their size.
    private(set) var disputedSlices: UInt64 = 0
    private var current: Current?

    init(_ options: LoadOptions, countsOwners: Bool) {
        self.countsOwners = countsOwners
        isForced = options.isForced
        maximumOwners = options.maximumQuotas
        sorter = ByteSorter(memoryLimitBytes: options.sortMemory, directory: options.spillDirectory)
        uses = SpillSpace(directory: options.spillDirectory).sorter()
    }

    /// The next description of a node.
    func describe() -> DumpedNode {
        descriptions += 1
        return DumpedNode(description: descriptions)
    }

    /// Takes a node under one of its names; `attributes` name the directory.
    func add(_ node: inout DumpedNode, _ attributes: Attributes) throws {
        // Encoded attributes end where the tier is, which is left out when it is 0.
        try add(.node, [], attributes.encoded, of: node.inode, node)
        if attributes.type == .symlink, let target = node.target {
            try add(.symlink, [], target.bytes, of: node.inode, node)
        }
        try addDetails(of: node.inode, from: &node)
    }

    /// Takes what may be long of a node.
    func addDetails(of inode: Inode, from node: inout DumpedNode) throws {
        for attribute in node.extendedAttributes {
            try add(.extendedAttribute, attribute.name.bytes, attribute.value, of: inode, node)
        }
        for chunk in node.chunks {
            try add(.chunk, numberKey(UInt64(chunk.index)), chunk.slices, of: inode, node)
        }
        node.removeDetails()
    }

    private func add(
        _ kind: Kind,
        _ rest: [UInt8],
        _ value: [UInt8],
        of inode: Inode,
        _ node: DumpedNode,
    ) throws {
        key.removeAll(keepingCapacity: true)
        unsafe withUnsafeBytes(of: inode.number.bigEndian) { unsafe key.append(contentsOf: $0) }
        key.append(kind.rawValue)
        key += rest
        unsafe withUnsafeBytes(of: node.description.bigEndian) { unsafe key.append(contentsOf: $0) }
        try sorter.add(key: key, value: value)
    }

    /// Writes everything to the target.
    func finish(into target: LoadTarget) throws {
        let sorted = try sorter.finish()
        var last: [UInt8] = []
        while let record = try sorted.next() {
            let (place, value) = unsafe (record.key, Array(record.value))
            let inode = unsafe Inode(UInt64(bigEndian: place.loadUnaligned(as: UInt64.self)))
            guard let kind = unsafe Kind(rawValue: place[8]) else { continue }
            let key = unsafe Array(place)
            let description = number(in: key, at: key.count - 8)
            if kind == .node {
                try take(Attributes(decoding: value), description, of: inode, into: target)
            } else if try isOfFirst(kind, description, value) {
                let rest = Array(key[9..<key.count - 8])
                guard key != last else {
                    throw CodecError("dump", "inode \(inode) has \(kind.noun(rest)) twice")
                }
                last = key
                try write(kind, inode, rest: rest, value, into: target)
            }
        }
        try writeCurrent(into: target)
        try writeReferences(into: target)
    }

    private func take(
        _ attributes: Attributes,
        _ description: UInt64,
        of inode: Inode,
        into target: LoadTarget,
    ) throws {
        guard let known = current, known.inode == inode else {
            try writeCurrent(into: target)
            current = Current(inode: inode, description: description, attributes: attributes)
            return
        }
        guard attributes.type == known.attributes.type, attributes.type != .directory,
            attributes.device == known.attributes.device
        else { throw CodecError("dump", "inode \(inode) is a directory with several names, or two things") }
        var same = attributes
        (same.parent, same.linkCount) = (known.attributes.parent, known.attributes.linkCount)
        guard isForced || same == known.attributes else { throw Self.disagreement(about: inode) }
        let unwritten = known.names == 1 ? [known.attributes.parent, attributes.parent] : [attributes.parent]
        for parent in unwritten { try target.put(.parent(ParentLink(parent: parent, count: 1), of: inode)) }
        current?.names += 1
    }

    /// A file that changed while JuiceFS dumped a live volume is described as it was at each of its names.
    private static func disagreement(about inode: Inode) -> MaintenanceError {
        MaintenanceError(
            .mismatch,
            "load",
            reason: "the names of inode \(inode) describe it in different ways",
            hint: "it changed while the dump was made, or two files have one number;"
                + " --force takes what stands first in the dump"
        )
    }

    /// Whether a detail belongs to the description that is taken.
    private func isOfFirst(_ kind: Kind, _ description: UInt64, _ value: [UInt8]) throws -> Bool {
        guard let known = current else { return false }
        let isFirst = description == known.description
        guard kind == .symlink else { return isFirst }
        if isFirst { current?.target = value }
        guard isFirst || known.target == value else {
            throw CodecError("dump", "inode \(known.inode) is a symlink with two targets")
        }
        return isFirst
    }

    private func writeCurrent(into target: LoadTarget) throws {
        guard let known = current else { return }
        let inode = known.inode
        var attributes = known.attributes
        current = nil
        if attributes.type != .directory { attributes.linkCount = UInt32(clamping: known.names) }
        if known.names > 1 { attributes.parent = Inode(0) }
        try target.put(.node(inode, attributes))
        try count(inode, attributes)
    }

    private func count(_ inode: Inode, _ attributes: Attributes) throws {
        if inode.isTrash {
            totals.highestTrash = max(totals.highestTrash, inode.number - Inode.trash.number)
        } else {
            totals.highestInode = max(totals.highestInode, inode.number)
        }
        guard inode != .root, inode != .trash else { return }
        totals.usedSpace = totals.usedSpace.saturatingAdd(attributes.usedSpace)
        totals.totalInodes += 1
        guard countsOwners, !inode.isTrash else { return }
        let own = DirectoryStat(dataLength: 0, usedSpace: attributes.usedSpace, usedInodes: 1)
        totals.users[attributes.uid] = totals.users[attributes.uid, default: DirectoryStat()] + own
        totals.groups[attributes.gid] = totals.groups[attributes.gid, default: DirectoryStat()] + own
        guard max(totals.users.count, totals.groups.count) <= maximumOwners else {
            throw CodecError("dump", "it has files of more than \(maximumOwners) users or groups")
        }
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
    ///
    /// Where records disagree about the size, one names a foreign slice. All of them count, so that nobody
    /// loses data; the check of the loaded volume finds them as it found them before the dump.
    private func writeReferences(into target: LoadTarget) throws {
        let sorted = try uses.finish()
        try sorted.start()
        while let slice = sorted.head {
            var reference = SliceReference(id: slice.id, size: slice.size, count: 0)
            while let next = sorted.head, next.id == slice.id {
                reference.count += 1
                reference.size = next.size
                try sorted.advance()
            }
            if reference.size != slice.size { disputedSlices += 1 }
            totals.highestSlice = slice.id
            try target.put(.sliceReference(reference))
        }
    }
}

extension LoadedNodes.Kind {
    /// What a detail is called, by what follows the inode in its key.
    fileprivate func noun(_ rest: [UInt8]) -> String {
        switch self {
        case .node: "a description"
        case .symlink: "a target"
        case .extendedAttribute: "the extended attribute '\(ByteString(rest))'"
        case .chunk: "chunk \(number(in: rest, at: 0))"
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// What every change of a file's data has in common: which nodes have data, who pays for a change of length,
// and how ranges become zeros.

import SluiceBase
import VolumeModel

extension Operation {
    /// Locks and reads a file whose data are to be changed.
    func fileForData(_ inode: Inode, to verb: String) throws -> Attributes {
        try transaction.lock([inode])
        guard let attributes = try transaction.node(inode) else { throw VolumeError(.noEntry, verb, inode) }
        switch attributes.type {
        case .file: return attributes
        case .directory: throw VolumeError(.isDirectory, verb, inode)
        default: throw VolumeError(.invalid, verb, inode, reason: "a \(attributes.type) has no data")
        }
    }

    /// Sets a file's length in `attributes` and counts the difference everywhere.
    ///
    /// The volume and the owner pay once; the stats and quotas of directories pay for every name of the file
    /// (metadata-format §5.6). A file without a name is in no directory any more.
    /// - Throws: `VolumeError.noSpace`, `.quotaExceeded` or `.tooLarge`.
    func changeLength(of inode: Inode, _ attributes: inout Attributes, to length: UInt64) throws {
        guard length != attributes.length else { return }
        guard length <= FileName.maximumFileLength || length < attributes.length else {
            throw VolumeError(.tooLarge, "set the length of", inode)
        }
        let old = attributes.usedSpace
        let oldLength = Int64(clamping: attributes.length)
        attributes.length = length
        let space = attributes.usedSpace - old
        let growth = Int64(clamping: length) - oldLength
        try checkCapacity(space: space, inodes: 0)
        try chargeOwner(uid: attributes.uid, gid: attributes.gid, space: space, inodes: 0)
        chargeVolume(space: space, inodes: 0)
        guard attributes.linkCount > 0 else { return }
        for link in try parentLinks(of: inode, attributes) {
            // A directory with that many names of one file would need more entries than numbers.
            let times = max(0, link.count)
            let charged = space.saturatingMultiply(times)
            charge(
                directory: link.parent,
                DirectoryStat(dataLength: growth.saturatingMultiply(times), usedSpace: charged, usedInodes: 0)
            )
            try chargeQuotas(from: link.parent, space: charged, inodes: 0)
        }
    }

    /// The directories that hold names of a node.
    private func parentLinks(of inode: Inode, _ attributes: Attributes) throws -> [ParentLink] {
        guard attributes.parent.number == 0 else { return [ParentLink(parent: attributes.parent, count: 1)] }
        return try transaction.parents(of: inode)
    }

    /// Lays zeros over a range: its first chunk gets a record, chunks between only when they have data, the
    /// last one for the bytes it has of the range (metadata-format §5.4, JuiceFS 1.4.2).
    func appendHoles(over range: Range<UInt64>, of inode: Inode) throws {
        guard !range.isEmpty else { return }
        let first = try chunkIndex(of: range.lowerBound, of: inode)
        let last = Chunk.index(of: range.upperBound)
        let firstEnd = min(range.upperBound, (UInt64(first) + 1) * Chunk.size)
        try appendHole(from: range.lowerBound, to: firstEnd, chunk: first, of: inode)
        guard last > UInt64(first) else { return }
        for index in try storedChunks(between: first, and: last, of: inode) {
            let start = UInt64(index) * Chunk.size
            try appendHole(from: start, to: start + Chunk.size, chunk: index, of: inode)
        }
        let lastStart = last * Chunk.size
        guard range.upperBound > lastStart else { return }
        try appendHole(
            from: lastStart,
            to: range.upperBound,
            chunk: try chunkIndex(of: lastStart, of: inode),
            of: inode
        )
    }

    private func appendHole(from start: UInt64, to end: UInt64, chunk: UInt32, of inode: Inode) throws {
        // Both differences are at most 64 MiB.
        let position = UInt32(start - UInt64(chunk) * Chunk.size)
        let hole = Slice.hole(position: position, length: UInt32(end - start))
        try transaction.appendSlices([hole], toChunk: chunk, of: inode)
    }

    /// Indexes of chunks with records, ends not included.
    private func storedChunks(between first: UInt32, and last: UInt64, of inode: Inode) throws -> [UInt32] {
        let between = UInt64(first) + 1..<max(last, UInt64(first) + 1)
        guard !between.isEmpty else { return [] }
        // A few are asked for one by one; more are cheaper in one go.
        if between.count <= 4 {
            return try between.compactMap { UInt32(exactly: $0) }
                .filter { try transaction.chunk($0, of: inode) != nil }
        }
        return try transaction.chunks(of: inode).map(\.index).filter { between.contains(UInt64($0)) }
    }

    private func chunkIndex(of offset: UInt64, of inode: Inode) throws -> UInt32 {
        guard let index = UInt32(exactly: Chunk.index(of: offset)) else {
            throw VolumeError(.tooLarge, "change", inode)
        }
        return index
    }
}

extension Int64 {
    /// The product, held at the ends of the range.
    func saturatingMultiply(_ other: Int64) -> Int64 {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        guard overflow else { return product }
        return (self < 0) == (other < 0) ? .max : .min
    }
}

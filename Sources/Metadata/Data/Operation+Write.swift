// SPDX-License-Identifier: Apache-2.0
// Adding data to files: slices whose blocks are stored already become part of chunks (metadata-format §5.4).
// A slice has one user from its registration on; an id that was registered before is refused.

package import SluiceBase
package import VolumeModel

/// A stored slice and the chunk that it becomes part of.
package struct ChunkWrite: Hashable, Sendable {
    package var chunk: UInt32
    package var slice: Slice

    package init(_ slice: Slice, toChunk chunk: UInt32) {
        self.chunk = chunk
        self.slice = slice
    }

    /// First byte of the file that is written.
    var start: UInt64 { UInt64(chunk) * Chunk.size + UInt64(slice.position) }
    /// First byte of the file behind what is written.
    var end: UInt64 { start + UInt64(slice.length) }
}

extension Operation {
    /// Makes a stored slice part of a file, which grows when the slice ends behind its length.
    /// - Parameters:
    ///   - slice: whole or part of a stored slice, or a hole; inside its chunk.
    ///   - modified: the writer's time; nil means the time of this transaction.
    /// - Returns: the number of records in the chunk, by which callers decide about compaction.
    /// - Throws: `VolumeError`; `EngineError.exists` when the slice id was used before.
    @discardableResult
    package func write(
        _ slice: Slice,
        toChunk chunk: UInt32,
        of inode: Inode,
        modified: Timestamp? = nil,
    ) throws -> Int {
        try write([ChunkWrite(slice, toChunk: chunk)], of: inode, modified: modified)[chunk] ?? 0
    }

    /// Makes several stored slices part of one file, in this order, and updates its node once.
    /// - Returns: the number of records of each chunk written to.
    /// - Throws: `VolumeError`; `EngineError.exists` when a slice id was used before.
    @discardableResult
    package func write(
        _ writes: [ChunkWrite],
        of inode: Inode,
        modified: Timestamp? = nil,
    ) throws -> [UInt32: Int] {
        guard !writes.isEmpty else { return [:] }
        let chunks = Set(writes.map(\.chunk)).sorted()
        try transaction.expect(
            [.node(inode), .directoryQuotas] + chunks.map { .chunk($0, of: inode) }
        )
        var attributes = try fileForData(inode, to: "write")
        for write in writes {
            try check(write, to: inode, attributes)
        }
        let end = writes.reduce(attributes.length) { max($0, $1.end) }
        try changeLength(of: inode, &attributes, to: end)
        var counts: [UInt32: Int] = [:]
        for run in Self.runs(of: writes) {
            counts[run.chunk] = try transaction.appendSlices(run.slices, toChunk: run.chunk, of: inode)
        }
        for write in writes where !write.slice.isHole {
            try transaction.insertSliceReference(
                SliceReference(id: write.slice.id, size: write.slice.size, count: 1)
            )
        }
        attributes.modifyTime = modified ?? time
        attributes.changeTime = time
        try transaction.updateNode(inode, attributes)
        try log(writes, of: inode, modified: attributes.modifyTime, counts)
        return counts
    }

    /// A line for each write, as if each had been appended alone.
    private func log(
        _ writes: [ChunkWrite],
        of inode: Inode,
        modified: Timestamp,
        _ counts: [UInt32: Int]
    ) throws {
        guard settings.changeLog else { return }
        var before = counts
        for write in writes { before[write.chunk, default: 0] -= 1 }
        for write in writes {
            before[write.chunk, default: 0] += 1
            let count = volume.engine.logsRecordCounts ? before[write.chunk] ?? 0 : 0
            try log(.write(write.slice, toChunk: write.chunk, of: inode, modified: modified, count: count))
        }
    }

    /// Slices of the same chunk, gathered without changing the order inside a chunk.
    private static func runs(of writes: [ChunkWrite]) -> [(chunk: UInt32, slices: [Slice])] {
        var runs: [(chunk: UInt32, slices: [Slice])] = []
        var places: [UInt32: Int] = [:]
        for write in writes {
            if let place = places[write.chunk] {
                runs[place].slices.append(write.slice)
            } else {
                places[write.chunk] = runs.count
                runs.append((write.chunk, [write.slice]))
            }
        }
        return runs
    }

    private func check(_ write: ChunkWrite, to inode: Inode, _ attributes: Attributes) throws {
        guard write.slice.length > 0, write.slice.isConsistent else {
            throw VolumeError(.invalid, "write", inode, reason: "the slice \(write.slice) breaks its bounds")
        }
        guard write.end <= FileName.maximumFileLength else { throw VolumeError(.tooLarge, "write", inode) }
        guard !attributes.flags.contains(.immutable) else {
            throw VolumeError(.notPermitted, "write", inode, reason: "the file is immutable")
        }
        guard attributes.flags.contains(.append), write.start < attributes.length else { return }
        // Parts of an append arrive in any order: an early one may have grown the file over the place of this
        // one.
        let shown = try transaction.readPlan(of: inode, chunk: write.chunk, length: attributes.length)
        let first = UInt64(write.slice.position)
        guard shown.allSatisfy({ $0.isHole || $0.end <= first || UInt64($0.position) >= write.slice.end })
        else {
            throw VolumeError(.notPermitted, "write", inode, reason: "the file can only be appended to")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// What a compaction does with a chunk: which records it replaces, and which bytes make up the slice that
// takes their place (metadata-format §5.5, JuiceFS 1.4.2).

import SluiceBase
package import VolumeModel

/// The compaction of one chunk, as it was when its record was read.
package struct CompactionPlan: Hashable, Sendable {
    package let inode: Inode
    package let chunk: UInt32
    /// Records at the front that stay because copying them would cost more than it saves.
    package let skipped: Int
    /// Records that go, oldest first.
    package let replaced: [Slice]
    /// The visible bytes of the replaced records, in order, holes included, without gaps.
    package let pieces: [Slice]
    /// Where the new slice lies in the chunk.
    package let position: UInt32
    /// Bytes of the new slice.
    package let size: UInt32
    /// The records that were looked at, as stored; the commit demands to find them unchanged.
    let origin: [UInt8]

    /// Records looked at in one go.
    private static let maximumRecords = 1000
    /// Bytes from which on a record at the front may stay.
    private static let leastSkipped: UInt32 = 1 << 20

    /// Plans the compaction of a chunk; nil when there is nothing to gain.
    /// - Throws: `VolumeError.damaged` when the record cannot be understood.
    package init?(_ record: ChunkRecord) throws {
        let origin = Array(record.slices.prefix(Self.maximumRecords * Slice.encodedSize))
        let slices = try ChunkRecord(inode: record.inode, index: record.index, slices: origin).checkedSlices()
        let skipped = Self.countSkipped(slices)
        let replaced = Array(slices[skipped...])
        let pieces = Self.trimmed(replaced)
        guard replaced.count > 1, let first = pieces.first else { return nil }
        inode = record.inode
        chunk = record.index
        self.skipped = skipped
        self.replaced = replaced
        self.pieces = pieces
        self.origin = origin
        position = first.position
        size = Self.size(of: pieces)
    }

    /// The visible pieces without the holes at both ends; of nothing but a hole one byte is left.
    private static func trimmed(_ slices: [Slice]) -> [Slice] {
        let pieces = Overlay.pieces(of: slices)
        let filled = pieces.drop(while: \.isHole)
        guard let last = filled.lastIndex(where: { !$0.isHole }) else {
            return pieces.first.map { [Slice.hole(position: $0.position, length: 1)] } ?? []
        }
        return Array(filled[...last])
    }

    /// Pieces are inside one chunk, so that their lengths add up to 64 MiB at most.
    private static func size(of pieces: [Slice]) -> UInt32 {
        pieces.reduce(0) { $0 + $1.length }
    }

    private static func countSkipped(_ slices: [Slice]) -> Int {
        var skipped = 0
        while let first = slices.dropFirst(skipped).first, first.length >= leastSkipped {
            let rest = slices[skipped...]
            let pieces = trimmed(Array(rest))
            guard UInt64(first.length) * 5 >= UInt64(size(of: pieces)), pieces.first == first,
                !rest.dropFirst().contains(first)
            else { break }
            skipped += 1
        }
        return skipped
    }
}

extension ChunkRecord {
    /// The records, each inside its chunk and its slice.
    /// - Throws: `VolumeError.damaged`.
    func checkedSlices() throws -> [Slice] {
        let list: [Slice]
        do {
            list = try Slice.list(decoding: slices)
        } catch {
            throw damage(error.description)
        }
        if let broken = list.first(where: { !$0.isConsistent }) {
            throw damage("a record reaches outside slice \(broken.id)")
        }
        return list
    }
}

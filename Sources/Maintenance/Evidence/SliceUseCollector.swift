// SPDX-License-Identifier: Apache-2.0
// Turns chunk records and delayed rows into sorted slice uses. Decoding works on the stored bytes directly:
// a scan sees every chunk of the volume.

package import Metadata
package import VolumeModel

/// Collects who uses which slice.
///
/// One owner, one thread at a time.
package final class SliceUseCollector {
    /// What a chunk's record holds, besides the slices it uses.
    package struct ChunkSummary: Sendable, Hashable {
        /// End of the last visible byte that is no hole, from the start of the chunk.
        package var dataEnd: UInt64 = 0
        /// End of the last record, hole or not, from the start of the chunk.
        package var coveredEnd: UInt64 = 0
        /// Records that reach out of the chunk or out of their slice.
        package var outOfBounds = 0
        package var recordCount = 0
        /// Bytes behind the last whole record: the record is damaged.
        package var hasTail = false
        /// The record is there but has no bytes.
        package var isEmpty = false
    }

    private let sorter: Spill<SliceUse>
    /// Highest slice id that any consistent record names.
    package private(set) var highestSliceID: UInt64 = 0

    package init(spill: SpillSpace) {
        sorter = spill.sorter()
    }

    /// Takes the uses out of a chunk's record; of a damaged one those of its whole 24-byte records, because
    /// a use too many only protects.
    package func add(_ chunk: ChunkRecord) throws -> ChunkSummary {
        try Self.read(chunk) { slice in
            if slice.isConsistent { highestSliceID = max(highestSliceID, slice.id) }
            try sorter.add(SliceUse(slice, inode: chunk.inode, chunkIndex: chunk.index))
        }
    }

    /// Takes the uses out of a delayed row.
    /// - Returns: false when the row does not decode as a whole.
    package func add(_ delayed: DelayedSlices) throws -> Bool {
        try Self.read(delayed) { use in
            highestSliceID = max(highestSliceID, use.sliceID)
            try sorter.add(use)
        }
    }

    /// All uses in order of slice ids; chunks before delayed rows.
    package func finish() throws -> RecordStream<SliceUse> {
        try sorter.finish()
    }

    /// Decodes a chunk's record and hands out every slice that is no hole.
    package static func read(_ chunk: ChunkRecord, use: (Slice) throws -> Void) rethrows -> ChunkSummary {
        let bytes = chunk.slices
        var summary = ChunkSummary()
        summary.isEmpty = bytes.isEmpty
        summary.hasTail = bytes.count % Slice.encodedSize != 0
        summary.recordCount = bytes.count / Slice.encodedSize
        for number in 0..<summary.recordCount {
            let slice = decode(bytes, at: number * Slice.encodedSize)
            if slice.isConsistent {
                summary.coveredEnd = max(summary.coveredEnd, slice.end)
                if !slice.isHole, slice.length > 0 { summary.dataEnd = max(summary.dataEnd, slice.end) }
            } else {
                summary.outOfBounds += 1
            }
            if !slice.isHole { try use(slice) }
        }
        if summary.recordCount > 1, summary.outOfBounds == 0 {
            summary.dataEnd = visibleEnd(bytes, count: summary.recordCount)
        }
        return summary
    }

    /// Decodes a delayed row and hands out its uses.
    /// - Returns: false when bytes are left over.
    package static func read(_ delayed: DelayedSlices, use: (SliceUse) throws -> Void) rethrows -> Bool {
        let bytes = delayed.encodedSlices
        for number in 0..<bytes.count / 12 {
            let id: UInt64 = integer(bytes, at: number * 12)
            let size: UInt32 = integer(bytes, at: number * 12 + 8)
            if id != 0 { try use(SliceUse(delayed: id, size: size, row: delayed.id)) }
        }
        return bytes.count % 12 == 0
    }

    /// Where the overlay's last piece with data ends; holes laid over the end shorten it.
    private static func visibleEnd(_ bytes: [UInt8], count: Int) -> UInt64 {
        var slices: [Slice] = []
        slices.reserveCapacity(count)
        for number in 0..<count {
            let slice = decode(bytes, at: number * Slice.encodedSize)
            if slice.length > 0 { slices.append(slice) }
        }
        guard slices.contains(where: \.isHole) else { return slices.map(\.end).max() ?? 0 }
        return Overlay.pieces(of: slices).last { !$0.isHole }?.end ?? 0
    }

    private static func decode(_ bytes: [UInt8], at offset: Int) -> Slice {
        Slice(
            position: integer(bytes, at: offset),
            id: integer(bytes, at: offset + 4),
            size: integer(bytes, at: offset + 12),
            offset: integer(bytes, at: offset + 16),
            length: integer(bytes, at: offset + 20)
        )
    }

    private static func integer<Number: FixedWidthInteger>(_ bytes: [UInt8], at offset: Int) -> Number {
        var value: Number = 0
        for index in offset..<offset + Number.bitWidth / 8 {
            value = value << 8 | Number(truncatingIfNeeded: bytes[index])
        }
        return value
    }
}

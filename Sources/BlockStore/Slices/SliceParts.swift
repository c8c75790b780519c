// SPDX-License-Identifier: Apache-2.0

package import VolumeModel

/// The bytes `offset ..< offset + count` of one block.
package struct BlockPart: Hashable, Sendable {
    package var key: BlockKey
    package var offset: Int
    package var count: Int

    package init(key: BlockKey, offset: Int, count: Int) {
        self.key = key
        self.offset = offset
        self.count = count
    }

    package var isWhole: Bool { offset == 0 && count == Int(key.size) }
}

extension BlockLayout {
    /// Which parts of which blocks make up a piece of a stored slice, in order; empty for a hole.
    /// - Throws: `BlockError.invalid` when the record reaches past its slice or is larger than a chunk.
    package func parts(of piece: Slice) throws(BlockError) -> [BlockPart] {
        guard !piece.isHole, piece.length > 0 else { return [] }
        guard UInt64(piece.size) <= Chunk.size,
            UInt64(piece.offset) + UInt64(piece.length) <= UInt64(piece.size)
        else {
            throw BlockError(
                .invalid,
                "read",
                reason: "slice \(piece.id) has \(piece.size) bytes, a record names \(piece.length) from "
                    + "\(piece.offset) on"
            )
        }
        // Everything is below 64 MiB from here on.
        let end = piece.offset + piece.length
        var parts: [BlockPart] = []
        var position = piece.offset
        while position < end {
            let index = position / blockSize
            guard let key = block(index, ofSlice: piece.id, size: piece.size) else {
                throw BlockError(.invalid, "read", reason: "slice \(piece.id) has no block \(index)")
            }
            let start = position - index * blockSize
            let count = min(key.size - start, end - position)
            parts.append(BlockPart(key: key, offset: Int(start), count: Int(count)))
            position += count
        }
        return parts
    }
}

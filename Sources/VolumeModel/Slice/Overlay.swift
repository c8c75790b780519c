// SPDX-License-Identifier: Apache-2.0

/// What a reader sees of a chunk: pieces in order of position, without overlaps, gaps filled with holes.
package enum Overlay {
    /// Lays the records over each other, later ones on top (metadata-format §5.4).
    ///
    /// Pieces reach from 0 to the end of the last record; a gap before a piece becomes a hole. O(n log n) for
    /// n records that overlap little, which is what chunks hold.
    package static func pieces(of slices: [Slice]) -> [Slice] {
        var shown: [Slice] = []
        for slice in slices where slice.length > 0 {
            place(slice, over: &shown)
        }
        return fillingGaps(shown)
    }

    /// The pieces before `limit`, a position inside the chunk: what lies behind the end of a file is not
    /// read.
    package static func pieces(of slices: [Slice], limit: UInt64) -> [Slice] {
        pieces(of: slices).compactMap { piece in
            guard UInt64(piece.position) < limit else { return nil }
            return piece.end <= limit ? piece : piece.cut(to: limit)
        }
    }

    /// Inserts `slice` into `shown`, which stays sorted and free of overlaps.
    private static func place(_ slice: Slice, over shown: inout [Slice]) {
        let first = lowerBound(in: shown, endingAfter: UInt64(slice.position))
        var last = first
        var replacement: [Slice] = []
        while last < shown.count, UInt64(shown[last].position) < slice.end {
            let old = shown[last]
            if old.position < slice.position { replacement.append(old.cut(to: UInt64(slice.position))) }
            last += 1
        }
        replacement.append(slice)
        if last > first {
            let old = shown[last - 1]
            // Only lying records reach behind 2^32, where no position can name what is left of them.
            if old.end > slice.end, slice.end <= UInt64(UInt32.max) {
                replacement.append(old.cut(from: slice.end))
            }
        }
        shown.replaceSubrange(first..<last, with: replacement)
    }

    /// Index of the first piece that ends after `position`.
    private static func lowerBound(in shown: [Slice], endingAfter position: UInt64) -> Int {
        var low = 0
        var high = shown.count
        while low < high {
            let middle = (low + high) / 2
            if shown[middle].end > position { high = middle } else { low = middle + 1 }
        }
        return low
    }

    private static func fillingGaps(_ shown: [Slice]) -> [Slice] {
        var pieces: [Slice] = []
        pieces.reserveCapacity(shown.count)
        var position: UInt64 = 0
        for piece in shown {
            if UInt64(piece.position) > position {
                // Both are below 2^32: the first is a stored position, the second the end of a piece before
                // it.
                let start = UInt32(truncatingIfNeeded: position)
                pieces.append(.hole(position: start, length: piece.position &- start))
            }
            pieces.append(piece)
            position = piece.end
        }
        return pieces
    }
}

extension Slice {
    /// The part of this record before the chunk position `end`.
    fileprivate func cut(to end: UInt64) -> Slice {
        var part = self
        part.length = UInt32(truncatingIfNeeded: end - UInt64(position))
        return part
    }

    /// The part of this record from the chunk position `start` on.
    fileprivate func cut(from start: UInt64) -> Slice {
        let skipped = UInt32(truncatingIfNeeded: start - UInt64(position))
        var part = self
        // A hole has no offset; the offset of a lying record may overflow, which readers reject by
        // isConsistent.
        if !isHole { part.offset = offset &+ skipped }
        part.position = UInt32(truncatingIfNeeded: start)
        part.length = length - skipped
        return part
    }
}

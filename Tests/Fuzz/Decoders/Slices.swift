// SPDX-License-Identifier: Apache-2.0
// Chunk records: the list, what readers see of it, and what gc and fsck take out of it.

import Maintenance
import Metadata
import SluiceBase
import VolumeModel

/// A chunk's record.
///
/// Its overlay is compared with the plainest one there is: the last record over a byte wins.
@Sendable func checkSlices(_ bytes: [UInt8]) throws(BrokenPromise) {
    let record = ChunkRecord(inode: Inode(2), index: 0, slices: bytes)
    var used: [Slice] = []
    let summary = SliceUseCollector.read(record) { used.append($0) }
    try checkReadPlan(of: record)
    guard let slices = accepted({ () throws(CodecError) in try Slice.list(decoding: bytes) }) else {
        return try promise(summary.hasTail, "a record that does not decode has no tail")
    }
    try promise(Slice.encode(slices) == bytes, "slices are written differently from how they were read")
    try promise(used == slices.filter { !$0.isHole }, "two readers of slices disagree")
    let pieces = Overlay.pieces(of: slices)
    try checkOrder(of: pieces)
    try checkPoints(of: pieces, over: slices)
    try promise(
        Overlay.pieces(of: slices, limit: Chunk.size).allSatisfy { $0.end <= Chunk.size },
        "a piece reaches behind the limit"
    )
    if summary.outOfBounds == 0 {
        let end = pieces.last { !$0.isHole }?.end ?? 0
        try promise(summary.dataEnd == end, "data end at \(summary.dataEnd), the overlay's at \(end)")
    }
}

private func checkReadPlan(of record: ChunkRecord) throws(BrokenPromise) {
    let plan: [Slice]
    do { plan = try record.readPlan(length: Chunk.size) } catch {
        _ = "\(error)"
        return
    }
    try checkOrder(of: plan)
    try promise(plan.allSatisfy(\.isConsistent), "a read plan holds a piece outside its slice")
}

/// From 0 on, without gaps and overlaps.
private func checkOrder(of pieces: [Slice]) throws(BrokenPromise) {
    var position: UInt64 = 0
    for piece in pieces {
        try promise(
            UInt64(piece.position) == position,
            "a piece at \(piece.position) follows one that ends at \(position)"
        )
        try promise(piece.length > 0, "a piece at \(position) is empty")
        position = piece.end
    }
}

/// Looks at the first and last byte of every record and of every piece.
private func checkPoints(of pieces: [Slice], over slices: [Slice]) throws(BrokenPromise) {
    let edges: [UInt64] = (slices + pieces).flatMap { [UInt64($0.position), $0.end] }
    let around: [UInt64] = edges.flatMap { $0 == 0 ? [0] : [$0 - 1, $0] }
    let points = Set(around).filter { $0 <= UInt64(UInt32.max) }
    for point in points {
        let shown = pieces.last { UInt64($0.position) <= point && point < $0.end }
        let expected = slices.last { UInt64($0.position) <= point && point < $0.end }
        try promise(
            source(of: shown, at: point) == source(of: expected, at: point),
            "byte \(point) shows the wrong slice"
        )
    }
}

/// The slice and the offset inside it that a byte comes from, nil for zeros.
private func source(of slice: Slice?, at point: UInt64) -> [UInt64]? {
    guard let slice, !slice.isHole else { return nil }
    // Offsets wrap as the overlay's do: readers refuse such records by their bounds.
    let offset = slice.offset &+ UInt32(truncatingIfNeeded: point - UInt64(slice.position))
    return [slice.id, UInt64(slice.size), UInt64(offset)]
}

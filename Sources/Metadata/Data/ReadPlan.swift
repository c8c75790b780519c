// SPDX-License-Identifier: Apache-2.0
// Which stored bytes make up a file. Records are foreign: what would be read outside its slice is an error
// here, so that block readers can trust their bounds.

import SluiceBase
package import VolumeModel

/// A run of a file's bytes that lie in one slice or in none.
package struct FilePiece: Hashable, Sendable {
    /// Bytes from the start of the file.
    package var offset: UInt64
    /// The part of the stored slice; its position is inside the chunk.
    ///
    /// A hole reads as zeros.
    package var slice: Slice

    package init(offset: UInt64, slice: Slice) {
        self.offset = offset
        self.slice = slice
    }

    package var length: UInt32 { slice.length }
}

extension MetadataReader {
    /// What a reader sees of a chunk of a file with `length` bytes: pieces in order, from the chunk's start,
    /// without gaps.
    ///
    /// Behind the last piece the rest of the chunk reads as zeros.
    /// - Throws: `VolumeError.damaged` when a record reaches outside its slice or chunk.
    package func readPlan(of inode: Inode, chunk: UInt32, length: UInt64) throws -> [Slice] {
        let start = UInt64(chunk) * Chunk.size
        guard start < length, let record = try self.chunk(chunk, of: inode) else { return [] }
        return try record.readPlan(length: min(length - start, Chunk.size))
    }
}

extension ChunkRecord {
    /// The pieces a reader sees of the chunk's first `length` bytes.
    /// - Throws: `VolumeError.damaged`.
    package func readPlan(length: UInt64) throws -> [Slice] {
        let stored: [Slice]
        do {
            stored = try Slice.list(decoding: slices)
        } catch {
            throw damage(error.description)
        }
        for slice in stored where UInt64(slice.offset) + UInt64(slice.length) > UInt64(UInt32.max) {
            throw damage(
                "a record reaches \(UInt64(slice.offset) + UInt64(slice.length)) bytes into slice \(slice.id)"
            )
        }
        return try Overlay.pieces(of: stored).compactMap { piece in
            guard UInt64(piece.position) < length else { return nil }
            var piece = piece
            // Less than the old length, so it fits.
            if piece.end > length { piece.length = UInt32(length - UInt64(piece.position)) }
            guard piece.isConsistent else { throw damage("a record reaches outside slice \(piece.id)") }
            return piece
        }
    }

    func damage(_ reason: String) -> VolumeError {
        VolumeError(.damaged, "read", "chunk \(index) of inode \(inode)", reason: reason)
    }
}

extension Volume {
    /// What a reader sees of a chunk, clipped to the file's length.
    /// - Throws: `VolumeError.noEntry` or `.damaged`.
    package func readPlan(of inode: Inode, chunk: UInt32) throws -> [Slice] {
        try engine.read { reader in
            guard let attributes = try reader.node(inode) else { throw VolumeError(.noEntry, "read", inode) }
            return try reader.readPlan(of: inode, chunk: chunk, length: attributes.length)
        }
    }

    /// Hands the pieces of a file to `body` in order of their offsets, holes included, without gaps, up to
    /// the end of `range` or of the file.
    ///
    /// Memory does not grow with the file.
    ///
    /// A file that others write meanwhile is seen as it is when its chunks are reached, 16 at a time.
    /// - Parameter range: nil means the whole file.
    /// - Throws: `VolumeError.noEntry`, `.isDirectory`, `.damaged`; what `body` throws.
    package func forEachPiece(
        of inode: Inode,
        in range: Range<UInt64>? = nil,
        _ body: (FilePiece) throws -> Void,
    ) throws {
        var offset = range?.lowerBound ?? 0
        let end = range?.upperBound ?? .max
        while offset < end {
            let (pieces, next) = try engine.read { try $0.pieces(of: inode, from: offset, to: end) }
            for piece in pieces { try body(piece) }
            guard let next else { return }
            offset = next
        }
    }
}

extension MetadataReader {
    /// Hands the pieces of a range to `body` in order, as `Volume.forEachPiece` does, all of one state.
    func forEachPiece(of inode: Inode, in range: Range<UInt64>, _ body: (FilePiece) throws -> Void) throws {
        var offset = range.lowerBound
        while offset < range.upperBound {
            let (pieces, next) = try pieces(of: inode, from: offset, to: range.upperBound)
            for piece in pieces { try body(piece) }
            guard let next else { return }
            offset = next
        }
    }

    /// The pieces of the next 16 chunks.
    /// - Returns: with the offset to go on at, nil at the end.
    fileprivate func pieces(
        of inode: Inode,
        from start: UInt64,
        to end: UInt64,
    ) throws -> ([FilePiece], next: UInt64?) {
        guard let attributes = try node(inode) else { throw VolumeError(.noEntry, "read", inode) }
        guard attributes.type != .directory else { throw VolumeError(.isDirectory, "read", inode) }
        let end = min(end, attributes.length)
        var pieces: [FilePiece] = []
        var offset = start
        for _ in 0..<16 where offset < end {
            guard let chunk = UInt32(exactly: Chunk.index(of: offset)) else {
                throw VolumeError(.damaged, "read", inode, reason: "its length is \(attributes.length)")
            }
            let base = UInt64(chunk) * Chunk.size
            let plan = try readPlan(of: inode, chunk: chunk, length: attributes.length)
            let wanted = offset - base..<min(end - base, Chunk.size)
            pieces += clip(plan, to: wanted).map { FilePiece(offset: base + UInt64($0.position), slice: $0) }
            offset = base + wanted.upperBound
        }
        return (pieces, offset < end ? offset : nil)
    }

    /// The parts of a read plan inside `range`, with a hole behind the last piece where the plan ends early.
    private func clip(_ plan: [Slice], to range: Range<UInt64>) -> [Slice] {
        var clipped: [Slice] = []
        var position = range.lowerBound
        for piece in plan where piece.end > range.lowerBound && UInt64(piece.position) < range.upperBound {
            var part = piece
            // Every difference is at most 64 MiB, and consistent pieces stay inside their slices.
            if UInt64(part.position) < range.lowerBound {
                let skipped = UInt32(range.lowerBound - UInt64(part.position))
                part.position += skipped
                part.length -= skipped
                if !part.isHole { part.offset += skipped }
            }
            if part.end > range.upperBound { part.length = UInt32(range.upperBound - UInt64(part.position)) }
            clipped.append(part)
            position = part.end
        }
        if position < range.upperBound {
            clipped.append(.hole(position: UInt32(position), length: UInt32(range.upperBound - position)))
        }
        return clipped
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copying between files without touching a block: the copy's records name the same slices, which get another
// user for each (metadata-format §5.4).

import SluiceBase
package import VolumeModel

/// What a copy did.
package struct RangeCopy: Hashable, Sendable {
    /// Bytes copied: up to the end of the source.
    package var count: UInt64
    /// Length of the destination afterwards.
    package var length: UInt64
}

extension Operation {
    /// Makes a range of a file equal to one of another file, or to another one of its own.
    /// - Throws: `VolumeError.invalid` for ranges of one file that overlap or for what is no file,
    ///   `.notPermitted` for a destination that must not change, `.noEntry`, `.tooLarge`, `.noSpace`,
    ///   `.quotaExceeded`, `.damaged`.
    package func copyRange(
        of source: Inode,
        from offset: UInt64,
        to destination: Inode,
        at position: UInt64,
        count wanted: UInt64,
    ) throws -> RangeCopy {
        try transaction.lock(source == destination ? [source] : [source, destination].sorted())
        let original = try fileForData(source, to: "copy")
        var copy = try fileForData(destination, to: "copy into")
        guard copy.flags.isDisjoint(with: [.immutable, .append]) else {
            throw VolumeError(
                .notPermitted,
                "copy into",
                destination,
                reason: "the file is immutable or append-only"
            )
        }
        try refuseTrash(destination, copy, to: "copy into")
        guard offset < original.length, wanted > 0 else { return RangeCopy(count: 0, length: copy.length) }
        let count = min(wanted, original.length - offset)
        let (end, overflow) = position.addingReportingOverflow(count)
        guard !overflow, end <= FileName.maximumFileLength else {
            throw VolumeError(.tooLarge, "copy into", destination)
        }
        let overlaps = (offset..<offset + count).overlaps(position..<end)
        guard source != destination || !overlaps else {
            throw VolumeError(.invalid, "copy into", destination, reason: "the ranges overlap")
        }
        try changeLength(of: destination, &copy, to: max(end, copy.length))
        for run in try records(of: source, from: offset, count: count, movedTo: position) {
            try transaction.appendSlices(run.slices, toChunk: run.chunk, of: destination)
            try retain(run.slices)
        }
        copy.modifyTime = time
        copy.changeTime = time
        try transaction.updateNode(destination, copy)
        try log(
            .copyRange(
                of: source,
                from: offset,
                to: destination,
                at: position,
                count: count,
                length: copy.length
            )
        )
        return RangeCopy(count: count, length: copy.length)
    }

    /// Counts another user of each slice that a record names.
    func retain(_ slices: [Slice]) throws {
        for slice in slices where !slice.isHole {
            try transaction.adjustSliceReference(slice.id, size: slice.size, by: 1)
        }
    }

    /// What a reader sees of a range, as records for another place, by chunk.
    private func records(
        of source: Inode,
        from offset: UInt64,
        count: UInt64,
        movedTo position: UInt64,
    ) throws -> [(chunk: UInt32, slices: [Slice])] {
        var runs: [(chunk: UInt32, slices: [Slice])] = []
        try transaction.forEachPiece(of: source, in: offset..<offset + count) { piece in
            // Inside the destination, whose end was checked.
            var start = position + (piece.offset - offset)
            var rest = piece.slice
            while rest.length > 0 {
                let chunk = UInt32(Chunk.index(of: start))
                let place = start % Chunk.size
                var part = rest
                part.position = UInt32(place)
                part.length = UInt32(min(UInt64(rest.length), Chunk.size - place))
                if runs.last?.chunk != chunk { runs.append((chunk, [])) }
                runs[runs.count - 1].slices.append(part)
                rest.length -= part.length
                if !rest.isHole { rest.offset += part.length }
                start += UInt64(part.length)
            }
        }
        return runs
    }
}

extension Volume {
    /// See `Operation.copyRange`.
    package func copyRange(
        of source: Inode,
        from offset: UInt64,
        to destination: Inode,
        at position: UInt64,
        count: UInt64,
    ) throws -> RangeCopy {
        try perform {
            try $0.copyRange(of: source, from: offset, to: destination, at: position, count: count)
        }
    }
}

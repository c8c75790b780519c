// SPDX-License-Identifier: Apache-2.0
// The end of a compaction: its slice is stored, and takes the place of the records it was copied from
// (metadata-format §5.5).

import SluiceBase
package import VolumeModel

/// What became of a compaction.
package enum CompactionResult: Hashable, Sendable {
    /// - Parameter released: slices that lost a user; those without any can go.
    case replaced(released: [SliceKey])
    /// The chunk is not what it was: the new slice has no user and can go.
    case outdated
}

extension Operation {
    /// Replaces records of a chunk by the slice that holds what they show.
    ///
    /// Records that were appended meanwhile stay. The trash, if it is on, keeps the slices that are replaced.
    /// - Parameter id: of the stored slice, `plan.size` bytes long.
    package func commit(_ plan: CompactionPlan, as id: UInt64) throws -> CompactionResult {
        try transaction.lock([plan.inode])
        let stored = try transaction.chunk(plan.chunk, of: plan.inode)?.slices ?? []
        guard stored.starts(with: plan.origin) else {
            try transaction.insertSliceReference(SliceReference(id: id, size: plan.size, count: 0))
            return .outdated
        }
        let slice = Slice(position: plan.position, id: id, size: plan.size, offset: 0, length: plan.size)
        let kept = plan.origin.prefix(plan.skipped * Slice.encodedSize)
        try transaction.setChunk(
            ChunkRecord(
                inode: plan.inode,
                index: plan.chunk,
                slices: kept + slice.encoded + stored.dropFirst(plan.origin.count)
            )
        )
        try transaction.insertSliceReference(SliceReference(id: id, size: plan.size, count: 1))
        try log(.compact(plan, into: id))
        let old = plan.replaced.filter { !$0.isHole }.map { SliceKey(id: $0.id, size: $0.size) }
        guard settings.trashDays > 0 else { return .replaced(released: try transaction.release(old)) }
        if !old.isEmpty {
            try transaction.setDelayedSlices(DelayedSlices(id: id, deleted: time.seconds, slices: old))
        }
        return .replaced(released: [])
    }
}

extension Volume {
    /// Plans the compaction of a chunk; nil when there is nothing to gain.
    /// - Throws: `VolumeError.damaged`.
    package func compactionPlan(of inode: Inode, chunk: UInt32) throws -> CompactionPlan? {
        guard let record = try engine.read({ try $0.chunk(chunk, of: inode) }) else { return nil }
        return try CompactionPlan(record)
    }

    /// See `Operation.commit`; removes the slices that nobody uses afterwards.
    /// - Parameter id: from `takeSliceIDs`.
    /// - Returns: whether the new slice is in use.
    package func commit(
        _ plan: CompactionPlan,
        as id: UInt64,
        removingBlocks: BlockRemoval
    ) throws -> Bool {
        switch try perform({ try $0.commit(plan, as: id) }) {
        case .replaced(let released):
            try removeOrphans(try unused(released), removingBlocks: removingBlocks)
            return true
        case .outdated:
            let wasted = SliceReference(id: id, size: plan.size, count: 0)
            try removeOrphans([wasted], removingBlocks: removingBlocks)
            return false
        }
    }
}

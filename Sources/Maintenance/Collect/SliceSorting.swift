// SPDX-License-Identifier: Apache-2.0
// One slice's evidence → what may go. Whatever a counter or queue says, a slice that a readable chunk names
// stays.

import Metadata
import SluiceBase
import VolumeModel

/// Sorts slices into classes and plans deletions.
///
/// One owner, one thread at a time.
final class SliceSorting {
    private let layout: BlockLayout
    /// Objects changed after this second are too young.
    private let newest: Int64
    /// Whether objects whose age the store does not tell may go.
    private let takesAnyAge: Bool
    private let nextSliceID: UInt64
    /// Whether blocks that no record knows may be what a lost or damaged chunk record named.
    private let mayLackChunks: Bool
    private let plan: GarbagePlan
    private(set) var summary = CollectSummary()
    /// Files whose slices have fewer references than users: counting them down could free what others use.
    private(set) var contestedFiles: Set<UInt64> = []
    /// The same for rows of delayed slices.
    private(set) var contestedRows: Set<UInt64> = []
    /// More users are contested than are remembered: none of them may be counted down.
    private(set) var contestsEverything = false
    private(set) var usedSliceCount = 0
    /// Whether a block was found of any slice in use.
    var foundUsedBlocks: Bool { summary[.valid].count > 0 || summary[.trash].count > 0 }

    private static let contestLimit = 1_000_000

    init(
        layout: BlockLayout,
        newest: Int64,
        takesAnyAge: Bool,
        nextSliceID: UInt64,
        mayLackChunks: Bool,
        plan: GarbagePlan,
    ) {
        self.layout = layout
        self.mayLackChunks = mayLackChunks
        self.newest = newest
        self.takesAnyAge = takesAnyAge
        self.nextSliceID = nextSliceID
        self.plan = plan
    }

    func addCompactable() { summary.count(.compactable, bytes: 0) }

    func addForeign(bytes: UInt64) {
        summary.count(.foreign, bytes: Int64(clamping: bytes))
    }

    /// Takes in one slice.
    func add(_ slice: SliceBundle) throws {
        guard slice.useCount > 0 else { return try addUnused(slice) }
        usedSliceCount += 1
        noteContest(slice)
        let users: GarbageClass = slice.chunkUseCount > 0 ? .valid : .trash
        guard let size = slice.size else {
            // Users that disagree about the size are damage: then every block of the slice stays.
            for object in slice.objects { count(object, as: users) }
            return
        }
        let isCertain = !mayLackChunks && isWhole(slice, size: size)
        for object in slice.objects {
            if belongs(object, toSliceSize: size) {
                count(object, as: users)
            } else if isCertain {
                try addLeaked(object)
            } else {
                count(object, as: .claimed)
            }
        }
    }

    /// A slice that nobody uses.
    private func addUnused(_ slice: SliceBundle) throws {
        guard slice.references.isEmpty else {
            guard slice.id > 0, slice.references.count == 1, let reference = slice.references.first,
                reference.count <= 0
            else {
                for object in slice.objects { count(object, as: .claimed) }
                return
            }
            try plan.add(.slice(slice.id, size: reference.size, count: reference.count))
            summary.count(.pending, bytes: Int64(reference.size))
            for object in slice.objects
            where object.isMisplaced || !belongs(object, toSliceSize: reference.size) {
                try addLeaked(object)
            }
            return
        }
        let isKnown = slice.id > 0 && slice.id < nextSliceID
        for object in slice.objects {
            if !isKnown {
                count(object, as: .unknown)
            } else if mayLackChunks {
                count(object, as: .claimed)
            } else {
                try addLeaked(object)
            }
        }
    }

    /// Whether all blocks of a used slice are where they belong and nothing says that it is larger: only then
    /// its other blocks are no part of it.
    ///
    /// Else they may be what is left of the data.
    private func isWhole(_ slice: SliceBundle, size: UInt32) -> Bool {
        guard slice.references.allSatisfy({ $0.size == size }),
            slice.uses.allSatisfy({ $0.end <= UInt64(size) })
        else { return false }
        var found: UInt32 = 0
        for object in slice.objects where !object.isMisplaced && belongs(object, toSliceSize: size) {
            found += 1
        }
        return found == layout.blockCount(ofSliceSize: size)
    }

    private func count(_ object: FoundObject, as kind: GarbageClass) {
        summary.count(object.isMisplaced ? .foreign : kind, bytes: Int64(clamping: object.storedSize))
    }

    private func addLeaked(_ object: FoundObject) throws {
        guard !object.isMisplaced, isOld(object) else { return count(object, as: .recent) }
        summary.count(.leaked, bytes: Int64(clamping: object.storedSize))
        try plan.add(
            .object(
                layout.objectKey(of: object.block),
                bytes: object.storedSize,
                modified: object.modifiedSeconds,
                slice: object.sliceID
            )
        )
    }

    /// An object of unknown age may be young.
    private func isOld(_ object: FoundObject) -> Bool {
        object.modifiedSeconds <= newest && (takesAnyAge || object.modifiedSeconds > 0)
    }

    private func belongs(_ object: FoundObject, toSliceSize size: UInt32) -> Bool {
        layout.block(object.index, ofSlice: object.sliceID, size: size) == object.block
    }

    /// A used slice with too low a count is never counted down by us, or it would look free too early.
    private func noteContest(_ slice: SliceBundle) {
        let counted = countedUsers(of: slice)
        guard counted < Int64(slice.useCount) else { return }
        summary.warn("slice \(slice.id) has \(slice.useCount) users but \(counted) references; it is kept")
        let isOverfull = contestedFiles.count + contestedRows.count > Self.contestLimit
        if isOverfull || slice.uses.count < slice.useCount { contestsEverything = true }
        guard !isOverfull else { return }
        for use in slice.uses {
            if use.isDelayed { contestedRows.insert(use.owner) } else { contestedFiles.insert(use.owner) }
        }
    }

    /// The lowest count that a user of the slice will find.
    ///
    /// A user that finds no record of its size counts as the only one, which is what an absent record says on
    /// Redis.
    private func countedUsers(of slice: SliceBundle) -> Int64 {
        let isFound = [slice.smallestSize, slice.largestSize].allSatisfy { size in
            slice.references.contains { $0.size == size }
        }
        let lowest = slice.references.map(\.count).min() ?? 1
        return isFound ? lowest : min(lowest, 1)
    }

    /// Whether the file's slices have fewer references than users.
    func isContested(_ inode: Inode) -> Bool {
        contestsEverything || contestedFiles.contains(inode.number)
    }

    func finish() -> CollectSummary { summary }
}

// SPDX-License-Identifier: Apache-2.0
// One slice's evidence → what may go. Whatever a counter or queue says, a slice that a readable chunk names stays.

import Metadata
import SluiceBase
import VolumeModel

/// Sorts slices into classes and plans deletions. One owner, one thread at a time.
final class SliceSorting {
    private let layout: BlockLayout
    /// Objects changed after this second are too young.
    private let newest: Int64
    private let nextSliceID: UInt64
    private let plan: GarbagePlan
    private(set) var summary = CollectSummary()
    /// Files whose slices have fewer references than users: counting them down could free what others use.
    private(set) var contestedFiles: Set<UInt64> = []
    /// The same for rows of delayed slices.
    private(set) var contestedRows: Set<UInt64> = []
    /// More users are contested than are remembered: none of them may be counted down.
    private(set) var contestsEverything = false
    private(set) var objectCount = 0
    private(set) var usedSliceCount = 0

    private static let contestLimit = 1_000_000

    init(layout: BlockLayout, newest: Int64, nextSliceID: UInt64, plan: GarbagePlan) {
        self.layout = layout
        self.newest = newest
        self.nextSliceID = nextSliceID
        self.plan = plan
    }

    func addCompactable() { summary.count(.compactable, bytes: 0) }

    func addForeign(bytes: UInt64) {
        objectCount += 1
        summary.count(.foreign, bytes: Int64(clamping: bytes))
    }

    /// Takes in one slice.
    func add(_ slice: SliceBundle) throws {
        objectCount += slice.objects.count
        if slice.useCount > 0 {
            usedSliceCount += 1
            noteContest(slice)
        }
        if slice.useCount == 0, let reference = unused(slice) {
            try plan.add(.slice(slice.id, size: reference.size, count: reference.count))
            summary.count(.pending, bytes: Int64(reference.size))
            return
        }
        for object in slice.objects { try add(object, of: slice) }
    }

    /// The reference that says that nobody uses a slice, when there is just that one and it is not contradicted.
    private func unused(_ slice: SliceBundle) -> SliceReference? {
        guard slice.id > 0, slice.references.count == 1, let reference = slice.references.first,
            reference.count <= 0, slice.objects.allSatisfy({ belongs($0, toSliceSize: reference.size) })
        else { return nil }
        return reference
    }

    private func add(_ object: FoundObject, of slice: SliceBundle) throws {
        let bytes = Int64(clamping: object.storedSize)
        switch kind(of: object, in: slice) {
        case .leaked:
            summary.count(.leaked, bytes: bytes)
            try plan.add(
                .object(
                    layout.objectKey(of: object.block), bytes: object.storedSize, modified: object.modifiedSeconds,
                    slice: object.sliceID))
        case let other:
            summary.count(other, bytes: bytes)
        }
    }

    private func kind(of object: FoundObject, in slice: SliceBundle) -> GarbageClass {
        if object.isMisplaced { return .foreign }
        if slice.useCount > 0 {
            let sizes = [slice.smallestSize, slice.largestSize]
            // Users that disagree about the size are damage: then every block of the slice stays.
            guard slice.smallestSize == slice.largestSize,
                !sizes.contains(where: { belongs(object, toSliceSize: $0) })
            else { return slice.chunkUseCount > 0 ? .valid : .trash }
            return object.modifiedSeconds > newest ? .recent : .leaked
        }
        if !slice.references.isEmpty { return .claimed }
        if object.sliceID == 0 || object.sliceID >= nextSliceID { return .unknown }
        return object.modifiedSeconds > newest ? .recent : .leaked
    }

    private func belongs(_ object: FoundObject, toSliceSize size: UInt32) -> Bool {
        layout.block(object.index, ofSlice: object.sliceID, size: size) == object.block
    }

    /// A used slice with too low a count is never counted down by us, or it would look free too early.
    private func noteContest(_ slice: SliceBundle) {
        for reference in slice.references where reference.count < Int64(slice.useCount) {
            summary.warn(
                "slice \(slice.id) has \(slice.useCount) users but \(reference.count) references; it is kept")
            let isOverfull = contestedFiles.count + contestedRows.count > Self.contestLimit
            if isOverfull || slice.uses.count < slice.useCount { contestsEverything = true }
            guard !isOverfull else { return }
            for use in slice.uses {
                if use.isDelayed { contestedRows.insert(use.owner) } else { contestedFiles.insert(use.owner) }
            }
        }
    }

    func finish() -> CollectSummary { summary }
}

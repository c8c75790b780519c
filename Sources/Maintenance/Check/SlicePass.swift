// SPDX-License-Identifier: Apache-2.0
// The slices of the snapshot, merged with the objects that were listed before it. What the rules do not
// like is put aside on disk for the second look.

import Metadata
import SluiceBase
import VolumeModel

/// The suspicious slices of a pass with their uses and objects.
///
/// One owner, one thread.
final class SliceSuspects {
    let slices: Spill<SuspectSlice>
    let uses: Spill<SliceUse>
    let objects: Spill<FoundObject>
    let unclaimed: Spill<UnclaimedSlice>

    init(_ spill: SpillSpace) {
        slices = spill.sorter()
        uses = spill.sorter()
        objects = spill.sorter()
        unclaimed = spill.sorter()
    }

    func add(_ bundle: SliceBundle, _ findings: [Finding], _ rules: SliceRules) throws {
        try slices.add(SuspectSlice(bundle, findings))
        for use in bundle.uses { try uses.add(use) }
        for object in bundle.objects { try objects.add(object) }
        var size = findings.contains { $0.code == .sliceUnclaimed } ? bundle.size : nil
        if rules.mayLackChunks, findings.contains(where: { $0.code == .objectLeaked }) {
            size = rules.size(ofLeaked: bundle)
        }
        if let size { try unclaimed.add(UnclaimedSlice(size: size, id: bundle.id)) }
    }
}

/// What adds up over all slices.
struct SliceTotals: Sendable {
    /// Slices that some record uses, and their bytes.
    var slices: UInt64 = 0
    var bytes: UInt64 = 0
    /// Highest id of a reference row.
    var highestReference: UInt64 = 0
    /// Slices with blocks of which no object is there, when the bucket holds none at all.
    var lost: UInt64 = 0
    var lostBytes: UInt64 = 0
}

/// Goes over all slices once.
struct SlicePass {
    let rules: SliceRules
    /// Whether the listing was complete and held no block at all: then not every slice is put aside.
    let isBucketEmpty: Bool
    let options: CheckOptions

    /// Slices put aside at most when the bucket is empty.
    static let lostLimit: UInt64 = 1000

    func run(
        _ merger: SliceMerger,
        into suspects: SliceSuspects,
        live: Spill<LiveSlice>?,
        progress: (CheckProgress) -> Void,
    ) throws -> SliceTotals {
        var totals = SliceTotals()
        var bundle = SliceBundle()
        var steps: UInt64 = 0
        while try merger.next(into: &bundle) {
            steps += 1
            if steps & 0x3FFF == 0 {
                try options.cancellation.throwIfCancelled()
                progress(CheckProgress(.slices, done: steps))
            }
            if !bundle.references.isEmpty {
                totals.highestReference = max(totals.highestReference, bundle.id)
            }
            if bundle.useCount > 0 {
                totals.slices += 1
                totals.bytes += UInt64(bundle.largestSize)
                if let live, let size = bundle.size, bundle.chunkUseCount > 0 {
                    try live.add(LiveSlice(id: bundle.id, size: size))
                }
            }
            let findings = rules.findings(bundle)
            guard !findings.isEmpty else { continue }
            if isBucketEmpty, findings.contains(where: { $0.code == .objectMissing }) {
                totals.lost += 1
                totals.lostBytes += UInt64(bundle.largestSize)
                guard totals.lost <= Self.lostLimit else { continue }
            }
            try suspects.add(bundle, findings, rules)
        }
        return totals
    }
}

/// A slice whose blocks can be read.
struct LiveSlice: BitwiseCopyable, Hashable, Comparable, Sendable {
    var id: UInt64
    var size: UInt32

    static func < (left: LiveSlice, right: LiveSlice) -> Bool { left.id < right.id }
}

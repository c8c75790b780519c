// SPDX-License-Identifier: Apache-2.0
// fsck as a function: objects are listed, then everything in the metadata is merged in one snapshot, then
// each suspicion is looked at again, and what is still there is reported. Nothing is changed.

package import Metadata
package import ObjectStorage
import SluiceBase
import VolumeModel

/// Checks a volume and reports what is wrong, one finding at a time.
///
/// Memory does not grow with the number of files; `report` is called on the calling thread.
/// `objects` is the volume's own prefix of its storage; `progress` is called every few thousand steps. A
/// failing listing of objects is no error: the summary says that not everything was looked at. Throws
/// `EngineError` when the metadata cannot be read, `VolumeError.noEntry` for a path that does not exist, and
/// `CancelledError`.
package func check(
    volume: Volume,
    objects: any ObjectStore,
    options: CheckOptions = CheckOptions(),
    progress: @escaping (CheckProgress) -> Void = { _ in },
    report: @escaping (Finding) -> Void,
) throws -> CheckSummary {
    let run = CheckRun(volume: volume, store: objects, options: options, progress: progress, report: report)
    if let path = options.path { return try run.checkSubtree(path) }
    return try run.checkAll()
}

/// One run of a check.
///
/// One owner, one thread.
struct CheckRun {
    let volume: Volume
    let store: any ObjectStore
    let options: CheckOptions
    let progress: (CheckProgress) -> Void
    let report: (Finding) -> Void

    var layout: BlockLayout {
        // Settings are checked when a volume is opened; the bounds only keep the arithmetic safe.
        let kibibytes = min(max(volume.settings.blockSizeKiB, 1), 1 << 20)
        return BlockLayout(blockSize: UInt32(kibibytes << 10), hashPrefix: volume.settings.hashPrefix)
    }

    var now: Int64 { volume.clock.now().seconds }

    func sliceRules() -> SliceRules {
        SliceRules(
            layout: layout,
            expectedObjectSize: options.expectedObjectSize,
            omitsSingleReferences: volume.engine.omitsSingleReferences,
            leakedBefore: now - max(options.leakGraceSeconds, 0),
            doubtsUnknownAges: options.leakGraceSeconds > 0
        )
    }

    /// What the snapshot left for afterwards.
    private struct Passed {
        var pass: MetadataPass
        var slices: SliceTotals
        var counters: CounterValues
        var gaps: EvidenceGaps
        var pending: QuotaUsage
    }

    func checkAll() throws -> CheckSummary {
        var summary = CheckSummary()
        let irregular = IrregularObjects(layout: layout)
        let collector = ObjectCollector(layout: layout, spill: options.spill)
        try collector.collect(from: store, irregular: irregular.note) { seen in
            try options.cancellation.throwIfCancelled()
            progress(CheckProgress(.objects, done: seen))
        }
        for finding in irregular.finish() {
            summary.count(finding)
            report(finding)
        }
        let suspects = SliceSuspects(options.spill)
        let live = options.readsData ? options.spill.sorter(of: LiveSlice.self) : nil
        let passed = try pass(collector, suspects, live)
        summary.objects = collector.blockCount
        summary.objectBytes = collector.byteCount
        fill(&summary, passed)
        var rules = sliceRules()
        rules.objectsAreComplete = collector.failure == nil
        rules.hidesUses = passed.gaps.hidesSliceUses
        rules.mayLackChunks = volume.engine.omitsSingleReferences && passed.pass.chunkGaps.count > 0
        let look = SecondLook(
            volume: volume,
            store: store,
            options: options,
            sessions: passed.pass.sessions,
            sliceRules: rules,
            summary: summary,
            report: report
        )
        try confirm(passed, collector, suspects, look)
        if let live { try readData(try live.finish(), look) }
        return look.summary
    }

    /// Everything that happens inside the snapshot.
    private func pass(
        _ objects: ObjectCollector,
        _ suspects: SliceSuspects,
        _ live: Spill<LiveSlice>?,
    ) throws -> Passed {
        let found = try objects.finish()
        return try volume.engine.snapshot { scanner in
            let pending = volume.usage.pendingTotals
            let gaps = GapLog()
            gaps.value.listingFailure = objects.failure
            let pass = try MetadataPass(
                scanner,
                options: options,
                settings: volume.settings,
                now: now,
                countsParents: volume.engine.countsParents,
                gaps: gaps,
                progress: progress
            )
            try pass.run()
            try SliceEvidence.collectDelayed(scanner, into: pass.collector, gaps)
            let merger = SliceMerger(
                uses: try pass.collector.finish(),
                references: try SliceEvidence.references(scanner, gaps),
                objects: found
            )
            var rules = sliceRules()
            rules.objectsAreComplete = objects.failure == nil
            rules.hidesUses = gaps.value.hidesSliceUses
            rules.mayLackChunks = volume.engine.omitsSingleReferences && pass.chunkGaps.count > 0
            let slicePass = SlicePass(
                rules: rules,
                isBucketEmpty: objects.failure == nil && objects.blockCount == 0,
                options: options
            )
            let slices = try slicePass.run(merger, into: suspects, live: live, progress: progress)
            return Passed(
                pass: pass,
                slices: slices,
                counters: try CounterValues(scanner),
                gaps: gaps.value,
                pending: pending
            )
        }
    }

    private func fill(_ summary: inout CheckSummary, _ passed: Passed) {
        summary.nodes = passed.pass.totals.nodes
        summary.entries = passed.pass.totals.entries
        summary.chunks = passed.pass.totals.chunks
        summary.slices = passed.slices.slices
        summary.sliceBytes = passed.slices.bytes
        if let failure = passed.gaps.listingFailure { summary.incomplete.append(failure.description) }
    }

    /// Everything that happens after the snapshot.
    private func confirm(
        _ passed: Passed,
        _ objects: ObjectCollector,
        _ suspects: SliceSuspects,
        _ look: SecondLook,
    ) throws {
        try reportUUID(look)
        reportDamaged(passed.gaps, look)
        reportBucket(passed, objects, look)
        let rules = VolumeRules(settings: volume.settings)
        for finding in rules.topFindings(passed.pass.totals) { look.report(finding) }
        let highest = HighestIDs(
            inode: passed.pass.totals.highestInode,
            trash: passed.pass.totals.highestTrash,
            slice: max(passed.slices.highestID(with: passed.pass.collector), objects.highestSliceID),
            session: passed.pass.sessions.highest
        )
        for finding in rules.counterFindings(passed.counters, highest) { look.report(finding) }
        progress(CheckProgress(.confirming, done: 0))
        try look.confirm(try passed.pass.candidates.finish())
        try look.confirm(suspects)
        try look.confirmGaps(try passed.pass.chunkGaps.finish(), try suspects.unclaimed.finish())
        try look.reportSessions()
        let usage = rules.usageFindings(passed.counters, passed.pass.totals, pending: passed.pending)
        try look.confirmUsage(usage, passed.pass.quotas)
        if let gaps = passed.pass.ownerGaps {
            try look.confirmOwners(gaps)
        } else if volume.settings.userGroupQuota {
            look.change { $0.unverified += 1 }
        }
    }

    private func reportUUID(_ look: SecondLook) throws {
        guard let read = options.storedUUID else { return }
        do {
            guard let stored = try read() else {
                look.report(Finding(.uuidMissing, "the bucket does not say to which volume it belongs"))
                return
            }
            let expected = volume.settings.uuid
            guard stored != expected else { return }
            look.report(
                Finding(.uuidDiffers, "the bucket belongs to volume \(stored), the metadata to \(expected)")
                    .with {
                        $0.objectKey = VolumeObjects.uuid
                    }
            )
        } catch {
            look.change { $0.incomplete.append("read \(VolumeObjects.uuid): \(error)") }
        }
    }

    /// Records that do not decode; those of chunks are findings of their files unless the file is gone.
    private func reportDamaged(_ gaps: EvidenceGaps, _ look: SecondLook) {
        for record in gaps.damagedRecords where record.kind != "chunk" || record.inode == nil {
            look.report(
                Finding(.recordDamaged, "\(record.kind) \(record.key): \(record.reason)").with {
                    $0.inode = record.inode
                }
            )
        }
        let further = gaps.damagedUseCount + gaps.damagedRecordCount - gaps.damagedRecords.count
        if further > 0 {
            look.report(
                Finding(.recordDamaged, "further records do not decode").with { $0.count = UInt64(further) }
            )
        }
        if gaps.hidesSliceUses { look.change { $0.unverified += 1 } }
    }

    private func reportBucket(_ passed: Passed, _ objects: ObjectCollector, _ look: SecondLook) {
        guard objects.failure == nil, objects.blockCount == 0, passed.slices.lost > 0 else { return }
        look.report(
            Finding(
                .objectsGone,
                "the bucket holds no block at all: it is empty, or it is not the volume's bucket"
            ).with {
                $0.count = passed.slices.lost
                $0.bytes = passed.slices.lostBytes
            }
        )
    }
}

extension SliceTotals {
    /// The highest slice id in reference rows and consistent records.
    func highestID(with collector: SliceUseCollector) -> UInt64 {
        max(highestReference, collector.highestSliceID)
    }
}

// SPDX-License-Identifier: Apache-2.0
// gc, first half: look at everything once, sort it into classes, write the plan (admin-commands §5; the order
// and the margin are JuiceFS 1.4.2's, the evidence is our own).

package import Metadata
package import ObjectStorage
package import SluiceBase
import VolumeModel

/// Plans what gc deletes.
/// - Parameter store: the volume's own storage, prefix included.
/// - Returns: what was found, and the plan, which is empty when an interlock holds.
/// - Throws: `MaintenanceError.mismatch` when the storage belongs to another volume; what engine and plan
///   file throw.
package func planCollection(
    of volume: Volume,
    store: any ObjectStore,
    options: CollectOptions,
    progress: @escaping (UInt64) -> Void = { _ in },
) throws -> (summary: CollectSummary, plan: GarbagePlan) {
    let settings = volume.settings
    try requireIdentity(of: settings, in: store)
    let now = volume.clock.now()
    let plan = try GarbagePlan(for: settings.uuid, created: now, at: options.planPath, spill: options.spill)
    let layout = try settings.blockLayout()
    let sorting = SliceSorting(
        layout: layout,
        newest: now.seconds.saturatingAdd(-options.marginSeconds),
        takesAnyAge: options.marginSeconds == 0,
        nextSliceID: try nextSliceID(of: volume),
        mayLackChunks: try mayLackChunks(volume, options),
        plan: plan
    )
    let evidence = SliceEvidence(engine: volume.engine, store: store, layout: layout, spill: options.spill)
    let gaps = try evidence.forEachSlice(
        irregular: { info, irregular in
            // Misplaced blocks come again with their slice.
            if irregular == .foreign { sorting.addForeign(bytes: info.size) }
        },
        progress: { count in
            try options.cancellation.throwIfCancelled()
            progress(count)
        },
        observing: { if $0.recordCount > 1 { sorting.addCompactable() } },
    ) { slice, _ in
        try options.cancellation.throwIfCancelled()
        try sorting.add(slice)
    }
    var summary = sorting.finish()
    try planRecords(of: volume, sorting, now: now, options, into: &summary, plan)
    summary.interlocks = interlocks(gaps, sorting)
    guard summary.interlocks.isEmpty else {
        // Nothing may be concluded, so nothing is planned.
        let empty = try GarbagePlan(
            for: settings.uuid,
            created: now,
            at: options.planPath,
            spill: options.spill
        )
        try empty.finish()
        return (summary, empty)
    }
    try plan.finish()
    summary.plannedSteps = plan.stepCount
    return (summary, plan)
}

/// Plans what is left of a saved plan: what a plan made now says too.
/// - Returns: what was found now, with the steps of the saved plan as planned and those that no longer hold
///   as skipped, and the steps that are left.
/// - Throws: as `planCollection`, and as opening the saved plan.
package func planCollection(
    applying path: ByteString,
    to volume: Volume,
    store: any ObjectStore,
    options: CollectOptions,
    progress: @escaping (UInt64) -> Void = { _ in },
) throws -> (summary: CollectSummary, plan: GarbagePlan) {
    let uuid = volume.settings.uuid
    let saved = try GarbagePlan(opening: path, for: uuid)
    var (summary, fresh) = try planCollection(of: volume, store: store, options: options, progress: progress)
    guard summary.interlocks.isEmpty else { return (summary, fresh) }
    let plan = try approve(
        saved,
        against: fresh,
        for: uuid,
        created: volume.clock.now(),
        spill: options.spill
    )
    summary.plannedSteps = saved.stepCount
    summary.skippedSteps = saved.stepCount - plan.stepCount
    return (summary, plan)
}

/// Whether a block that no record knows may belong to a chunk whose record was lost.
///
/// Elsewhere the slice's reference would still count the chunk.
private func mayLackChunks(_ volume: Volume, _ options: CollectOptions) throws -> Bool {
    guard volume.engine.omitsSingleReferences else { return false }
    return try volume.engine.snapshot { try ChunkGaps(scanner: $0).areAny() }
}

/// Slice ids below this have been given out.
private func nextSliceID(of volume: Volume) throws -> UInt64 {
    UInt64(clamping: try volume.engine.read { try $0.counter(.nextChunk) } ?? 0)
}

/// Why nothing may be deleted.
private func interlocks(_ gaps: EvidenceGaps, _ sorting: SliceSorting) -> [String] {
    var reasons: [String] = []
    if let failure = gaps.listingFailure { reasons.append("the listing of objects failed: \(failure)") }
    if gaps.hidesSliceUses {
        reasons.append(
            "\(gaps.damagedUseCount) chunk or trash records cannot be read: what they name is unknown"
        )
    }
    if gaps.damagedRecordCount > 0 {
        reasons.append("\(gaps.damagedRecordCount) records cannot be read")
    }
    if sorting.usedSliceCount > 0, !sorting.foundUsedBlocks {
        reasons.append("the storage holds no block of the \(sorting.usedSliceCount) slices that are in use")
    }
    return reasons
}

/// Plans what records, not objects, ask for: removals that were not finished and trash past its days.
private func planRecords(
    of volume: Volume,
    _ sorting: SliceSorting,
    now: Timestamp,
    _ options: CollectOptions,
    into summary: inout CollectSummary,
    _ plan: GarbagePlan,
) throws {
    let finished = now.seconds.saturatingAdd(-options.marginSeconds)
    let expiry = now.seconds.saturatingAdd(-volume.settings.trashSeconds)
    var result = summary
    try volume.engine.snapshot { scanner in
        try forEachRecord(of: scanner.scanDeletedFiles()) { file in
            guard file.deleted <= finished else {
                return result.count(.recent, bytes: Int64(clamping: file.length))
            }
            guard try scanner.node(file.inode) == nil, try scanner.parents(of: file.inode).isEmpty else {
                return result.warn("inode \(file.inode) is marked for removal but alive; it is kept")
            }
            guard !sorting.isContested(file.inode) else {
                return result.warn(
                    "the data of inode \(file.inode) share slices whose references are too low"
                )
            }
            result.count(.deletedFiles, bytes: Int64(clamping: file.length))
            try plan.add(.deletedFile(file.inode, length: file.length, deleted: file.deleted))
        }
        try forEachRecord(of: scanner.scanDelayedSlices()) { row in
            guard row.deleted < expiry, let slices = try? row.slices() else { return }
            guard !sorting.contestsEverything, !sorting.contestedRows.contains(row.id) else {
                return result.warn(
                    "the slices replaced by slice \(row.id) have too few references; they are kept"
                )
            }
            result.count(
                .expiredTrash,
                Int64(slices.count),
                bytes: slices.reduce(0) { $0.saturatingAdd(Int64($1.size)) }
            )
            try plan.add(.delayedSlices(row.id, deleted: row.deleted))
        }
        try planDetachedTrees(scanner, sorting, now: now, into: &result, plan)
        try planTrashHours(
            scanner,
            sorting,
            trashSeconds: volume.settings.trashSeconds,
            now: now,
            into: &result,
            plan
        )
    }
    summary = result
}

/// Trees wait a day: the clone that makes one may still be at work (JuiceFS 1.4.2).
private func planDetachedTrees(
    _ scanner: any MetadataScanner,
    _ sorting: SliceSorting,
    now: Timestamp,
    into summary: inout CollectSummary,
    _ plan: GarbagePlan,
) throws {
    let trees = DetachedTrees(scanner: scanner, isContested: sorting.isContested)
    let limit = now.seconds.saturatingAdd(-NodeRules.detachedGraceSeconds)
    for stale in try trees.stale(before: limit) {
        let (inode, added) = (stale.record.inode, stale.record.added)
        switch stale.verdict {
        case .removable(let bytes):
            summary.count(.detached, bytes: bytes)
            try plan.add(.detachedTree(inode, added: added))
        case .recordOnly:
            summary.count(.strayDetached, bytes: 0)
            try plan.add(.detachedRecord(inode, added: added))
        case .kept(let obstacle):
            summary.warn("the unfinished clone at inode \(inode) is kept: \(obstacle)")
        }
    }
}

/// Hours end `days` × 24 + 2 hours before now (metadata-format §5.7).
private func planTrashHours(
    _ scanner: any MetadataScanner,
    _ sorting: SliceSorting,
    trashSeconds: Int64,
    now: Timestamp,
    into summary: inout CollectSummary,
    _ plan: GarbagePlan,
) throws {
    let limit = TrashHour(containing: now.advanced(bySeconds: -trashSeconds.saturatingAdd(2 * 3600)))
    let rules = RemovalRules(reader: scanner, isContested: sorting.isContested)
    var last: FileName?
    repeat {
        let page = try scanner.entries(of: .trash, after: last, limit: 1000)
        for entry in page {
            guard let hour = TrashHour(parsing: entry.name) else {
                summary.warn("the trash directory \(entry.name) is not named after an hour; it never expires")
                continue
            }
            guard hour < limit else { continue }
            if let obstacle = try rules.obstacle(toEmptying: entry.name, entry.inode) {
                summary.warn("the trash directory \(entry.name) is kept: \(obstacle)")
                continue
            }
            let stat = try scanner.directoryStat(of: entry.inode) ?? DirectoryStat()
            summary.count(.expiredHours, bytes: stat.dataLength)
            try plan.add(.trashHour(entry.name, entry.inode))
        }
        last = page.count == 1000 ? page.last?.name : nil
    } while last != nil
}

// SPDX-License-Identifier: Apache-2.0
// The pipeline: two listers → merge → plan → workers, then links, removals and directories, each after what
// it depends on. Nothing is removed from the destination before both listings are known to be complete
// (sync.md H1–H3).

import ObjectStorage
package import SluiceBase
import Synchronization

/// One run from a source to a destination.
package final class SyncRun: Sendable {
    private let source: SyncSide
    private let destination: SyncSide
    private let options: SyncOptions
    private let ledger: SyncLedger
    private let listed = Mutex(ListingCounts())

    /// - Parameters:
    ///   - cancellation: ends the run cleanly: nothing half-written gets a name.
    ///   - events: called from several threads; nil when nobody wants to know.
    /// - Throws: `SyncError` for sides that lie inside each other and for options that contradict each other.
    package init(
        from source: SyncSide,
        to destination: SyncSide,
        _ options: SyncOptions,
        cancellation: Cancellation = Cancellation(),
        events: (@Sendable (SyncEvent) -> Void)? = nil,
    ) throws(SyncError) {
        let (from, to) = (source.address, destination.address)
        if to.hasPrefix(from) {
            throw SyncError(.overlap, "the destination \(to) lies inside the source \(from)")
        }
        if from.hasPrefix(to), options.removal.extras {
            throw SyncError(
                .overlap,
                "the source \(from) lies inside the destination \(to), which is to be cleared"
            )
        }
        if options.selection.limit != nil, options.removal.extras {
            throw SyncError(.options, "a limit leaves keys unseen, so extras cannot be removed")
        }
        self.source = source
        self.destination = destination
        self.options = options
        ledger = SyncLedger(maximumFailures: options.maximumFailures, wish: cancellation, events: events)
    }

    /// What was done so far; from any thread, at any time.
    package var progress: SyncCounts { ledger.counts }

    /// Does it all and returns when it is done, cancelled or out of patience.
    /// - Throws: `SyncError` when the machine gives no threads or no temporary file; failures of single
    ///   objects and of listings are in the report.
    package func run() throws -> SyncReport {
        do {
            return try execute()
        } catch let error as SystemError {
            throw SyncError(.system, error.description)
        }
    }

    private func execute() throws -> SyncReport {
        var report = SyncReport()
        report.isDry = options.isDry
        let executor = StepExecutor(source, destination, options, ledger)
        let feed = options.isDry ? nil : try StepFeed(executor, isLast: !options.removal.extras)
        let batches = StepBatches { feed?.push($0) }
        let (ledger, isDry) = (ledger, options.isDry)
        let planner = Planner(source, destination, options, ledger) { step in
            if isDry { Self.note(step, ledger) } else { batches.append(step) }
        }
        let cursors = try makeCursors()
        do {
            try merge(cursors, planner)
        } catch {
            cursors.source.stop()
            cursors.destination.stop()
            feed?.abandon()
            throw error
        }
        batches.flush()
        try feed?.finish()
        report.sourceListing = cursors.source.outcome
        report.destinationListing = cursors.destination.outcome
        report.removalHold = removalHold(report, planner, cursors)
        try conclude(planner, executor, mayRemove: report.removalHold == nil)
        report.counts = ledger.counts
        report.failures = ledger.failures
        report.isCancelled = ledger.isCancelled
        report.reachedFailureLimit = ledger.reachedLimit
        return report
    }

    // MARK: Listing

    private func makeCursors() throws -> (source: KeyCursor, destination: KeyCursor) {
        let needsDestination =
            !options.comparison.forceUpdate || options.removal.extras || options.comparison.existingOnly
            || options.comparison.ignoreExisting
        let request: @Sendable (SyncSide) -> ListRequest = { [options] side in
            ListRequest(
                prefix: side.prefix,
                after: options.selection.listsAfter(prefix: side.prefix),
                followsLinks: !options.fidelity.symlinks,
                includesDirectories: options.fidelity.directories
            )
        }
        let (from, to) = (source, destination)
        let sourceCursor = try KeyCursor(from, options.selection, options.fidelity) {
            () throws(StorageError) -> (any ObjectListing)? in
            try from.requireFolder()
            return try from.store.list(request(from))
        }
        guard needsDestination else { return (sourceCursor, KeyCursor()) }
        let destinationCursor = try KeyCursor(to, options.selection, options.fidelity) {
            () throws(StorageError) -> (any ObjectListing)? in
            do throws(StorageError) {
                return try to.store.list(request(to))
            } catch {
                // A folder that does not exist yet is made by the first copy; a bucket is not.
                guard error.code == .notFound, to.store.limits.isFileSystem else { throw error }
                return nil
            }
        }
        return (sourceCursor, destinationCursor)
    }

    /// Walks both listings side by side, and stops at the first gap in either: behind it nothing can be
    /// concluded.
    private func merge(_ cursors: (source: KeyCursor, destination: KeyCursor), _ planner: Planner) throws {
        enterRoot(planner)
        var left = options.selection.limit ?? .max
        while !ledger.shouldStop {
            guard let next = cursors.source.peek() else { break }
            guard left > 0 else { break }
            let other = cursors.destination.peek()
            if other == nil, case .failed = cursors.destination.outcome { break }
            if let other, other.key < next.key {
                try planner.planExtra(other)
                cursors.destination.advance()
                continue
            }
            left -= 1
            let isTwin = other?.key == next.key
            try planner.plan(next, isTwin ? other : nil)
            cursors.source.advance()
            if isTwin { cursors.destination.advance() }
        }
        if left > 0, !ledger.shouldStop, case .complete = cursors.source.outcome {
            while !ledger.shouldStop, let other = cursors.destination.peek() {
                try planner.planExtra(other)
                cursors.destination.advance()
            }
        }
        if ledger.shouldStop || left == 0 || cursors.source.hasFailed || cursors.destination.hasFailed {
            cursors.source.stop()
            cursors.destination.stop()
        }
        try planner.finish()
        let counts = cursors.source.counts
        ledger.count { total in
            total.found = counts.seen
            total.excluded += counts.excluded
            total.excludedBytes &+= counts.excludedBytes  // a statistic: may wrap at 16 EiB
        }
    }

    /// The folders themselves, where both sides are folders and directories are wanted.
    private func enterRoot(_ planner: Planner) {
        guard options.fidelity.directories, source.tree != nil, destination.tree != nil,
            source.isFolder, destination.isFolder, options.selection.start == nil
        else { return }
        do throws(StorageError) {
            var root = try source.store.head(source.prefix)
            root.key = ObjectKey([])
            let other = try? destination.store.head(destination.prefix)
            if root.kind == .directory { planner.enterRoot(root, other) }
        } catch {
            // The listing says why the root cannot be looked at.
            ledger.warn(nil, "\(error)")
        }
    }

    // MARK: After the copies

    private func removalHold(
        _ report: SyncReport,
        _ planner: Planner,
        _ cursors: (source: KeyCursor, destination: KeyCursor),
    ) -> RemovalHold? {
        guard options.removal.extras else { return nil }
        guard !ledger.shouldStop else { return .stopped }
        guard report.sourceListing == .complete, report.destinationListing == .complete else {
            return .listingFailed
        }
        guard planner.removalCount > 0 else { return nil }
        if cursors.source.counts.seen == 0, !options.removal.allowsEmptySource { return .emptySource }
        let allowed: UInt64
        switch options.removal.bound {
        case .objects(let count): allowed = count
        case .percent(let share):
            let (whole, rest) = cursors.destination.counts.seen.quotientAndRemainder(dividingBy: 100)
            allowed = whole * UInt64(min(max(share, 0), 100)) + rest * UInt64(min(max(share, 0), 100)) / 100
        case nil: return nil
        }
        return planner.removalCount > allowed ? .tooMany(planner.removalCount, allowed: allowed) : nil
    }

    private func conclude(_ planner: Planner, _ executor: StepExecutor, mayRemove: Bool) throws {
        try run(planner.links, executor)
        if options.removal.extras, mayRemove {
            try run(planner.removals, executor)
            // Deepest first, one after another: a directory is empty only when those in it are gone.
            let copier = executor.makeCopier()
            try planner.directoryRemovals.forEachBatchReversed { steps in
                for step in steps { one(step, executor, copier) }
            }
        }
        let conflicts = executor.takeConflicts()
        if !conflicts.isEmpty {
            let copier = executor.makeCopier()
            for step in conflicts { executor.run(step, copier, isLast: true) }
        }
        let copier = executor.makeCopier()
        try planner.finishes.forEachBatch { steps in
            for step in steps { one(step, executor, copier) }
        }
    }

    private func one(_ step: SyncStep, _ executor: StepExecutor, _ copier: ObjectCopier) {
        if options.isDry { Self.note(step, ledger) } else { executor.run(step, copier, isLast: true) }
    }

    private func run(_ spool: StepSpool, _ executor: StepExecutor) throws {
        guard spool.count > 0, !ledger.shouldStop else { return }
        guard !options.isDry else {
            return try spool.forEachBatch { steps in
                for step in steps { Self.note(step, ledger) }
            }
        }
        let feed = try StepFeed(executor, isLast: true)
        let batches = StepBatches { feed.push($0) }
        do {
            try spool.forEachBatch { steps in
                for step in steps { batches.append(step) }
            }
        } catch {
            feed.abandon()
            throw error
        }
        batches.flush()
        try feed.finish()
    }

    /// What a dry run does with a step: counts and tells.
    private static func note(_ step: SyncStep, _ ledger: SyncLedger) {
        ledger.count { counts in
            switch step.action {
            case .copy, .makeDirectory, .makeSymlink, .makeLink, .makeSpecial:
                counts.copied += 1
                counts.copiedBytes &+= step.bytes  // a statistic: may wrap at 16 EiB
                if step.action == .makeLink { counts.linked += 1 }
            case .compare, .setFacts:
                counts.skipped += 1
                counts.skippedBytes &+= step.source?.size ?? 0  // a statistic: may wrap at 16 EiB
            case .deleteExtra: counts.deleted += 1
            case .deleteSource:
                counts.skipped += 1
                counts.deleted += 1
            case .finishDirectory: break
            }
        }
        ledger.events?(.planned(step))
    }
}

extension KeyCursor {
    /// Whether the listing broke off; false as long as it runs.
    fileprivate var hasFailed: Bool {
        if case .failed = outcomeSoFar { return true }
        return false
    }
}

extension SyncSide {
    /// Whether the side is a folder rather than a prefix of names.
    var isFolder: Bool { address.utf8.last == UInt8(ascii: "/") }

    /// A folder that is not there is no empty folder: the disk may not be mounted (sync.md H1).
    func requireFolder() throws(StorageError) {
        guard store.limits.isFileSystem, let end = prefix.bytes.lastIndex(of: UInt8(ascii: "/")) else {
            return
        }
        _ = try store.head(ObjectKey(prefix.bytes[...end]))
    }
}

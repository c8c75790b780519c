// SPDX-License-Identifier: Apache-2.0
// Does what a step says and writes down what became of it. A step whose objects changed since they were
// listed is not done on stale grounds.

import ObjectStorage
import SluiceBase
import Synchronization

/// What all workers of a run share.
final class StepExecutor: Sendable {
    let source: SyncSide
    let destination: SyncSide
    let options: SyncOptions
    let ledger: SyncLedger
    private let bucket: TokenBucket?
    /// Steps that met an object of another kind, which a removal may clear away.
    private let conflicts = Mutex<[SyncStep]>([])
    private static let maximumConflicts = 10_000

    init(_ source: SyncSide, _ destination: SyncSide, _ options: SyncOptions, _ ledger: SyncLedger) {
        self.source = source
        self.destination = destination
        self.options = options
        self.ledger = ledger
        bucket = options.bytesPerSecond > 0 ? TokenBucket(bytesPerSecond: options.bytesPerSecond) : nil
    }

    /// A copier for one worker.
    func makeCopier() -> ObjectCopier {
        let (ledger, bucket) = (ledger, bucket)
        return ObjectCopier(source, destination, options, ledger) { count in
            if ledger.shouldStop { throw CancelledTransfer() }
            bucket?.take(count)
        }
    }

    /// Steps that failed for what is in their way; empties the list.
    func takeConflicts() -> [SyncStep] {
        conflicts.withLock { kept in
            defer { kept = [] }
            return kept
        }
    }

    /// Does one step.
    /// - Parameter isLast: whether nothing more will be removed, so that what is in the way is a failure.
    func run(_ step: SyncStep, _ copier: ObjectCopier, isLast: Bool) {
        guard !ledger.shouldStop else { return }
        do throws(StorageError) {
            try perform(step, copier)
        } catch {
            if error.code == .cancelled, ledger.shouldStop { return }
            if error.code == .exists, options.removal.extras, !isLast, step.action != .deleteExtra {
                let isKept = conflicts.withLock { kept in
                    guard kept.count < Self.maximumConflicts else { return false }
                    kept.append(step)
                    return true
                }
                if isKept { return }
            }
            ledger.fail(step, error)
        }
    }

    private func perform(_ step: SyncStep, _ copier: ObjectCopier) throws(StorageError) {
        switch step.action {
        case .copy: try copy(step, copier)
        case .compare: try compare(step, copier)
        case .makeDirectory: try makeDirectory(step)
        case .makeSymlink, .makeSpecial: try makeNode(step)
        case .makeLink: try makeLink(step)
        case .setFacts: try setFacts(step)
        case .finishDirectory: try finishDirectory(step)
        case .deleteExtra: try deleteExtra(step)
        case .deleteSource: try deleteSource(step, copier)
        }
    }

    private func copy(_ step: SyncStep, _ copier: ObjectCopier) throws(StorageError) {
        guard let info = step.source else { return }
        let result = try copier.copy(info)
        if case .vanished = result { return vanished(step) }
        if options.fidelity.attributes { try copyAttributes(of: info.key) }
        let isVerified = if case .verified = result { true } else { false }
        ledger.count { counts in
            counts.copied += 1
            counts.copiedBytes &+= info.size  // a statistic: may wrap at 16 EiB
            if isVerified { counts.verified += 1 } else { counts.unverified += 1 }
        }
        ledger.end(step, isVerified ? .verified : .unverified)
        guard options.removal.sourceAfterCopy else { return }
        guard isVerified || options.removal.trustsSize else {
            return ledger.warn(step.key, "the source stays: its copy could not be verified")
        }
        try removeSource(info, step)
    }

    private func compare(_ step: SyncStep, _ copier: ObjectCopier) throws(StorageError) {
        guard let info = step.source, let other = step.destination else { return }
        if options.comparison.content {
            guard let isEqual = try copier.haveEqualBytes(info, other) else { return vanished(step) }
            guard isEqual else { return try copy(step, copier) }
        }
        var isAdjusted = false
        if options.fidelity.attributes { isAdjusted = try copyAttributes(of: info.key) }
        if options.fidelity.permissions, let tree = destination.tree, let new = info.file,
            let old = other.file,
            DecisionTable.differ(old, new, info.kind)
        {
            try tree.setFacts(destination.full(step.key), new, modified: nil)
            isAdjusted = true
        }
        ledger.count { counts in
            counts.skipped += 1
            counts.skippedBytes &+= info.size  // a statistic: may wrap at 16 EiB
            if isAdjusted { counts.adjusted += 1 }
        }
        ledger.end(step, isAdjusted ? .done : .equal)
        if options.removal.sourceIfEqual, options.comparison.content { try removeSource(info, step) }
    }

    private func vanished(_ step: SyncStep) {
        ledger.count { counts in
            counts.skipped += 1
            counts.vanished += 1
        }
        ledger.end(step, .vanished)
    }

    private func makeDirectory(_ step: SyncStep) throws(StorageError) {
        let key = destination.full(step.key)
        if let tree = destination.tree {
            try tree.makeDirectory(key, facts: nil, modified: nil)
        } else {
            try destination.store.put(key, [])
        }
        made(step)
    }

    private func makeNode(_ step: SyncStep) throws(StorageError) {
        guard let tree = destination.tree, let info = step.source, let file = info.file else { return }
        let facts = options.fidelity.permissions ? file : nil
        let key = destination.full(step.key)
        if let target = file.target, info.kind == .symlink {
            try tree.makeSymlink(key, target: target, facts: facts, modified: info.modified)
        } else if let special = file.special {
            try tree.makeSpecial(key, special, facts: facts, modified: info.modified)
        }
        made(step)
    }

    private func makeLink(_ step: SyncStep) throws(StorageError) {
        guard let tree = destination.tree, let first = step.linkedTo else { return }
        if let old = step.destination?.file?.linkIdentity,
            try tree.head(destination.full(first)).file?.linkIdentity == old
        {
            // The comparison of the first name has found nothing to replace.
            ledger.count { $0.skipped += 1 }
            return ledger.end(step, .equal)
        }
        try tree.makeLink(destination.full(step.key), to: destination.full(first))
        ledger.count { $0.linked += 1 }
        made(step)
    }

    private func made(_ step: SyncStep) {
        ledger.count { $0.copied += 1 }
        ledger.end(step, .done)
    }

    private func setFacts(_ step: SyncStep) throws(StorageError) {
        guard let tree = destination.tree, let info = step.source else { return }
        try tree.setFacts(destination.full(step.key), info.file, modified: nil)
        ledger.count { counts in
            counts.skipped += 1
            counts.skippedBytes &+= info.size  // a statistic: may wrap at 16 EiB
            counts.adjusted += 1
        }
        ledger.end(step, .done)
    }

    private func finishDirectory(_ step: SyncStep) throws(StorageError) {
        guard let tree = destination.tree, let info = step.source else { return }
        let key = destination.full(step.key)
        if options.fidelity.attributes { try copyAttributes(of: step.key) }
        try tree.setFacts(key, options.fidelity.permissions ? info.file : nil, modified: info.modified)
        ledger.end(step, .done)
    }

    /// - Returns: whether they differed.
    @discardableResult
    private func copyAttributes(of key: ObjectKey) throws(StorageError) -> Bool {
        guard let from = source.tree, let to = destination.tree else { return false }
        let wanted = try from.extendedAttributes(source.full(key))
        guard try to.extendedAttributes(destination.full(key)) != wanted else { return false }
        try to.setExtendedAttributes(destination.full(key), wanted)
        return true
    }

    private func deleteExtra(_ step: SyncStep) throws(StorageError) {
        guard let listed = step.destination else { return }
        let key = destination.full(step.key)
        if listed.kind == .directory {
            do throws(StorageError) {
                try destination.store.delete(key)
            } catch {
                // What the run is not about may lie in it.
                guard error.code == .exists else { throw error }
                return ledger.end(step, .kept("the folder is not empty"))
            }
        } else {
            guard try isStill(listed, in: destination) else {
                ledger.count { $0.stale += 1 }
                return ledger.end(step, .kept("it changed since it was listed"))
            }
            try destination.store.delete(key)
        }
        ledger.count { $0.deleted += 1 }
        ledger.end(step, .done)
    }

    private func deleteSource(_ step: SyncStep, _ copier: ObjectCopier) throws(StorageError) {
        guard let info = step.source, let other = step.destination else { return }
        ledger.count { counts in
            counts.skipped += 1
            counts.skippedBytes &+= info.size  // a statistic: may wrap at 16 EiB
        }
        if info.kind == .object, !options.removal.trustsSize {
            guard let isEqual = try copier.haveEqualBytes(info, other) else {
                ledger.count { $0.vanished += 1 }
                return ledger.end(step, .vanished)
            }
            guard isEqual else {
                throw StorageError(
                    .corrupt,
                    "delete",
                    key: step.key,
                    address: source.store.address,
                    reason: "the destination has other bytes of the same length; the source stays"
                )
            }
        }
        try removeSource(info, step)
    }

    private func removeSource(_ info: ObjectInfo, _ step: SyncStep) throws(StorageError) {
        guard try isStill(info, in: source) else {
            ledger.count { $0.stale += 1 }
            return ledger.end(step, .kept("the source changed since it was listed and stays"))
        }
        try source.store.delete(source.full(info.key))
        ledger.count { $0.deleted += 1 }
        ledger.end(SyncStep(.deleteSource, step.key, source: info), .done)
    }

    /// Whether an object looks as it did in the listing; one that is gone does.
    private func isStill(_ listed: ObjectInfo, in side: SyncSide) throws(StorageError) -> Bool {
        let now: ObjectInfo
        do throws(StorageError) {
            now = try side.store.head(side.full(listed.key))
        } catch {
            guard error.code == .notFound else { throw error }
            return true
        }
        // A link is looked up as what it points to, and is told by its text.
        if listed.kind == .symlink { return now.file?.target == listed.file?.target }
        guard now.kind == listed.kind, now.size == listed.size else { return false }
        // As requests with If-Match go by. Servers may list finer or other times than they tell of one object
        // (MinIO: milliseconds; rclone 1.75: the time that the client gave).
        if let tag = listed.tag, let other = now.tag { return tag == other }
        return now.modified == listed.modified
    }
}

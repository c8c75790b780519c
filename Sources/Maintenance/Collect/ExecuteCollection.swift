// SPDX-License-Identifier: Apache-2.0
// gc, second half: execute a plan. Steps go in batches; a batch is in the journal before its first deletion,
// and each step looks once more whether what was seen still holds.

package import Metadata
package import ObjectStorage
import SluiceBase
import Synchronization
import VolumeModel

/// Executes a plan step by step.
/// - Parameter journal: gets each step before it is done, and again with its error when it failed.
/// - Returns: the summary with what was done; failures of single steps are counted, not thrown.
package func executeCollection(
    _ plan: GarbagePlan,
    of volume: Volume,
    store: any ObjectStore,
    options: CollectOptions,
    journal: DeletionJournal,
    summary: CollectSummary,
    progress: @escaping (Int) -> Void = { _ in },
) throws -> CollectSummary {
    let execution = CollectionRun(
        volume: volume,
        store: store,
        options: options,
        journal: journal,
        summary: summary
    )
    do {
        var batch: [GarbageStep] = []
        try plan.forEachStep { step in
            batch.append(step)
            guard batch.count == CollectionRun.batchSize else { return }
            try execution.run(batch)
            progress(execution.finishedCount)
            batch = []
        }
        try execution.run(batch)
        progress(execution.finishedCount)
    } catch is CancelledError {
        execution.markCancelled()
    }
    return execution.result
}

/// One run over a plan.
///
/// Steps of a batch run on several threads.
private final class CollectionRun: Sendable {
    static let batchSize = 1000

    private enum Outcome: Sendable {
        case done
        case outdated
        case failed(String)
        case cancelled
    }

    private let volume: Volume
    private let store: any ObjectStore
    private let options: CollectOptions
    private let journal: DeletionJournal
    private let state: Mutex<CollectSummary>

    init(
        volume: Volume,
        store: any ObjectStore,
        options: CollectOptions,
        journal: DeletionJournal,
        summary: CollectSummary,
    ) {
        self.volume = volume
        self.store = store
        self.options = options
        self.journal = journal
        state = Mutex(summary)
    }

    var result: CollectSummary { state.withLock { $0 } }
    var finishedCount: Int { state.withLock { $0.doneSteps + $0.skippedSteps + $0.failedSteps } }

    func markCancelled() { state.withLock { $0.isCancelled = true } }

    func run(_ steps: [GarbageStep]) throws {
        try options.cancellation.throwIfCancelled()
        guard !steps.isEmpty else { return }
        try journal.record(steps.map(\.json))
        let next = Atomic(0)
        let failed = Mutex<[Int: String]>([:])
        let workers = try WorkerPool(count: max(1, min(options.threads, steps.count)), name: "gc") { _ in
            while !self.options.cancellation.isCancelled {
                let index = next.add(1, ordering: .relaxed).oldValue
                guard index < steps.count else { return }
                let outcome = self.outcome(of: steps[index])
                self.note(outcome)
                guard case .failed(let sentence) = outcome else { continue }
                failed.withLock { $0[index] = sentence }
            }
        }
        try workers.join()
        try noteFailures(failed.withLock { $0 }, of: steps)
        try options.cancellation.throwIfCancelled()
    }

    private func note(_ outcome: Outcome) {
        state.withLock { summary in
            switch outcome {
            case .done: summary.doneSteps += 1
            case .outdated: summary.skippedSteps += 1
            case .failed(let sentence): summary.fail(sentence)
            case .cancelled: break
            }
        }
    }

    /// Says in the journal which of the announced steps were not finished.
    private func noteFailures(_ failures: [Int: String], of steps: [GarbageStep]) throws {
        guard !failures.isEmpty else { return }
        let lines = failures.sorted { $0.key < $1.key }.map { index, sentence in
            var line = steps[index].json
            line["error"] = .string(sentence)
            return line
        }
        try journal.record(lines)
    }

    private func outcome(of step: GarbageStep) -> Outcome {
        do {
            let isDone =
                switch step {
                case .object(let key, let bytes, let modified, let slice):
                    try deleteObject(key, bytes: bytes, modified: modified, slice: slice)
                case .slice(let id, let size, _): try deleteSlice(id, size: size, step)
                case .deletedFile(let inode, _, let deleted):
                    try deleteData(of: inode, deleted: deleted, step)
                case .delayedSlices(let id, let deleted): try expire(id, deleted: deleted, step)
                case .trashHour(let name, let inode): try empty(name, inode, step)
                case .detachedTree(let inode, let added): try removeTree(inode, added: added, step)
                case .detachedRecord(let inode, let added): try forgetDetached(inode, added: added)
                }
            return isDone ? .done : .outdated
        } catch is CancelledError {
            return .cancelled
        } catch {
            return .failed("\(error)")
        }
    }

    /// Deletes a leaked object if it is still the one that was seen.
    private func deleteObject(_ key: ObjectKey, bytes: UInt64, modified: Int64, slice: UInt64) throws -> Bool
    {
        let info: ObjectInfo
        do throws(StorageError) {
            info = try store.head(key)
        } catch {
            guard error.code == .notFound else { throw error }
            return false
        }
        guard info.size == bytes, info.modified.seconds == modified else { return false }
        try store.delete(key)
        return true
    }

    /// Deletes a slice's objects and then its record, if the record still counts nobody.
    private func deleteSlice(_ id: UInt64, size: UInt32, _ step: GarbageStep) throws -> Bool {
        guard let reference = try volume.engine.read({ try $0.sliceReference(id, size: size) }),
            reference.count <= 0, reference.size == size
        else { return false }
        try removeBlocks([SliceKey(id: id, size: size)], of: step)
        try volume.engine.write { transaction in
            guard let current = try transaction.sliceReference(id, size: size) else { return }
            try volume.forget(current, transaction)
        }
        return true
    }

    private func deleteData(of inode: Inode, deleted: Int64, _ step: GarbageStep) throws -> Bool {
        let file = try volume.engine.read { reader -> DeletedFile? in
            guard try reader.node(inode) == nil, try reader.parents(of: inode).isEmpty else { return nil }
            return try reader.deletedFile(inode)
        }
        guard let file, file.deleted == deleted else { return false }
        try volume.deleteData(of: file) { try removeBlocks($0, of: step) }
        return true
    }

    private func expire(_ id: UInt64, deleted: Int64, _ step: GarbageStep) throws -> Bool {
        guard try volume.engine.read({ try $0.delayedSlices(id) })?.deleted == deleted else { return false }
        return try volume.expireDelayedSlices(id) { try removeBlocks($0, of: step) }
    }

    private func empty(_ name: FileName, _ inode: Inode, _ step: GarbageStep) throws -> Bool {
        let isUnchanged = try volume.engine.read { reader in
            guard try reader.entry(named: name, in: .trash)?.inode == inode else { return false }
            // Contested data were left out of the plan.
            return try RemovalRules(reader: reader) { _ in false }.obstacle(toEmptying: name, inode) == nil
        }
        guard isUnchanged else { return false }
        try volume.emptyTrashHour(name, inode) { try removeData(of: $0, step) }
        try volume.flushUsage()
        return true
    }

    private func removeData(of file: DeletedFile, _ step: GarbageStep) throws {
        try options.cancellation.throwIfCancelled()
        try volume.deleteData(of: file) { try removeBlocks($0, of: step) }
    }

    /// Removes an unfinished clone, if still nothing leads to it.
    private func removeTree(_ top: Inode, added: Int64, _ step: GarbageStep) throws -> Bool {
        guard try isDetached(top, added: added) else { return false }
        let isRemoved = try volume.removeDetachedTree(top, added: added) { try removeData(of: $0, step) }
        try volume.flushUsage()
        return isRemoved
    }

    private func isDetached(_ top: Inode, added: Int64) throws -> Bool {
        try volume.engine.snapshot { scanner in
            guard try scanner.detachedNode(top)?.added == added, try scanner.node(top) != nil,
                try DetachedTrees.named(among: [top], scanner).isEmpty
            else { return false }
            // Contested data were left out of the plan.
            return try RemovalRules(reader: scanner) { _ in false }.obstacle(toRemovingBelow: top) == nil
        }
    }

    /// Removes a mark that is as it was seen, if what it marks is still alive or gone.
    private func forgetDetached(_ inode: Inode, added: Int64) throws -> Bool {
        let isStray = try volume.engine.snapshot { scanner in
            try scanner.node(inode) == nil || inode == .root || inode.isTrash
                || !DetachedTrees.named(among: [inode], scanner).isEmpty
        }
        guard isStray else { return false }
        return try volume.engine.write { transaction in
            guard try transaction.detachedNode(inode)?.added == added else { return false }
            try transaction.deleteDetachedNode(inode)
            return true
        }
    }

    /// Removes the objects of slices, each on record with the step that it is part of.
    private func removeBlocks(_ slices: [SliceKey], of step: GarbageStep) throws {
        let layout = try volume.settings.blockLayout()
        let blocks = slices.lazy.flatMap {
            layout.blocks(ofSlice: $0.id, size: min($0.size, UInt32(Chunk.size)))
        }
        var batch: [BlockKey] = []
        for block in blocks {
            batch.append(block)
            guard batch.count == Self.batchSize else { continue }
            try remove(batch, layout, of: step)
            batch.removeAll(keepingCapacity: true)
        }
        try remove(batch, layout, of: step)
    }

    private func remove(_ blocks: [BlockKey], _ layout: BlockLayout, of step: GarbageStep) throws {
        guard !blocks.isEmpty else { return }
        try journal.record(blocks.map { step.journalLine(of: $0, layout.objectKey(of: $0)) })
        let failures = store.delete(blocks.map { layout.objectKey(of: $0) })
        if let failure = failures.values.first { throw failure }
    }
}

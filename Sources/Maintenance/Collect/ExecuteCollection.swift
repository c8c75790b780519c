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
                case .slice(let id, let size, _): try deleteSlice(id, size: size)
                case .deletedFile(let inode, _, let deleted): try deleteData(of: inode, deleted: deleted)
                case .delayedSlices(let id, let deleted): try expire(id, deleted: deleted)
                case .trashHour(let name, let inode): try empty(name, inode)
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
    private func deleteSlice(_ id: UInt64, size: UInt32) throws -> Bool {
        guard let reference = try volume.engine.read({ try $0.sliceReference(id, size: size) }),
            reference.count <= 0, reference.size == size
        else { return false }
        try removeBlocks(id, size)
        try volume.engine.write { transaction in
            guard let current = try transaction.sliceReference(id, size: size) else { return }
            try volume.forget(current, transaction)
        }
        return true
    }

    private func deleteData(of inode: Inode, deleted: Int64) throws -> Bool {
        let file = try volume.engine.read { reader -> DeletedFile? in
            guard try reader.node(inode) == nil, try reader.parents(of: inode).isEmpty else { return nil }
            return try reader.deletedFile(inode)
        }
        guard let file, file.deleted == deleted else { return false }
        try volume.deleteData(of: file) { try removeBlocks($0, $1) }
        return true
    }

    private func expire(_ id: UInt64, deleted: Int64) throws -> Bool {
        guard try volume.engine.read({ try $0.delayedSlices(id) })?.deleted == deleted else { return false }
        return try volume.expireDelayedSlices(id) { try removeBlocks($0, $1) }
    }

    private func empty(_ name: FileName, _ inode: Inode) throws -> Bool {
        let isUnchanged = try volume.engine.read { reader in
            guard try reader.entry(named: name, in: .trash)?.inode == inode else { return false }
            // Contested data were left out of the plan.
            return try TrashHourRules(reader: reader) { _ in false }.obstacle(toEmptying: name, inode) == nil
        }
        guard isUnchanged else { return false }
        try volume.emptyTrashHour(name, inode) { file in
            try options.cancellation.throwIfCancelled()
            try volume.deleteData(of: file) { try removeBlocks($0, $1) }
        }
        try volume.flushUsage()
        return true
    }

    private func removeBlocks(_ id: UInt64, _ size: UInt32) throws {
        let layout = try volume.settings.blockLayout()
        for block in layout.blocks(ofSlice: id, size: min(size, UInt32(Chunk.size))) {
            try store.delete(layout.objectKey(of: block))
        }
    }
}

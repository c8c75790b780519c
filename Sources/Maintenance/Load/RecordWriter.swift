// SPDX-License-Identifier: Apache-2.0
// A load reads and writes at the same time: batches of records go to a thread that writes them in order.

import Metadata
import SluiceBase

/// Writes batches of records into a database that nobody else uses yet, one transaction each.
///
/// For one caller at a time. After an error nothing more is written; the next call throws it.
final class RecordWriter: Sendable {
    private struct State: Sendable {
        var thread: WorkerThread?
        /// Batches that are not in the database.
        var pending = 0
        var failure: (any Error)?
    }

    /// Two that wait, one that is written, one that is filled: that bounds the memory.
    private let batches = BoundedQueue<[LoadRecord]>(capacity: 2)
    private let engine: any MetadataEngine
    private let state = Monitor(State())

    init(_ engine: any MetadataEngine) {
        self.engine = engine
    }

    /// Hands a batch over; waits while the writer is behind.
    /// - Throws: what ended the writing; `SystemError` without a thread.
    func write(_ batch: [LoadRecord]) throws {
        try start()
        state.withLock { $0.pending += 1 }
        guard batches.push(batch) else { throw state.withLock { $0.failure } ?? CancelledError() }
    }

    /// Waits until everything that was handed over is in the database.
    /// - Throws: what ended the writing.
    func settle() throws {
        let failure = state.wait { state -> (any Error)?? in
            if let failure = state.failure { return .some(failure) }
            return state.pending == 0 ? .some(nil) : nil
        }
        if let failure { throw failure }
    }

    /// Drops what waits and comes back when nothing is written any more; no call may follow.
    func cancel() {
        batches.cancel()
        state.withLock { $0.thread }?.join()
    }

    private func start() throws {
        guard state.withLock(body: { $0.thread == nil }) else { return }
        let thread = try WorkerThread(name: "load") { self.run() }
        state.withLock { $0.thread = thread }
    }

    private func run() {
        while let batch = batches.pop() {
            do {
                try engine.fill { transaction in
                    for record in batch { try record.write(to: transaction) }
                }
                state.withLock(waking: 0) { $0.pending -= 1 }
            } catch {
                let failure = explained(error, batch)
                state.withLock(waking: 0) { $0.failure = failure }
                return batches.cancel()
            }
        }
    }

    /// A constraint of the database says less than the name that came twice.
    private func explained(_ error: any Error, _ batch: [LoadRecord]) -> any Error {
        guard (error as? EngineError)?.code == .exists else { return error }
        let entries = batch.compactMap { record -> LoadedEntry? in
            guard case .entry(let entry, let directory) = record else { return nil }
            return LoadedEntry(entry: entry, directory: directory)
        }
        do {
            return try engine.firstKnown(among: entries)?.contradiction ?? error
        } catch let other {
            return other
        }
    }
}

extension MetadataEngine {
    /// The first entry of a list that the database or the list itself holds already.
    func firstKnown(among entries: [LoadedEntry]) throws -> LoadedEntry? {
        var places: Set<LoadedEntry.Place> = []
        if let twice = entries.first(where: { !places.insert($0.place).inserted }) { return twice }
        return try read { reader in
            try entries.first { try reader.entry(named: $0.entry.name, in: $0.directory) != nil }
        }
    }
}

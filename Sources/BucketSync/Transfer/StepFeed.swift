// SPDX-License-Identifier: Apache-2.0
// Workers and the queue that feeds them. Steps travel in batches, so that small objects do not cost a wake-up
// each.

import SluiceBase

/// A pool of workers for the steps of one phase.
final class StepFeed: Sendable {
    private let queue = BoundedQueue<[SyncStep]>(capacity: 64)
    private let pool: WorkerPool

    /// - Parameter isLast: see `StepExecutor.run`.
    init(_ executor: StepExecutor, isLast: Bool) throws(SystemError) {
        let queue = queue
        pool = try WorkerPool(count: max(1, executor.options.threads), name: "sync") { _ in
            let copier = executor.makeCopier()
            while let steps = queue.pop() {
                for step in steps { executor.run(step, copier, isLast: isLast) }
            }
        }
    }

    func push(_ steps: [SyncStep]) {
        queue.push(steps)
    }

    /// Waits until everything is done.
    func finish() throws {
        queue.close()
        try pool.join()
    }

    /// Ends without doing what is queued.
    func abandon() {
        queue.cancel()
        do {
            try pool.join()
        } catch {
            // The error that led here is the one to report; steps write their own into the ledger.
        }
    }
}

/// Gathers steps into batches: few large objects or many small ones.
///
/// Used by one thread.
final class StepBatches {
    private static let steps = 32
    private static let bytes: UInt64 = 1 << 20

    private let hand: ([SyncStep]) -> Void
    private var pending: [SyncStep] = []
    private var pendingBytes: UInt64 = 0

    init(_ hand: @escaping ([SyncStep]) -> Void) {
        self.hand = hand
    }

    func append(_ step: SyncStep) {
        pending.append(step)
        pendingBytes &+= step.bytes  // one step ends the batch long before this wraps
        if pending.count >= Self.steps || pendingBytes >= Self.bytes { flush() }
    }

    func flush() {
        guard !pending.isEmpty else { return }
        hand(pending)
        pending = []
        pendingBytes = 0
    }
}

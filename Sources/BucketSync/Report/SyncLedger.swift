// SPDX-License-Identifier: Apache-2.0

import ObjectStorage
import SluiceBase
import Synchronization

/// Where all threads of a run write down what they did.
///
/// The lock guards numbers only; events go out without it.
final class SyncLedger: Sendable {
    private struct State {
        var counts = SyncCounts()
        var failures: [SyncFailure] = []
        var reachedLimit = false
    }

    private let state = Mutex(State())
    private let maximumFailures: UInt64?
    /// Set by a user's wish or by the failure limit.
    private let stop: Cancellation
    private let wish: Cancellation
    let events: (@Sendable (SyncEvent) -> Void)?

    init(maximumFailures: UInt64?, wish: Cancellation, events: (@Sendable (SyncEvent) -> Void)?) {
        self.maximumFailures = maximumFailures
        self.wish = wish
        self.events = events
        stop = Cancellation()
    }

    var counts: SyncCounts { state.withLock { $0.counts } }
    var failures: [SyncFailure] { state.withLock { $0.failures } }
    var reachedLimit: Bool { state.withLock { $0.reachedLimit } }
    var shouldStop: Bool { stop.isCancelled || wish.isCancelled }
    var isCancelled: Bool { wish.isCancelled }

    func count(_ change: (inout SyncCounts) -> Void) {
        state.withLock { change(&$0.counts) }
    }

    func end(_ step: SyncStep, _ outcome: StepOutcome) {
        events?(.ended(step, outcome))
    }

    func fail(_ step: SyncStep, _ error: StorageError) {
        let isLast = state.withLock { state in
            state.counts.failed += 1
            if state.failures.count < SyncReport.keptFailures {
                state.failures.append(SyncFailure(step.key, step.action, error))
            }
            guard let maximumFailures, state.counts.failed >= maximumFailures else { return false }
            state.reachedLimit = true
            return true
        }
        if isLast { stop.cancel() }
        end(step, .failed(error))
    }

    func warn(_ key: ObjectKey?, _ text: String) {
        events?(.warning(key, text))
    }
}

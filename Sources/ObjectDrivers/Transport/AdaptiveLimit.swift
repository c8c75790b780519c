// SPDX-License-Identifier: Apache-2.0
// How many requests an endpoint gets at a time: one more for every full round of good answers, half of them
// after a "slow down" or a time out (additive increase, multiplicative decrease).

package import SluiceBase

/// A number of slots that grows and shrinks with what the endpoint says.
package final class AdaptiveLimit: Sendable {
    private struct State: Sendable {
        var limit: Double
        var taken = 0
        /// Successes before this point belong to the time before the last decrease.
        var lastDecrease = MonotonicTime(nanoseconds: 0)
    }

    private let maximum: Double
    private let monitor: Monitor<State>
    /// A copy inside one store reads in one slot what it writes in another: whoever has waited this long goes
    /// anyway, so that slots can never wait for each other in a circle.
    private let patience: Duration

    /// - Parameter maximum: at least 1; also what it begins with.
    package init(maximum: Int, patience: Duration = .seconds(5)) {
        self.maximum = Double(max(1, maximum))
        self.patience = patience
        monitor = Monitor(State(limit: Double(max(1, maximum))))
    }

    /// Requests that may run at a time now.
    package var limit: Int { monitor.withLock { Int($0.limit) } }

    /// Takes a slot, waiting for one.
    package func enter() {
        let deadline = MonotonicTime.now + patience
        let isIn = monitor.wait(deadline: deadline) { state -> Bool? in
            guard state.taken < Int(state.limit) else { return nil }
            state.taken += 1
            return true
        }
        if isIn == nil { monitor.withLock { $0.taken += 1 } }
    }

    package enum Outcome: Sendable {
        case good
        /// 503, 429 or a time out.
        case overloaded
        /// Says nothing about the load.
        case other
    }

    /// Gives the slot back.
    /// - Parameter began: when the request was sent; one that ran before the last decrease is no reason for
    ///   another.
    package func leave(_ outcome: Outcome, began: MonotonicTime) {
        let maximum = maximum
        monitor.withLock(waking: 0) { state in
            state.taken -= 1
            switch outcome {
            case .good: state.limit = min(maximum, state.limit + 1 / state.limit)
            case .overloaded where began > state.lastDecrease:
                state.limit = max(1, state.limit / 2)
                state.lastDecrease = .now
            case .overloaded, .other: break
            }
        }
    }
}

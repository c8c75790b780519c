// SPDX-License-Identifier: Apache-2.0
// The pace of JuiceFS 1.4.2 (data-format §5.1): tokens flow at 0.85 of the limit, because headers and resends use the
// line too, and a tenth of a second's worth can be saved up.

import Synchronization

/// Holds a flow of bytes to a limit.
package final class TokenBucket: Sendable {
    private struct State {
        var bytesPerSecond: UInt64
        /// Negative after a run that was larger than what was saved up.
        var tokens: Double
        var updated: UInt64
    }

    private let state: Mutex<State>
    private let waiting: any Waiting

    /// Takes the limit in bytes per second; 0 means none.
    package init(bytesPerSecond: UInt64, waiting: any Waiting = SystemWaiting()) {
        self.waiting = waiting
        let burst = Double(bytesPerSecond) / 10
        state = Mutex(State(bytesPerSecond: bytesPerSecond, tokens: burst, updated: waiting.nanoseconds))
    }

    /// The limit in bytes per second, 0 for none.
    ///
    /// A change holds for whatever is taken afterwards.
    package var bytesPerSecond: UInt64 {
        get { state.withLock { $0.bytesPerSecond } }
        set {
            let now = waiting.nanoseconds
            state.withLock { state in
                Self.refill(&state, now)
                // A debt from an unlimited time or a slower limit does not outlive it.
                state.tokens = max(min(state.tokens, Double(newValue) / 10), 0)
                state.bytesPerSecond = newValue
            }
        }
    }

    /// Waits until `count` bytes may pass.
    package func take(_ count: Int) {
        let now = waiting.nanoseconds
        let pause: Double = state.withLock { state in
            Self.refill(&state, now)
            guard state.bytesPerSecond > 0 else { return 0 }
            state.tokens -= Double(count)
            return state.tokens < 0 ? -state.tokens / (Double(state.bytesPerSecond) * 0.85) : 0
        }
        if pause > 0 { waiting.wait(nanoseconds: UInt64(min(pause * 1e9, 1e18))) }
    }

    private static func refill(_ state: inout State, _ now: UInt64) {
        // Threads may come here in another order than they read the clock.
        guard now > state.updated else { return }
        let elapsed = Double(now - state.updated) / 1e9
        let rate = Double(state.bytesPerSecond)
        state.tokens = min(state.tokens + elapsed * rate * 0.85, rate / 10)
        state.updated = now
    }
}

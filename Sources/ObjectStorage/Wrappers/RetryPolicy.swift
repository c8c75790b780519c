// SPDX-License-Identifier: Apache-2.0

/// How often and how soon a failed call is tried again.
package struct RetryPolicy: Sendable {
    /// Calls in all, the first one included; at least 1.
    package var attempts: Int
    /// Seconds; the longest pause after the first failure, doubled with every further one.
    package var firstPause: Double
    /// Seconds; no pause of our own is longer.
    package var longestPause: Double
    /// Seconds; a store that asks for more is not waited for longer.
    package var longestAskedPause: Double

    package init(
        attempts: Int = 5,
        firstPause: Double = 0.5,
        longestPause: Double = 30,
        longestAskedPause: Double = 300,
    ) {
        self.attempts = attempts
        self.firstPause = firstPause
        self.longestPause = longestPause
        self.longestAskedPause = longestAskedPause
    }

    /// Seconds to wait after failure number `failure`, from 1: any time up to the doubled bound ("full
    /// jitter", so that many clients do not come back together), but at least what the store asked for.
    package func pause(after failure: Int, asked: Double?, chance: Double) -> Double {
        var bound = firstPause
        for _ in 1..<max(1, failure) where bound < longestPause { bound *= 2 }
        let own = min(bound, longestPause) * chance
        return max(own, min(asked ?? 0, longestAskedPause))
    }
}

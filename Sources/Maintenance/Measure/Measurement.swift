// SPDX-License-Identifier: Apache-2.0

package import SluiceBase
import Synchronization

/// What several threads did many times, and how long it took.
package struct Measurement: Hashable, Sendable {
    /// Of each operation.
    package var latencies = LatencyHistogram()
    /// From the first thread's start to the last one's end.
    package var elapsed = Duration.zero

    package init() {}

    /// Operations in a second, all threads together.
    package var rate: Double { rate(of: latencies.count) }

    /// How many of `count` things were done in a second; 0 when no time has passed.
    package func rate(of count: UInt64) -> Double {
        let seconds = Double(elapsed.wholeNanoseconds) / 1e9
        return seconds > 0 ? Double(count) / seconds : 0
    }

    /// Adds what was done afterwards.
    package mutating func add(_ other: Measurement) {
        latencies.add(other.latencies)
        elapsed += other.elapsed
    }
}

/// Runs a body on `threads` threads.
/// - Parameter body: is handed its thread's number and what times one operation.
/// - Throws: the first error of a body; `CancelledError`.
func measure(
    threads: Int,
    name: String,
    _ cancellation: Cancellation,
    _ body: @escaping @Sendable (Int, (() throws -> Void) throws -> Void) throws -> Void,
) throws -> Measurement {
    let latencies = Mutex(LatencyHistogram())
    let began = MonotonicTime.now
    let pool = try WorkerPool(count: threads, name: name, cancellation: cancellation) { thread in
        var mine = LatencyHistogram()
        try body(thread) { operation in
            try cancellation.throwIfCancelled()
            let start = MonotonicTime.now
            try operation()
            mine.add(.now - start)
        }
        latencies.withLock { [mine] in $0.add(mine) }
    }
    try pool.join()
    var found = Measurement()
    found.elapsed = MonotonicTime.now - began
    found.latencies = latencies.withLock { $0 }
    return found
}

// SPDX-License-Identifier: Apache-2.0

/// A thread that does something at regular intervals until it is stopped: heartbeats, progress lines,
/// samples.
///
/// The first run comes one interval after the start. A run that takes longer than the interval delays the
/// next one instead of piling up.
package final class PeriodicTask: Sendable {
    private let isStopped: Monitor<Bool>
    private let thread: WorkerThread

    /// Starts the thread.
    /// - Parameter name: of the thread.
    /// - Throws: `SystemError` when the system starts no further thread.
    package init(
        every interval: Duration,
        name: String,
        body: @escaping @Sendable () -> Void,
    ) throws(SystemError) {
        precondition(interval > .zero, "an interval is longer than nothing")
        let isStopped = Monitor(false)
        self.isStopped = isStopped
        thread = try WorkerThread(name: name) {
            var next = MonotonicTime.now + interval
            while isStopped.wait(deadline: next, until: { $0 ? true : nil }) == nil {
                body()
                next = max(next + interval, MonotonicTime.now)
            }
        }
    }

    deinit {
        isStopped.withLock(waking: 0) { $0 = true }
    }

    /// Ends the waiting at once, and returns when a run that is under way has ended.
    ///
    /// Not to be called by the body.
    package func stop() {
        isStopped.withLock(waking: 0) { $0 = true }
        thread.join()
    }
}

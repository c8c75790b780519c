// SPDX-License-Identifier: Apache-2.0
// Threads for transfers of blocks. They start when there is work for them, because most commands move few
// blocks or none, and end with their owner. A job must not submit to its own threads: it could wait for
// itself.

import SluiceBase

/// A bounded number of threads that run jobs in the order of submission.
///
/// Thread-safe.
package final class JobThreads: Sendable {
    package typealias Job = @Sendable () -> Void

    private struct Count: Sendable {
        /// Jobs submitted and not ended.
        var open = 0
        var threads = 0
    }

    /// Shared with the threads, so that they do not keep their owner alive.
    private let queue: BoundedQueue<Job>
    private let count = Monitor(Count())
    private let limit: Int
    private let name: String

    /// - Parameters:
    ///   - limit: most threads; at least 1 is taken.
    ///   - queueLimit: most jobs that wait; further submissions block.
    ///   - name: of the threads.
    package init(limit: Int, queueLimit: Int, name: String) {
        self.limit = max(limit, 1)
        self.name = name
        queue = BoundedQueue(capacity: max(queueLimit, 1))
    }

    deinit {
        queue.close()
    }

    /// Hands a job to a thread; blocks while the queue is full.
    ///
    /// Where the system starts no thread at all, the
    /// caller runs the job itself.
    package func submit(_ job: @escaping Job) {
        let limit = limit
        let needsThread = count.withLock { count in
            count.open += 1
            guard count.open > count.threads, count.threads < limit else { return false }
            count.threads += 1
            return true
        }
        if needsThread, !startThread() {
            let isAlone = count.withLock { count in
                count.threads -= 1
                return count.threads == 0
            }
            guard !isAlone else { return run(job) }
        }
        let count = count
        queue.push {
            job()
            count.withLock { $0.open -= 1 }
        }
    }

    private func run(_ job: Job) {
        job()
        count.withLock { $0.open -= 1 }
    }

    private func startThread() -> Bool {
        let queue = queue
        do throws(SystemError) {
            _ = try WorkerThread(name: name) {
                while let job = queue.pop() { job() }
            }
            return true
        } catch {
            return false
        }
    }
}

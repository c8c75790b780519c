// SPDX-License-Identifier: Apache-2.0
// Threads for transfers of blocks. They start when there is work for them, take jobs from one bounded queue and end
// when the pool goes. A job must not submit to its own pool: it could wait for itself.

import Glibc

/// A fixed number of threads that run jobs in the order of submission.
package final class WorkerPool: Sendable {
    package typealias Job = @Sendable () -> Void

    private struct State: Sendable {
        var jobs: [Job] = []
        var idle = 0
        var started = 0
        var closed = false
    }

    private let threadLimit: Int
    private let queueLimit: Int
    private let monitor: Monitor<State>

    /// - Parameters:
    ///   - threads: most threads; at least 1 is taken.
    ///   - queueLimit: most jobs that wait; further submissions block.
    package init(threads: Int, queueLimit: Int) {
        threadLimit = max(threads, 1)
        self.queueLimit = max(queueLimit, 1)
        monitor = Monitor(State())
    }

    deinit {
        monitor.change { $0.closed = true }
    }

    /// Queues a job; blocks while the queue is full. Where no thread can be started at all, the caller runs it.
    package func submit(_ job: @escaping Job) {
        let limits = (queue: queueLimit, threads: threadLimit)
        let needsThread = monitor.wait { state -> Bool? in
            guard state.jobs.count < limits.queue else { return nil }
            state.jobs.append(job)
            guard state.idle < state.jobs.count, state.started < limits.threads else { return false }
            state.started += 1
            return true
        }
        guard needsThread, !startThread() else { return }
        let orphaned = monitor.change { state in
            state.started -= 1
            return state.started == 0 ? state.jobs.popLast() : nil
        }
        orphaned?()
    }

    private func startThread() -> Bool {
        let monitor = monitor
        return DetachedThread.start { Self.work(monitor) }
    }

    private static func work(_ monitor: Monitor<State>) {
        while let job = nextJob(monitor) { job() }
    }

    private static func nextJob(_ monitor: Monitor<State>) -> Job? {
        monitor.change { $0.idle += 1 }
        return monitor.wait { state -> Job?? in
            if !state.jobs.isEmpty {
                state.idle -= 1
                return .some(state.jobs.removeFirst())
            }
            guard state.closed else { return nil }
            state.idle -= 1
            state.started -= 1
            return .some(nil)
        }
    }
}

/// A thread that nobody joins.
enum DetachedThread {
    private final class Body {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }

    /// - Returns: false when the system has no more threads for us.
    static func start(_ run: @escaping @Sendable () -> Void) -> Bool {
        let body = unsafe Unmanaged.passRetained(Body(run))
        var thread = pthread_t()
        let code = unsafe pthread_create(
            &thread, nil,
            { context in
                if let context = unsafe context {
                    unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                }
                return nil
            }, body.toOpaque())
        guard code == 0 else {
            unsafe body.release()
            return false
        }
        pthread_detach(thread)
        return true
    }
}

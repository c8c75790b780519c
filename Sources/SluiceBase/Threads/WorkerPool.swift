// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A fixed number of threads that run the same body, each with its index.
///
/// Either all threads start or none runs the body.
package final class WorkerPool: Sendable {
    private enum Gate: Sendable {
        case closed, open, abandoned
    }

    /// Shared with the threads, so that they do not keep the pool alive.
    private final class Shared: Sendable {
        let gate = Monitor(Gate.closed)
        let firstError = Mutex<(any Error)?>(nil)
    }

    private let shared = Shared()
    private let threads: [WorkerThread]

    /// Starts the threads.
    /// - Parameter name: the threads' name, followed by their index.
    /// - Parameter cancellation: cancelled when a body throws, so that the others can stop early.
    /// - Parameter body: gets 0 ..< count.
    /// - Throws: `SystemError` when the system does not start that many threads.
    package init(
        count: Int,
        name: String,
        stackSizeBytes: Int = 1 << 20,
        cancellation: Cancellation? = nil,
        body: @escaping @Sendable (_ index: Int) throws -> Void,
    ) throws(SystemError) {
        precondition(count > 0, "a pool has at least one thread")
        let shared = shared
        var started: [WorkerThread] = []
        do throws(SystemError) {
            for index in 0..<count {
                let thread = try WorkerThread(name: "\(name)-\(index)", stackSizeBytes: stackSizeBytes) {
                    guard shared.gate.wait(until: { $0 == .closed ? nil : $0 }) == .open else { return }
                    do {
                        try body(index)
                    } catch {
                        shared.firstError.withLock { $0 = $0 ?? error }
                        cancellation?.cancel()
                    }
                }
                started.append(thread)
            }
        } catch {
            shared.gate.withLock(waking: 0) { $0 = .abandoned }
            for thread in started { thread.join() }
            throw error
        }
        threads = started
        shared.gate.withLock(waking: 0) { $0 = .open }
    }

    /// Waits for all threads.
    /// - Throws: the error that a body threw first.
    package func join() throws {
        for thread in threads { thread.join() }
        if let error = shared.firstError.withLock({ $0 }) { throw error }
    }
}

// SPDX-License-Identifier: Apache-2.0
// libssh's calls wait for an answer for ever. So a thread looks after the connections: one on which nothing
// moves, or which nobody wants any more, is shut down, and the call that waits for it fails.

import Glibc
import SluiceBase
import Synchronization

/// When something moved on a connection last.
final class SFTPPulse: Sendable {
    fileprivate let socket: Int32
    /// Nanoseconds of `MonotonicTime`; 0 while nobody waits for the server.
    private let last = Atomic<Int64>(0)

    init(_ socket: Int32) {
        self.socket = socket
    }

    /// Something moves, or is going to be waited for.
    func beat() {
        last.store(MonotonicTime.now.nanoseconds, ordering: .relaxed)
    }

    /// Nobody waits for the server now.
    func rest() {
        last.store(0, ordering: .relaxed)
    }

    fileprivate func isWaiting(since limit: MonotonicTime) -> Bool {
        let last = last.load(ordering: .relaxed)
        return last != 0 && last <= limit.nanoseconds
    }
}

/// Looks after the connections to a server.
final class SFTPWatch: Sendable {
    private let pulses = Mutex<[ObjectIdentifier: SFTPPulse]>([:])
    private let thread = Mutex<PeriodicTask?>(nil)
    private let stall: Duration
    private let cancellation: Cancellation?

    /// - Parameter stall: without anything moving for so long a connection has failed.
    init(stall: Duration, _ cancellation: Cancellation?) {
        self.stall = stall
        self.cancellation = cancellation
    }

    var isCancelled: Bool { cancellation?.isCancelled == true }

    /// Looks after a connection until `forget`, which must come before its socket is closed.
    func look(after pulse: SFTPPulse) {
        pulses.withLock { $0[ObjectIdentifier(pulse)] = pulse }
        thread.withLock { thread in
            guard thread == nil else { return }
            // Without the thread a server that is silent is waited for; that is no reason to fail.
            thread = try? PeriodicTask(every: .milliseconds(500), name: "sftp") { [weak self] in self?.look()
            }
        }
    }

    func forget(_ pulse: SFTPPulse) {
        pulses.withLock { $0[ObjectIdentifier(pulse)] = nil }
    }

    private func look() {
        let now = MonotonicTime.now
        let limit = isCancelled ? now : MonotonicTime(nanoseconds: now.nanoseconds - stall.wholeNanoseconds)
        pulses.withLock { pulses in
            // Under the lock, so that no socket is closed meanwhile and its number another's.
            for pulse in pulses.values where pulse.isWaiting(since: limit) {
                shutdown(pulse.socket, Int32(SHUT_RDWR))
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// SIGINT and SIGTERM ask long work to stop at its next safe point; a second one ends the program at once,
// which is safe too, because nothing depends on a clean end. SIGUSR1 shows where the work is.

import Glibc
import SluiceBase
import Synchronization

enum Interruption {
    private static let progress = Mutex<@Sendable () -> String?>({ nil })

    /// Starts watching signals; call once, before the work starts its threads.
    /// - Returns: cancelled by the first signal.
    static func watch(_ shown: @escaping @Sendable () -> String? = { nil }) -> Cancellation {
        let cancellation = Cancellation()
        progress.withLock { $0 = shown }
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        for signal in [SIGINT, SIGTERM, SIGUSR1] { unsafe sigaddset(&signals, signal) }
        // Threads started from here on inherit the mask, so only the watcher sees the signals.
        unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
        let watched = signals
        // A thread that cannot be started leaves the signals blocked; then only SIGKILL ends the work.
        _ = try? WorkerThread(name: "signals") {
            var signals = watched
            while true {
                var number: Int32 = 0
                guard unsafe sigwait(&signals, &number) == 0 else { return }
                if number == SIGUSR1 {
                    if let text = progress.withLock({ $0 })() { Console.note(text) }
                    continue
                }
                if cancellation.isCancelled { _exit(ExitStatus.interrupted.rawValue) }
                cancellation.cancel()
            }
        }
        return cancellation
    }
}

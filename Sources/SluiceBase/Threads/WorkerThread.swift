// SPDX-License-Identifier: Apache-2.0
// Threads of our own: calls that block must not run on Swift's cooperative pool, which has one thread per
// processor.

import CLinux
import Glibc
import Synchronization

/// A running thread.
///
/// When nobody keeps or joins it, it still runs to its end.
package final class WorkerThread: Sendable {
    /// What the new thread gets.
    private final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void
        let isFinished = Monitor(false)

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    private let start: Start
    /// Nil once joined.
    private let handle: Mutex<pthread_t?>

    /// Starts a thread.
    /// - Parameter name: shown by `top -H` and debuggers, of which the system keeps 15 bytes.
    /// - Parameter stackSizeBytes: rounded up to whole pages and to at least 64 KiB; touched pages only cost
    /// memory.
    /// - Throws: `SystemError` when the system starts no further thread.
    package init(
        name: String,
        stackSizeBytes: Int = 1 << 20,
        body: @escaping @Sendable () -> Void,
    ) throws(SystemError) {
        let start = Start(name: name, body: body)
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        defer { unsafe pthread_attr_destroy(&attributes) }
        let pageSize = 4096
        unsafe pthread_attr_setstacksize(
            &attributes,
            (max(stackSizeBytes, 64 << 10) + pageSize - 1) & -pageSize
        )
        // Balanced by takeRetainedValue in the thread, or by release below when there is none.
        let context = unsafe Unmanaged.passRetained(start)
        var thread = pthread_t()
        let code = unsafe pthread_create(
            &thread,
            &attributes,
            { context in
                guard let context = unsafe context else { return nil }
                let start = unsafe Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
                unsafe withCString(ByteString(start.name)) { unsafe clinux_name_thread($0) }
                start.body()
                start.isFinished.withLock(waking: 0) { $0 = true }
                return nil
            },
            context.toOpaque()
        )
        guard code == 0 else {
            unsafe context.release()
            throw SystemError(code, "pthread_create")
        }
        self.start = start
        handle = Mutex(thread)
    }

    deinit {
        if let thread = handle.withLock({ $0 }) { pthread_detach(thread) }
    }

    /// Waits for the thread's end.
    ///
    /// May be called repeatedly and by several threads, but not by the thread itself.
    package func join() {
        start.isFinished.wait { $0 ? true : nil }
        let mine = handle.withLock { handle in
            let thread = handle
            handle = nil
            return thread
        }
        if let mine { pthread_join(mine, nil) }
    }
}

// SPDX-License-Identifier: Apache-2.0
// State that threads wait for. Synchronization has no condition variable, so this wraps the pthread pair.

import Glibc

/// A lock around a value, and a way to wait until the value changes. Nothing is called back while the lock is held
/// except the short closures given here.
@safe package final class Monitor<State: Sendable>: @unchecked Sendable {
    // Sendable because `state` is only touched between lock and unlock of `mutex`; the two pthread objects never move.
    private var state: State
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>

    package init(_ state: State) {
        self.state = state
        unsafe mutex = .allocate(capacity: 1)
        unsafe changed = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_cond_init(changed, nil)
    }

    deinit {
        unsafe pthread_cond_destroy(changed)
        unsafe pthread_mutex_destroy(mutex)
        unsafe changed.deallocate()
        unsafe mutex.deallocate()
    }

    /// Changes the value and wakes everybody who waits for it.
    package func change<Result>(_ body: (inout State) -> Result) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        let result = body(&state)
        unsafe pthread_cond_broadcast(changed)
        return result
    }

    /// Looks at the value without waking anybody.
    package func look<Result>(_ body: (State) -> Result) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return body(state)
    }

    /// Waits until `attempt` returns a value; it runs at once and after every change, and may change the value too.
    /// Whoever takes something that others wait for to be taken calls `change` instead.
    package func wait<Result>(for attempt: (inout State) -> Result?) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while true {
            if let result = attempt(&state) {
                unsafe pthread_cond_broadcast(changed)
                return result
            }
            unsafe pthread_cond_wait(changed, mutex)
        }
    }

    /// Waits as `wait(for:)` does, but no longer than `seconds`; nil when the time is up.
    package func wait<Result>(upToSeconds seconds: Double, for attempt: (inout State) -> Result?) -> Result? {
        var deadline = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &deadline)
        let nanoseconds = Int(min(max(seconds, 0), 1e6) * 1e9) + deadline.tv_nsec
        deadline.tv_sec += nanoseconds / 1_000_000_000
        deadline.tv_nsec = nanoseconds % 1_000_000_000
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while true {
            if let result = attempt(&state) {
                unsafe pthread_cond_broadcast(changed)
                return result
            }
            guard unsafe pthread_cond_timedwait(changed, mutex, &deadline) == 0 else { return nil }
        }
    }
}

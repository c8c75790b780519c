// SPDX-License-Identifier: Apache-2.0
// State behind a lock that threads can wait on. The state is reached only through the lock, and no access to
// it is open while a thread waits: the body is run again after each wake-up instead. Bodies call nothing
// that locks.

import Glibc

/// A value guarded by a lock, with conditions that threads wait on.
///
/// `@unchecked Sendable`: `state` and `waitingCounts` are touched only between lock and unlock of `mutex`;
/// the pointers never change after `init` and are freed when no thread can hold a reference any more.
@safe
package final class Monitor<State: Sendable>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let conditions: UnsafeMutableBufferPointer<pthread_cond_t>
    private var waitingCounts: [Int]
    private var state: State

    /// - Parameter conditionCount: how many different things threads wait for, at least 1.
    package init(_ state: State, conditionCount: Int = 1) {
        self.state = state
        waitingCounts = Array(repeating: 0, count: conditionCount)
        unsafe mutex = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
        unsafe conditions = .allocate(capacity: conditionCount)
        // Time limits count on the clock that nobody sets.
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        for index in 0..<conditionCount { unsafe pthread_cond_init(condition(index), &attributes) }
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        for index in waitingCounts.indices { unsafe pthread_cond_destroy(condition(index)) }
        unsafe conditions.deallocate()
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }

    /// Runs `body` alone and wakes the threads that wait for any of `conditions`.
    package func withLock<Result>(waking conditions: Int..., body: (inout State) -> Result) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        let result = body(&state)
        for index in conditions where waitingCounts[index] > 0 {
            unsafe pthread_cond_broadcast(condition(index))
        }
        return result
    }

    /// Runs `body` alone, again after each wake-up of `condition`, until it gives a result; then wakes one
    /// thread that waits for `waking`.
    @discardableResult
    package func wait<Result>(
        for index: Int = 0,
        waking next: Int? = nil,
        until body: (inout State) -> Result?,
    ) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while true {
            if let result = body(&state) {
                if let next, waitingCounts[next] > 0 { unsafe pthread_cond_signal(condition(next)) }
                return result
            }
            waitingCounts[index] += 1
            unsafe pthread_cond_wait(condition(index), mutex)
            waitingCounts[index] -= 1
        }
    }

    /// As `wait(for:waking:until:)`, but nil when `body` has given no result by `deadline`.
    package func wait<Result>(
        for index: Int = 0,
        deadline: MonotonicTime,
        until body: (inout State) -> Result?,
    ) -> Result? {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        var time = deadline.specification
        while true {
            if let result = body(&state) { return result }
            waitingCounts[index] += 1
            let outcome = unsafe pthread_cond_timedwait(condition(index), mutex, &time)
            waitingCounts[index] -= 1
            if outcome == ETIMEDOUT { return body(&state) }
        }
    }

    private func condition(_ index: Int) -> UnsafeMutablePointer<pthread_cond_t> {
        unsafe precondition(
            conditions.indices.contains(index),
            "a monitor has only the conditions it was made with"
        )
        guard let first = unsafe conditions.baseAddress else {
            preconditionFailure("a monitor has at least one condition")
        }
        return unsafe first + index
    }
}

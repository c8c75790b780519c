// SPDX-License-Identifier: Apache-2.0

import Glibc

/// How time passes, so that tests need not wait for it.
package protocol Waiting: Sendable {
    /// Nanoseconds on a clock that never goes back.
    var nanoseconds: UInt64 { get }

    /// Returns after that many nanoseconds.
    func wait(nanoseconds: UInt64)
}

/// The system's monotonic clock.
package struct SystemWaiting: Waiting {
    package init() {}

    package var nanoseconds: UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(clamping: time.tv_sec) &* 1_000_000_000 &+ UInt64(clamping: time.tv_nsec)
    }

    package func wait(nanoseconds: UInt64) {
        var left = timespec(
            tv_sec: Int(clamping: nanoseconds / 1_000_000_000),
            tv_nsec: Int(nanoseconds % 1_000_000_000)
        )
        // A signal ends the sleep early and says what is left.
        while true {
            var rest = timespec()
            guard unsafe nanosleep(&left, &rest) != 0, errno == EINTR else { return }
            left = rest
        }
    }
}

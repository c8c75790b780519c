// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A point on the clock that nobody sets, for time limits and measurements; meaningless outside this process.
package struct MonotonicTime: Hashable, Comparable, Sendable {
    /// Nanoseconds since some moment, usually the machine's start.
    package var nanoseconds: Int64

    /// - Parameter nanoseconds: as `CLOCK_MONOTONIC` counts them.
    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// This moment.
    package static var now: MonotonicTime {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        // A machine that is up for less than 292 years stays in range.
        return MonotonicTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// The time between two points.
    package static func - (later: MonotonicTime, earlier: MonotonicTime) -> Duration {
        .nanoseconds(later.nanoseconds.subtractingReportingOverflow(earlier.nanoseconds).partialValue)
    }

    /// The point that lies `duration` later, saturating at the end.
    package static func + (time: MonotonicTime, duration: Duration) -> MonotonicTime {
        let (sum, overflow) = time.nanoseconds.addingReportingOverflow(duration.wholeNanoseconds)
        return MonotonicTime(nanoseconds: overflow ? (duration > .zero ? .max : .min) : sum)
    }

    package static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// As the system's calls want it, not before the clock's start.
    var specification: timespec {
        let known = max(0, nanoseconds)
        return timespec(tv_sec: Int(known / 1_000_000_000), tv_nsec: Int(known % 1_000_000_000))
    }
}

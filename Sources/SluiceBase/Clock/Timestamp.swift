// SPDX-License-Identifier: Apache-2.0
// Named Timestamp because a volume stores UTC epoch times with nanoseconds, in two different encodings.

import Glibc

/// A UTC time: seconds and nanoseconds since the epoch.
package struct Timestamp: Hashable, Comparable, Sendable {
    package var seconds: Int64
    /// 0 ..< 1_000_000_000.
    package var nanoseconds: UInt32

    package init(seconds: Int64, nanoseconds: UInt32 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    package static let epoch = Timestamp(seconds: 0)

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }

    /// The time that lies `seconds` later (earlier when negative), saturating at the ends.
    package func advanced(bySeconds delta: Int64) -> Timestamp {
        let (sum, overflow) = seconds.addingReportingOverflow(delta)
        guard overflow else { return Timestamp(seconds: sum, nanoseconds: nanoseconds) }
        return Timestamp(seconds: delta > 0 ? .max : .min, nanoseconds: nanoseconds)
    }
}

/// Where the time comes from, so that tests can hold it still.
package protocol TimeSource: Sendable {
    func now() -> Timestamp
}

/// The system's real-time clock.
package struct SystemClock: TimeSource {
    package init() {}

    package func now() -> Timestamp {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: UInt32(time.tv_nsec))
    }
}

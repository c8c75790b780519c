// SPDX-License-Identifier: Apache-2.0
// How long things took, in little memory: buckets that grow with what they hold, 16 for each power of two, so
// that a percentile is at most a sixteenth too high.

/// Counts of durations, from which percentiles are told.
package struct LatencyHistogram: Hashable, Sendable {
    private static let bits = 4
    private static let perPower = 1 << bits

    private var counts = [UInt64](repeating: 0, count: 64 * Self.perPower)
    package private(set) var count: UInt64 = 0
    package private(set) var total: Duration = .zero
    package private(set) var longest: Duration = .zero

    package init() {}

    /// Adds one duration; a negative one counts as none.
    package mutating func add(_ duration: Duration) {
        let duration = max(duration, .zero)
        counts[Self.bucket(of: UInt64(duration.wholeNanoseconds))] += 1
        count += 1
        total += duration
        longest = max(longest, duration)
    }

    /// Adds everything that another one holds.
    package mutating func add(_ other: LatencyHistogram) {
        for index in counts.indices { counts[index] += other.counts[index] }
        count += other.count
        total += other.total
        longest = max(longest, other.longest)
    }

    /// The duration that a share of all did not exceed; zero when there are none.
    /// - Parameter share: 0 ... 1.
    package func percentile(_ share: Double) -> Duration {
        let wanted = UInt64((share * Double(count)).rounded(.up))
        var seen: UInt64 = 0
        for (index, number) in counts.enumerated() where number > 0 {
            seen += number
            if seen >= max(wanted, 1) {
                return min(.nanoseconds(Int64(clamping: Self.upperEnd(of: index))), longest)
            }
        }
        return longest
    }

    /// The arithmetic mean; zero when there are none.
    package var mean: Duration { count == 0 ? .zero : total / Int(clamping: count) }

    /// Values below 16 have a bucket each; above, the leading bit chooses 16 buckets and the next four bits
    /// one of them.
    private static func bucket(of value: UInt64) -> Int {
        guard value >= UInt64(perPower) else { return Int(value) }
        let power = 63 - value.leadingZeroBitCount
        let within = Int(value >> UInt64(power - bits)) - perPower
        return (power - bits + 1) * perPower + within
    }

    private static func upperEnd(of bucket: Int) -> UInt64 {
        guard bucket >= perPower else { return UInt64(bucket) }
        let shift = UInt64(bucket / perPower - 1)
        let lower = UInt64(bucket % perPower + perPower) << shift
        return lower + ((1 << shift) - 1)
    }
}

// SPDX-License-Identifier: Apache-2.0

import SluiceBase
import Testing

@Suite("Latency histogram")
struct LatencyHistogramTests {
    @Test("Percentiles are the true ones, at most a sixteenth higher", arguments: [1, 2, 3] as [UInt64])
    func percentiles(_ seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var histogram = LatencyHistogram()
        var all: [Int64] = []
        for _ in 0..<5000 {
            let value = Int64(random.next() >> UInt64.random(in: 1...60, using: &random))
            all.append(value)
            histogram.add(.nanoseconds(value))
        }
        all.sort()
        for share in [0.0, 0.01, 0.5, 0.95, 0.99, 1] {
            let exact = all[max(0, Int((share * Double(all.count)).rounded(.up)) - 1)]
            let told = histogram.percentile(share).components
            let nanoseconds = Int128(told.seconds) * 1_000_000_000 + Int128(told.attoseconds / 1_000_000_000)
            #expect(nanoseconds >= Int128(exact) && nanoseconds <= Int128(exact) + Int128(exact) / 16)
        }
        #expect(histogram.longest == .nanoseconds(all[4999]))
    }

    @Test("Two together are as if all had been added to one")
    func sum() {
        var (left, right, both) = (LatencyHistogram(), LatencyHistogram(), LatencyHistogram())
        for value in [0, 1, 15, 16, 17, 31, 32, 1000, 123_456_789, Int64.max / 4] {
            both.add(.nanoseconds(value))
            if value % 2 == 0 { left.add(.nanoseconds(value)) } else { right.add(.nanoseconds(value)) }
        }
        left.add(right)
        #expect(left == both)
        #expect(left.count == 10)
    }

    @Test("None at all has no latencies, a negative one counts as none")
    func edges() {
        var histogram = LatencyHistogram()
        #expect(histogram.percentile(0.99) == .zero && histogram.mean == .zero)
        histogram.add(.seconds(-1))
        #expect(histogram.count == 1 && histogram.longest == .zero && histogram.percentile(1) == .zero)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Durations as people write and read them: Go's spelling, plus days, plus bare seconds, as JuiceFS 1.4.2
// takes them.

private let nanosecondsPerSecond: UInt128 = 1_000_000_000

/// The units that a duration may be written in, by name, in nanoseconds.
private let durationUnits: [Substring: UInt128] = [
    "ns": 1, "us": 1000, "µs": 1000, "μs": 1000, "ms": 1_000_000, "s": nanosecondsPerSecond,
    "m": 60 * nanosecondsPerSecond, "h": 3600 * nanosecondsPerSecond, "d": 86400 * nanosecondsPerSecond,
]

/// Reads a duration: bare seconds (`90`, `1.5`) or numbers with units (`300ms`, `1h30m`, `2d`, `2d12h`).
///
/// - Throws: `UnitError` for any other text, negative durations and those beyond 292 years.
package func parseDuration(_ text: String) throws(UnitError) -> Duration {
    let hint = "no duration; write seconds or units, as in 90, 300ms, 1h30m, 2d"
    let limit = UInt128(UInt64(Int64.max))
    var rest = text[...]
    var total: UInt128 = 0
    guard !text.isEmpty else { throw UnitError(text, hint) }
    while !rest.isEmpty {
        let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        rest = rest.dropFirst(number.count)
        let unit = rest.prefix { $0.isLetter }
        rest = rest.dropFirst(unit.count)
        let isBareSeconds =
            unit.isEmpty && number.endIndex == text.endIndex && number.startIndex == text.startIndex
        guard let decimal = DecimalText(number),
            let scale = isBareSeconds ? nanosecondsPerSecond : durationUnits[unit]
        else { throw UnitError(text, hint) }
        // Each term and the sum stay far below 2^128 once a term is checked against the limit.
        guard let term = decimal.scaled(by: scale), term <= limit, total + term <= limit else {
            throw UnitError(text, "longer than 292 years")
        }
        total += term
    }
    return .nanoseconds(Int64(truncatingIfNeeded: total))
}

/// A duration for people: `0s`, `250us`, `300ms`, `1.5s`, `1h30m`, `2d3h`; below a minute rounded to
/// milliseconds, from a minute on to seconds.
///
/// What is printed can be read by `parseDuration` unless negative.
package func formatDuration(_ duration: Duration) -> String {
    guard duration >= .zero else { return "-" + formatDuration(.zero - duration) }
    let nanoseconds = duration.wholeNanoseconds
    switch nanoseconds {
    case 0: return "0s"
    case ..<1000: return "\(nanoseconds)ns"
    case ..<1_000_000: return "\(nanoseconds / 1000)us"
    case ..<1_000_000_000: return "\(nanoseconds / 1_000_000)ms"
    case ..<60_000_000_000:
        let milliseconds = nanoseconds / 1_000_000
        return "\(milliseconds / 1000)" + fraction(milliseconds % 1000, width: 3) + "s"
    default: break
    }
    let seconds = nanoseconds / 1_000_000_000
    let parts = [
        (seconds / 86400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s"),
    ]
    return parts.filter { $0.0 > 0 }.map { "\($0.0)\($0.1)" }.joined()
}

/// `.5` for 500 of width 3: the digits behind the point without zeros at the end, empty for zero.
func fraction(_ value: some BinaryInteger, width: Int) -> String {
    guard value > 0 else { return "" }
    var digits = zeroPadded(value, width: width)
    while digits.last == "0" { digits.removeLast() }
    return "." + digits
}

/// Decimal digits with zeros in front up to `width`.
func zeroPadded(_ value: some BinaryInteger, width: Int) -> String {
    let digits = String(value.magnitude)
    return (value < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.count)) + digits
}

extension Duration {
    /// The duration in nanoseconds, rounded towards zero, at the ends of the range the largest number that
    /// fits.
    package var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflowAdding) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        guard overflow || overflowAdding else { return sum }
        return seconds < 0 ? .min : .max
    }

    /// The duration in seconds, for rates and averages.
    package var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}

// SPDX-License-Identifier: Apache-2.0
// Decimal numbers without floating point in between: a size of 1.1 TiB has one exact value.

import Glibc

/// An unsigned decimal number with an optional fraction, exact.
struct DecimalText {
    /// All digits as one number.
    private let digits: UInt64
    /// 10 to the number of digits behind the point.
    private let divisor: UInt64

    /// Nil for anything but digits with at most one point among or before or behind them, and when the
    /// digits do not fit 64 bits.
    init?(_ text: Substring) {
        var digits: UInt64 = 0
        var divisor: UInt64 = 1
        var pointSeen = false
        var digitSeen = false
        for byte in text.utf8 {
            if byte == UInt8(ascii: "."), !pointSeen {
                pointSeen = true
                continue
            }
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            digitSeen = true
            let (product, overflow) = digits.multipliedReportingOverflow(by: 10)
            let (sum, overflowAdding) = product.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
            let (scale, overflowScaling) = divisor.multipliedReportingOverflow(by: pointSeen ? 10 : 1)
            guard !overflow, !overflowAdding, !overflowScaling else { return nil }
            digits = sum
            divisor = scale
        }
        guard digitSeen else { return nil }
        self.digits = digits
        self.divisor = divisor
    }

    /// Whether the number was written without digits behind the point.
    var isWhole: Bool { divisor == 1 }

    /// The number times `factor`, rounded down, nil when it does not fit 128 bits.
    func scaled(by factor: UInt128) -> UInt128? {
        let (product, overflow) = UInt128(digits).multipliedReportingOverflow(by: factor)
        return overflow ? nil : product / UInt128(divisor)
    }
}

/// A floating-point number with exactly `places` digits behind the point, rounded as C and Go round; `nan`,
/// `inf` and `-inf` for what is no number.
///
/// - Parameter places: 0 ... 30.
package func decimal(_ value: Double, places: Int) -> String {
    precondition((0...30).contains(places), "digits behind the point must be 0 ... 30")
    guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
    // The longest double has 309 digits before the point.
    return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 384) { buffer in
        let length = unsafe withVaList([Int32(truncatingIfNeeded: places), value]) {
            unsafe vsnprintf(buffer.baseAddress, buffer.count, "%.*f", $0)
        }
        var text = ""
        var pointWritten = false
        for position in 0..<min(max(Int(length), 0), buffer.count) {
            let byte = UInt8(bitPattern: unsafe buffer[position])
            if byte == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else if !pointWritten {
                // The locale's decimal sign, one or several bytes, becomes a point.
                text += "."
                pointWritten = true
            }
        }
        return text
    }
}

// SPDX-License-Identifier: Apache-2.0
// Decimal numbers as Redis and the peers write them: digits, and a minus sign where the number may be
// negative. Swift's own parser would also take `+5`.

extension FixedWidthInteger {
    /// Nil for anything but digits, with one minus sign before them if the type has negative numbers.
    init?(decimal bytes: some Collection<UInt8>) {
        let isNegative = bytes.first == UInt8(ascii: "-")
        let digits = isNegative ? bytes.dropFirst() : bytes.dropFirst(0)
        guard !digits.isEmpty, Self.isSigned || !isNegative else { return nil }
        var value: Self = 0
        for byte in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            let digit = Self(byte - UInt8(ascii: "0"))
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflowed) =
                isNegative
                ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
            guard !overflow, !overflowed else { return nil }
            value = sum
        }
        self = value
    }
}

extension [UInt8] {
    /// The decimal digits of a number.
    init(decimal number: Int64) {
        self = []
        if number < 0 { append(UInt8(ascii: "-")) }
        append(decimal: number.magnitude)
    }

    /// The decimal digits of a number.
    init(decimal number: UInt64) {
        self = []
        append(decimal: number)
    }
}

extension Int64 {
    /// The score of a sorted set, which Redis keeps as a floating-point number.
    init?(score bytes: [UInt8]) {
        if let whole = Int64(decimal: bytes) {
            self = whole
            return
        }
        guard let number = Double(String(decoding: bytes, as: UTF8.self)),
            let whole = Int64(exactly: number.rounded(.towardZero))
        else { return nil }
        self = whole
    }
}

// SPDX-License-Identifier: Apache-2.0
// Sizes in bytes as people write and read them. Units are powers of 1024 throughout, as in JuiceFS 1.4.2.

/// A unit of size, a power of 1024.
package enum ByteUnit: Int, CaseIterable, Sendable {
    case bytes, kibi, mebi, gibi, tebi, pebi, exbi

    /// The unit's size as a power of two.
    package var shift: Int { rawValue * 10 }

    /// `B`, `KiB`, … `EiB`.
    package var symbol: String {
        switch self {
        case .bytes: "B"
        case .kibi: "KiB"
        case .mebi: "MiB"
        case .gibi: "GiB"
        case .tebi: "TiB"
        case .pebi: "PiB"
        case .exbi: "EiB"
        }
    }

    /// The unit of `B`, or of `K`, `KB`, `Ki`, `KiB` and so on, in any case.
    fileprivate init?(spelling: Substring) {
        let lower = spelling.lowercased()
        for unit in Self.allCases {
            let letter = unit.symbol.prefix(1).lowercased()
            let spellings = unit == .bytes ? [letter] : [letter, letter + "b", letter + "i", letter + "ib"]
            if spellings.contains(lower) {
                self = unit
                return
            }
        }
        return nil
    }
}

/// Reads a size: digits with an optional fraction and an optional unit (`100`, `4M`, `1.5G`, `64KiB`).
///
/// - Parameter defaultUnit: the unit of a bare number; JuiceFS takes MiB for some flags and GiB for others.
/// - Returns: bytes; a fraction of a byte is dropped.
/// - Throws: `UnitError` for any other text and for sizes of 16 EiB and more.
package func parseBytes(_ text: String, defaultUnit: ByteUnit = .bytes) throws(UnitError) -> UInt64 {
    let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let suffix = text.dropFirst(number.count)
    guard let decimal = DecimalText(number) else {
        throw UnitError(text, "no size; write a number with a unit, as in 100, 64K, 1.5G")
    }
    var unit = defaultUnit
    if !suffix.isEmpty {
        guard let named = ByteUnit(spelling: suffix) else {
            throw UnitError(text, "unknown unit; use B, K, M, G, T, P or E")
        }
        unit = named
    }
    guard let bytes = decimal.scaled(by: UInt128(1) << unit.shift).flatMap(UInt64.init(exactly:)) else {
        throw UnitError(text, "larger than 16 EiB")
    }
    return bytes
}

/// A size for people in the largest fitting unit, rounded to one digit behind the point: `512 B`, `1.5 KiB`,
/// `2.0 TiB`.
package func formatBytes(_ count: some BinaryInteger) -> String {
    let magnitude = UInt64(clamping: count.magnitude)
    let sign = count < 0 ? "-" : ""
    guard magnitude >= 1024 else { return "\(sign)\(magnitude) B" }
    var unit = ByteUnit.allCases[min((63 - magnitude.leadingZeroBitCount) / 10, ByteUnit.allCases.count - 1)]
    var tenths = roundedTenths(magnitude, unit)
    // 1023.96 KiB is shown as 1.0 MiB, not as 1024.0 KiB.
    if tenths >= 10240, let larger = ByteUnit(rawValue: unit.rawValue + 1) {
        unit = larger
        tenths = roundedTenths(magnitude, unit)
    }
    return "\(sign)\(tenths / 10).\(tenths % 10) \(unit.symbol)"
}

private func roundedTenths(_ bytes: UInt64, _ unit: ByteUnit) -> UInt64 {
    let half = UInt128(1) << (unit.shift - 1)
    return UInt64(truncatingIfNeeded: (UInt128(bytes) * 10 + half) >> unit.shift)
}

/// A count with a comma between groups of three digits: `1,234,567`.
package func formatCount(_ count: some BinaryInteger) -> String {
    let digits = String(count.magnitude)
    var text = count < 0 ? "-" : ""
    for (position, digit) in digits.enumerated() {
        if position > 0, (digits.count - position) % 3 == 0 { text += "," }
        text.append(digit)
    }
    return text
}

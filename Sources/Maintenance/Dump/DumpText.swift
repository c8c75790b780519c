// SPDX-License-Identifier: Apache-2.0
// The words of a JSON dump as JuiceFS 1.4.2 spells them (metadata-format §6.1).

import VolumeModel

/// Text of a dump that is being put together.
struct DumpText {
    var bytes: [UInt8] = []

    mutating func append(_ text: StaticString) {
        unsafe bytes.append(
            contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        )
    }

    mutating func append(_ number: some FixedWidthInteger) {
        guard number != 0 else { return bytes.append(0x30) }
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        var rest = UInt64(number.magnitude)
        let start = bytes.count
        while rest > 0 {
            bytes.append(0x30 + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        }
        bytes[start...].reverse()
    }

    /// A field of an object that is not its first one.
    mutating func field(_ name: StaticString, _ value: some FixedWidthInteger) {
        append(name)
        append(value)
    }

    /// The same, left out when it is 0.
    mutating func fieldUnlessZero(_ name: StaticString, _ value: some FixedWidthInteger) {
        if value != 0 { field(name, value) }
    }

    /// A new line with that many blanks.
    mutating func breakLine(_ indent: Int) {
        bytes.append(0x0A)
        bytes.append(contentsOf: repeatElement(0x20, count: indent))
    }

    // MARK: Escapes

    /// A name, link target or value: `%XX` stands for blanks, control characters, `%`, `"`, `\` and bytes
    /// that are not UTF-8.
    ///
    /// U+FFFD is escaped byte by byte: JuiceFS 1.4.2 keeps only its first byte, and reads all three.
    mutating func append<Bytes: RandomAccessCollection<UInt8>>(escaping name: Bytes)
    where Bytes.Index == Int {
        var index = name.startIndex
        while index < name.endIndex {
            let byte = name[index]
            if byte < 0x80 {
                if byte <= 0x20 || byte == 0x25 || byte == 0x22 || byte == 0x5C {
                    appendPercent(byte)
                } else {
                    bytes.append(byte)
                }
                index += 1
                continue
            }
            let width = Self.sequenceWidth(name, at: index)
            let isReplacement =
                width == 3 && byte == 0xEF && name[index + 1] == 0xBF && name[index + 2] == 0xBD
            if width == 0 || isReplacement {
                for offset in 0..<max(width, 1) { appendPercent(name[index + offset]) }
            } else {
                for offset in 0..<width { bytes.append(name[index + offset]) }
            }
            index += max(width, 1)
        }
    }

    private mutating func appendPercent(_ byte: UInt8) {
        bytes.append(0x25)
        bytes.append(Self.digit(byte >> 4, "A"))
        bytes.append(Self.digit(byte & 15, "A"))
    }

    private static func digit(_ value: UInt8, _ ten: Unicode.Scalar) -> UInt8 {
        value < 10 ? 0x30 + value : UInt8(ascii: ten) + value - 10
    }

    /// The length of the UTF-8 sequence that starts at a byte above 0x7F, 0 when none does.
    static func sequenceWidth<Bytes: RandomAccessCollection<UInt8>>(_ bytes: Bytes, at index: Int) -> Int
    where Bytes.Index == Int {
        func tail(_ offset: Int, _ range: ClosedRange<UInt8> = 0x80...0xBF) -> Bool {
            index + offset < bytes.endIndex && range.contains(bytes[index + offset])
        }
        switch bytes[index] {
        case 0xC2...0xDF: return tail(1) ? 2 : 0
        case 0xE0: return tail(1, 0xA0...0xBF) && tail(2) ? 3 : 0
        case 0xED: return tail(1, 0x80...0x9F) && tail(2) ? 3 : 0
        case 0xE1...0xEF: return tail(1) && tail(2) ? 3 : 0
        case 0xF0: return tail(1, 0x90...0xBF) && tail(2) && tail(3) ? 4 : 0
        case 0xF1...0xF3: return tail(1) && tail(2) && tail(3) ? 4 : 0
        case 0xF4: return tail(1, 0x80...0x8F) && tail(2) && tail(3) ? 4 : 0
        default: return 0
        }
    }

    /// The inside of a JSON string as Go's encoder writes it.
    ///
    /// Compatibility: of bytes that are not UTF-8 JuiceFS 1.4.2 makes U+FFFD, which loses them and may make
    /// two names one; they stay as they are here, and its reader takes them for U+FFFD.
    mutating func append(encoding text: [UInt8]) {
        var index = 0
        while index < text.count {
            let byte = text[index]
            guard byte >= 0x80 else {
                appendEncoded(byte)
                index += 1
                continue
            }
            let width = Self.sequenceWidth(text, at: index)
            let isSeparator =
                width == 3 && byte == 0xE2 && text[index + 1] == 0x80 && text[index + 2] & 0xFE == 0xA8
            if width == 0 {
                bytes.append(byte)
            } else if isSeparator {
                append(text[index + 2] == 0xA8 ? "\\u2028" : "\\u2029")
            } else {
                bytes.append(contentsOf: text[index..<index + width])
            }
            index += max(width, 1)
        }
    }

    private mutating func appendEncoded(_ byte: UInt8) {
        switch byte {
        case 0x22, 0x5C: bytes += [0x5C, byte]
        case 0x0A: append("\\n")
        case 0x0D: append("\\r")
        case 0x09: append("\\t")
        case 0x08: append("\\b")
        case 0x0C: append("\\f")
        case 0..<0x20, 0x3C, 0x3E, 0x26:
            append("\\u00")
            bytes.append(Self.digit(byte >> 4, "a"))
            bytes.append(Self.digit(byte & 15, "a"))
        default: bytes.append(byte)
        }
    }
}

/// Undoes the escapes of `DumpText`: `%` and two digits of which letters are upper-case.
func unescapedName(_ text: [UInt8]) -> [UInt8] {
    guard text.contains(0x25) else { return text }
    func value(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        default: nil
        }
    }
    var name: [UInt8] = []
    name.reserveCapacity(text.count)
    var index = 0
    while index < text.count {
        if text[index] == 0x25, index + 2 < text.count, let high = value(text[index + 1]),
            let low = value(text[index + 2])
        {
            name.append(high << 4 | low)
            index += 3
        } else {
            name.append(text[index])
            index += 1
        }
    }
    return name
}

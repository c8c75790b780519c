// SPDX-License-Identifier: Apache-2.0
// JSON as it streams by: one buffer, whatever the size of the document. What is read is hashed, so that a
// footer can be compared with everything before it.

import Glibc
import SluiceBase

/// Reads JSON piece by piece.
///
/// For one thread. Errors are `CodecError` with the offset in the document, or what the input throws.
@safe
package final class DumpTokens {
    private static let bufferBytes = 256 << 10
    /// Longest string: an extended attribute of 64 KiB of which each byte is escaped twice.
    private static let longestString = 1 << 20
    private static let deepestValue = 64

    private let input: any DumpInput
    private let buffer: UnsafeMutableRawBufferPointer
    private var position = 0
    private var filled = 0
    /// Bytes of the document before the buffer.
    private var passed: UInt64 = 0
    private let hash = SHA256Stream()
    private var hashed = 0
    /// The string that was read last, without its escapes.
    private(set) var text: [UInt8] = []

    package init(_ input: any DumpInput) {
        self.input = input
        unsafe buffer = .allocate(byteCount: Self.bufferBytes, alignment: 16)
        text.reserveCapacity(256)
    }

    deinit {
        unsafe buffer.deallocate()
    }

    /// Bytes read so far.
    package var offset: UInt64 { passed + UInt64(position) }

    func failure(_ reason: String) -> CodecError {
        CodecError("dump", at: Int(clamping: offset), reason)
    }

    // MARK: Bytes

    /// Makes sure that there is a byte at `position`.
    /// - Returns: false at the end of the document.
    private func refill() throws -> Bool {
        guard position == filled else { return true }
        takeIntoHash()
        passed += UInt64(filled)
        (position, hashed) = (0, 0)
        filled = unsafe try input.read(into: buffer)
        return filled > 0
    }

    private func takeIntoHash() {
        unsafe hash.update(UnsafeRawBufferPointer(rebasing: buffer[hashed..<position]))
        hashed = position
    }

    /// SHA-256 of everything that was read so far.
    private func digest() -> [UInt8] {
        takeIntoHash()
        return hash.digest()
    }

    /// The next byte, which stays.
    private func byte() throws -> UInt8 {
        if position == filled, try !refill() { throw failure("it ends too early") }
        return unsafe buffer[position]
    }

    /// The next byte that is no blank, which stays.
    func peek() throws -> UInt8 {
        while true {
            let next = try byte()
            guard next == 0x20 || next == 0x0A || next == 0x0D || next == 0x09 else { return next }
            position += 1
        }
    }

    /// Takes the next byte that is no blank.
    func take() throws -> UInt8 {
        let next = try peek()
        position += 1
        return next
    }

    func expect(_ wanted: Unicode.Scalar) throws {
        let next = try peek()
        guard next == UInt8(ascii: wanted) else { throw unexpected("'\(wanted)'") }
        position += 1
    }

    private func unexpected(_ wanted: String) -> CodecError {
        guard position < filled else { return failure("\(wanted) is missing") }
        let found = unsafe buffer[position]
        return failure("\(wanted) is missing, there is byte 0x\(String(found, radix: 16))")
    }

    /// Takes blanks up to the end.
    func expectEnd() throws {
        while try refill() {
            let next = unsafe buffer[position]
            guard next == 0x20 || next == 0x0A || next == 0x0D || next == 0x09 else {
                throw failure("something follows the document")
            }
            position += 1
        }
    }

    // MARK: Values

    /// Takes the name of an object's next field and its colon; `text` holds the name.
    /// - Parameter isFirst: whether nothing of the object was read yet; false afterwards.
    /// - Returns: false when the object ends, whose brace is taken.
    func nextField(_ isFirst: inout Bool) throws -> Bool {
        guard try seekField(&isFirst) else { return false }
        position += 1
        try stringBody()
        try expect(":")
        return true
    }

    /// The same, with the SHA-256 of everything before the quote of the field's name.
    func nextField(_ isFirst: inout Bool, digestBefore: inout [UInt8]) throws -> Bool {
        guard try seekField(&isFirst) else { return false }
        digestBefore = digest()
        position += 1
        try stringBody()
        try expect(":")
        return true
    }

    /// Goes to the quote of the next field's name.
    private func seekField(_ isFirst: inout Bool) throws -> Bool {
        var next = try peek()
        if next == UInt8(ascii: "}") {
            position += 1
            return false
        }
        if !isFirst {
            guard next == UInt8(ascii: ",") else { throw failure("',' or '}' is missing") }
            position += 1
            next = try peek()
        }
        isFirst = false
        guard next == UInt8(ascii: "\"") else { throw failure("the name of a field is missing") }
        return true
    }

    /// Reads an object; `body` is called with each field's name in `text` and must take its value.
    func forEachField(_ body: () throws -> Void) throws {
        if try takeNull() { return }
        try expect("{")
        var isFirst = true
        while try nextField(&isFirst) { try body() }
    }

    /// Reads an array; `body` must take an element.
    func forEachElement(_ body: () throws -> Void) throws {
        if try takeNull() { return }
        try expect("[")
        if try peek() == UInt8(ascii: "]") {
            position += 1
            return
        }
        while true {
            try body()
            let next = try take()
            if next == UInt8(ascii: "]") { return }
            guard next == UInt8(ascii: ",") else { throw failure("',' or ']' is missing") }
        }
    }

    /// Takes `null` when that comes next.
    func takeNull() throws -> Bool {
        guard try peek() == UInt8(ascii: "n") else { return false }
        for letter in "null".utf8 {
            guard try byte() == letter else { throw failure("a value is missing") }
            position += 1
        }
        return true
    }

    /// Whether `text` is this word.
    func isText(_ word: StaticString) -> Bool {
        let length = word.utf8CodeUnitCount
        guard text.count == length, length > 0 else { return text.count == length }
        return unsafe text.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return false }
            return unsafe memcmp(start, word.utf8Start, length) == 0
        }
    }

    /// An integer that fits.
    func number<Number: FixedWidthInteger>(_: Number.Type = Number.self) throws -> Number {
        var isNegative = false
        if try peek() == UInt8(ascii: "-") {
            isNegative = true
            position += 1
        }
        var magnitude: UInt64 = 0
        var digits = 0
        while try position < filled || refill() {
            let digit = unsafe buffer[position] &- 0x30
            guard digit < 10 else { break }
            let (product, tooLarge) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
            guard !tooLarge, !carry, digits < 20 else { throw failure("a number is too large") }
            magnitude = sum
            digits += 1
            position += 1
        }
        guard digits > 0 else { throw unexpected("a number") }
        if position < filled {
            let next = unsafe buffer[position]
            guard next != 0x2E, next | 0x20 != 0x65 else { throw failure("a number is no integer") }
        }
        guard isNegative else {
            guard let value = Number(exactly: magnitude) else { throw failure("\(magnitude) is too large") }
            return value
        }
        guard magnitude <= 1 << 63, let value = Number(exactly: Int64(truncatingIfNeeded: 0 &- magnitude))
        else { throw failure("-\(magnitude) is too small") }
        return value
    }

    /// Reads a string into `text`.
    func string() throws {
        try expect("\"")
        try stringBody()
    }

    private func stringBody() throws {
        text.removeAll(keepingCapacity: true)
        while true {
            var end = position
            var stop: UInt8 = 0
            while end < filled {
                stop = unsafe buffer[end]
                if stop == 0x22 || stop == 0x5C || stop < 0x20 { break }
                end += 1
            }
            unsafe text.append(contentsOf: buffer[position..<end])
            position = end
            guard text.count <= Self.longestString else { throw failure("a string is too long") }
            guard end < filled else {
                guard try refill() else { throw failure("it ends inside a string") }
                continue
            }
            position += 1
            if stop == 0x22 { return }
            guard stop == 0x5C else { throw failure("a control character in a string") }
            try escape()
        }
    }

    private func escape() throws {
        let letter = try byte()
        position += 1
        switch letter {
        case 0x22, 0x5C, 0x2F: text.append(letter)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): try unicodeEscape()
        default: throw failure("an unknown escape in a string")
        }
    }

    private func unicodeEscape() throws {
        let first = try codeUnit()
        if let scalar = Unicode.Scalar(first) { return text.append(contentsOf: String(scalar).utf8) }
        guard UTF16.isLeadSurrogate(first), try byte() == 0x5C else { throw failure("half a character") }
        position += 1
        guard try byte() == UInt8(ascii: "u") else { throw failure("half a character") }
        position += 1
        let second = try codeUnit()
        guard UTF16.isTrailSurrogate(second) else { throw failure("half a character") }
        text.append(contentsOf: String(decoding: [first, second], as: UTF16.self).utf8)
    }

    private func codeUnit() throws -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(try byte())).hexDigitValue else {
                throw failure("a hexadecimal digit is missing")
            }
            unit = unit << 4 | UInt16(digit)
            position += 1
        }
        return unit
    }

    /// Takes a value of any kind as it is written.
    /// - Parameter limit: bytes; more are an error.
    func rawValue(limit: Int) throws -> [UInt8] {
        var raw: [UInt8] = []
        try forEachByteOfValue { byte in
            raw.append(byte)
            guard raw.count <= limit else { throw failure("a value is too long") }
        }
        return raw
    }

    /// Takes a value of a field that nobody knows, of any length.
    func skipValue() throws {
        try forEachByteOfValue { _ in }
    }

    private func forEachByteOfValue(_ body: (UInt8) throws -> Void) throws {
        var isEmpty = true
        var depth = 0
        var isInString = false
        var isEscaped = false
        _ = try peek()
        while true {
            let next = try byte()
            let isEnd = next == UInt8(ascii: "}") || next == UInt8(ascii: "]")
            if depth == 0, !isInString, !isEmpty, isEnd || next == UInt8(ascii: ",") { return }
            try body(next)
            isEmpty = false
            position += 1
            if isInString {
                isInString = isEscaped || next != 0x22
                isEscaped = !isEscaped && next == 0x5C
            } else if next == 0x22 {
                isInString = true
            } else if next == UInt8(ascii: "{") || next == UInt8(ascii: "[") {
                depth += 1
                guard depth <= Self.deepestValue else { throw failure("values are nested too deep") }
            } else if isEnd {
                depth -= 1
                guard depth >= 0 else { throw failure("a value is missing") }
            }
        }
    }
}

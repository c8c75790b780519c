// SPDX-License-Identifier: Apache-2.0
// Reads JSON (RFC 8259) that may be hostile: nesting is bounded, every mistake is an error with its offset,
// the size is the caller's to bound. As in Go the last of several fields of one name counts.

extension JSONValue {
    /// Reads one document; blanks may surround it.
    /// - Parameter maximumDepth: how many arrays and objects may stand inside each other.
    /// - Throws: `CodecError` with the offset of the first byte that cannot stand there.
    package static func parse(
        _ bytes: [UInt8],
        maximumDepth: Int = 64,
    ) throws(CodecError) -> JSONValue {
        var parser = JSONParser(bytes: bytes, maximumDepth: maximumDepth)
        return try parser.document()
    }

    /// Reads one document from text.
    package static func parse(_ text: String, maximumDepth: Int = 64) throws(CodecError) -> JSONValue {
        try parse(Array(text.utf8), maximumDepth: maximumDepth)
    }
}

/// The state of one parse.
private struct JSONParser {
    let bytes: [UInt8]
    let maximumDepth: Int
    var offset = 0

    init(bytes: [UInt8], maximumDepth: Int) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
    }

    mutating func document() throws(CodecError) -> JSONValue {
        let value = try value(depth: 0)
        skipBlanks()
        guard offset == bytes.count else { throw failure("text after the end of the document") }
        return value
    }

    private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private func failure(_ reason: String) -> CodecError {
        CodecError("JSON", at: offset, reason)
    }

    private func unexpected(_ wanted: String) -> CodecError {
        guard let next else { return failure("ends where \(wanted) should stand") }
        return failure("\(wanted) should stand here, not '\(ByteString([next]))'")
    }

    private mutating func skipBlanks() {
        while let next, next == 0x20 || next == 0x0A || next == 0x0D || next == 0x09 { offset += 1 }
    }

    /// Skips blanks and takes `byte` when it is next.
    private mutating func take(_ byte: UInt8) -> Bool {
        skipBlanks()
        guard next == byte else { return false }
        offset += 1
        return true
    }

    private mutating func value(depth: Int) throws(CodecError) -> JSONValue {
        skipBlanks()
        switch next {
        case UInt8(ascii: "{"):
            return .object(try object(depth: depth + 1))
        case UInt8(ascii: "["):
            return .array(try array(depth: depth + 1))
        case UInt8(ascii: "\""):
            return .string(try string())
        case .some(UInt8(ascii: "0")...UInt8(ascii: "9")), UInt8(ascii: "-"):
            return .number(try number())
        case UInt8(ascii: "t"):
            try word("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try word("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try word("null")
            return .null
        default:
            throw unexpected("a value")
        }
    }

    private mutating func word(_ word: StaticString) throws(CodecError) {
        let letters = Array(word.description.utf8)
        guard bytes[offset...].starts(with: letters) else { throw unexpected("a value") }
        offset += letters.count
    }

    private mutating func array(depth: Int) throws(CodecError) -> [JSONValue] {
        guard depth <= maximumDepth else { throw failure("nested deeper than \(maximumDepth)") }
        offset += 1
        var elements: [JSONValue] = []
        if take(UInt8(ascii: "]")) { return elements }
        while true {
            elements.append(try value(depth: depth))
            if take(UInt8(ascii: "]")) { return elements }
            guard take(UInt8(ascii: ",")) else { throw unexpected("',' or ']'") }
        }
    }

    private mutating func object(depth: Int) throws(CodecError) -> JSONObject {
        guard depth <= maximumDepth else { throw failure("nested deeper than \(maximumDepth)") }
        offset += 1
        var object = JSONObject()
        if take(UInt8(ascii: "}")) { return object }
        while true {
            skipBlanks()
            guard next == UInt8(ascii: "\"") else { throw unexpected("a field name") }
            let key = try string()
            guard take(UInt8(ascii: ":")) else { throw unexpected("':'") }
            object[key] = try value(depth: depth)
            if take(UInt8(ascii: "}")) { return object }
            guard take(UInt8(ascii: ",")) else { throw unexpected("',' or '}'") }
        }
    }

    private mutating func digits() throws(CodecError) {
        let start = offset
        while let next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(next) { offset += 1 }
        guard offset > start else { throw unexpected("a digit") }
    }

    private mutating func number() throws(CodecError) -> String {
        let start = offset
        if next == UInt8(ascii: "-") { offset += 1 }
        if next == UInt8(ascii: "0") { offset += 1 } else { try digits() }
        if next == UInt8(ascii: ".") {
            offset += 1
            try digits()
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            offset += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { offset += 1 }
            try digits()
        }
        return String(decoding: bytes[start..<offset], as: UTF8.self)
    }

    // MARK: Strings

    private mutating func string() throws(CodecError) -> String {
        offset += 1
        let start = offset
        var unescaped: [UInt8] = []
        var runStart = offset
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                let escapesSeen = runStart != start
                let run = bytes[runStart..<offset]
                let text = String(validating: escapesSeen ? unescaped[...] + run : run, as: UTF8.self)
                guard let text else { throw invalidText(from: start) }
                offset += 1
                return text
            case UInt8(ascii: "\\"):
                unescaped += bytes[runStart..<offset]
                unescaped += try escape()
                runStart = offset
            case 0..<0x20:
                throw failure("control character in a string")
            default:
                offset += 1
            }
        }
        throw failure("ends inside a string")
    }

    /// The error for the first bytes that are not UTF-8 in the string that starts at `start`.
    private func invalidText(from start: Int) -> CodecError {
        var position = start
        var decoder = UTF8()
        var iterator = bytes[start..<offset].makeIterator()
        while case .scalarValue(let scalar) = decoder.decode(&iterator) { position += UTF8.width(scalar) }
        return CodecError("JSON", at: position, "not UTF-8")
    }

    private mutating func escape() throws(CodecError) -> [UInt8] {
        offset += 1
        guard let letter = next else { throw failure("ends inside a string") }
        let simple: [UInt8: UInt8] = [
            UInt8(ascii: "\""): 0x22, UInt8(ascii: "\\"): 0x5C, UInt8(ascii: "/"): 0x2F,
            UInt8(ascii: "b"): 0x08,
            UInt8(ascii: "f"): 0x0C, UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D,
            UInt8(ascii: "t"): 0x09,
        ]
        if let byte = simple[letter] {
            offset += 1
            return [byte]
        }
        guard letter == UInt8(ascii: "u") else { throw unexpected("an escape letter") }
        return try unicodeEscape()
    }

    private mutating func unicodeEscape() throws(CodecError) -> [UInt8] {
        let start = offset - 1
        let first = try codeUnit()
        if let scalar = Unicode.Scalar(first) { return Array(String(scalar).utf8) }
        guard UTF16.isLeadSurrogate(first), next == UInt8(ascii: "\\") else {
            throw CodecError("JSON", at: start, "half of a surrogate pair")
        }
        offset += 1
        guard next == UInt8(ascii: "u") else {
            throw CodecError("JSON", at: start, "half of a surrogate pair")
        }
        let second = try codeUnit()
        guard UTF16.isTrailSurrogate(second) else {
            throw CodecError("JSON", at: start, "half of a surrogate pair")
        }
        return Array(String(decoding: [first, second], as: UTF16.self).utf8)
    }

    /// Reads the `u` and four hexadecimal digits.
    private mutating func codeUnit() throws(CodecError) -> UInt16 {
        offset += 1
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = next.flatMap(hexadecimalValue) else { throw unexpected("a hexadecimal digit") }
            unit = unit << 4 | UInt16(digit)
            offset += 1
        }
        return unit
    }
}

/// The value of one hexadecimal digit, nil for any other byte.
func hexadecimalValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}

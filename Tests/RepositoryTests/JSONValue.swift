// SPDX-License-Identifier: Apache-2.0
// Just enough JSON to read what the binary says about itself. Not for foreign data.

/// A parsed JSON text; numbers are kept as their text.
enum JSONValue {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    init(parsing text: String) throws(RepositoryError) {
        var parser = JSONParser(bytes: Array(text.utf8))
        self = try parser.document()
    }

    subscript(_ key: String) -> JSONValue? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    var elements: [JSONValue] {
        if case .array(let elements) = self { elements } else { [] }
    }

    var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }
}

private struct JSONParser {
    let bytes: [UInt8]
    var index = 0

    mutating func document() throws(RepositoryError) -> JSONValue {
        let value = try value()
        skipSpace()
        guard index == bytes.count else { throw unexpected() }
        return value
    }

    private func unexpected() -> RepositoryError {
        RepositoryError(description: "unexpected byte in JSON at offset \(index)")
    }

    private mutating func skipSpace() {
        while index < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[index]) { index += 1 }
    }

    private mutating func take(_ text: String) -> Bool {
        skipSpace()
        guard bytes[index...].starts(with: text.utf8) else { return false }
        index += text.utf8.count
        return true
    }

    private mutating func value() throws(RepositoryError) -> JSONValue {
        if take("{") { return try object() }
        if take("[") { return try array() }
        if take("\"") { return .string(try string()) }
        if take("true") { return .bool(true) }
        if take("false") { return .bool(false) }
        if take("null") { return .null }
        let digits = bytes[index...].prefix { "+-.eE0123456789".utf8.contains($0) }
        guard !digits.isEmpty else { throw unexpected() }
        index += digits.count
        return .number(String(decoding: digits, as: UTF8.self))
    }

    private mutating func object() throws(RepositoryError) -> JSONValue {
        var members: [String: JSONValue] = [:]
        if take("}") { return .object(members) }
        repeat {
            guard take("\"") else { throw unexpected() }
            let key = try string()
            guard take(":") else { throw unexpected() }
            members[key] = try value()
        } while take(",")
        guard take("}") else { throw unexpected() }
        return .object(members)
    }

    private mutating func array() throws(RepositoryError) -> JSONValue {
        var elements: [JSONValue] = []
        if take("]") { return .array(elements) }
        repeat {
            elements.append(try value())
        } while take(",")
        guard take("]") else { throw unexpected() }
        return .array(elements)
    }

    /// The rest of a string whose opening quote was taken.
    ///
    /// Escapes by number keep their digits: no name has one.
    private mutating func string() throws(RepositoryError) -> String {
        let escapes: [UInt8: UInt8] = [0x6e: 0x0a, 0x74: 0x09, 0x72: 0x0d, 0x62: 0x08, 0x66: 0x0c]
        var text: [UInt8] = []
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if byte == UInt8(ascii: "\"") { return String(decoding: text, as: UTF8.self) }
            guard byte == UInt8(ascii: "\\"), index < bytes.count else {
                text.append(byte)
                continue
            }
            text.append(escapes[bytes[index]] ?? bytes[index])
            index += 1
        }
        throw unexpected()
    }
}

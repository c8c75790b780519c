// SPDX-License-Identifier: Apache-2.0
// Writes JSON byte for byte as Go's encoding/json does, because volume settings are compared and stored as
// text.

extension JSONValue {
    /// The text on one line without blanks, as Go's `json.Marshal` writes it without HTML escaping.
    package var compact: String {
        text(indent: nil, escapesHTML: false)
    }

    /// The value as one line of a JSON-lines stream, without the line end.
    package var line: String {
        compact
    }

    /// The text with every field on a line of its own, as Go's `json.MarshalIndent(v, "", indent)`.
    ///
    /// - Parameter indent: blanks per level; 0 breaks lines but indents nothing (volume settings, JuiceFS
    /// 1.4.2).
    /// - Parameter escapesHTML: write `<`, `>` and `&` as `\u003c`, `\u003e` and `\u0026`, Go's default.
    package func pretty(indent: Int, escapesHTML: Bool = false) -> String {
        text(indent: indent, escapesHTML: escapesHTML)
    }

    /// The compact text with `<`, `>` and `&` escaped, what `json.Marshal` writes by default.
    package var compactEscapingHTML: String {
        text(indent: nil, escapesHTML: true)
    }

    private func text(indent: Int?, escapesHTML: Bool) -> String {
        var writer = JSONWriter(indent: indent, escapesHTML: escapesHTML)
        writer.write(self, level: 0)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

/// The state of one document being written.
private struct JSONWriter {
    let indent: Int?
    let escapesHTML: Bool
    var bytes: [UInt8] = []

    init(indent: Int?, escapesHTML: Bool) {
        self.indent = indent
        self.escapesHTML = escapesHTML
    }

    mutating func write(_ value: JSONValue, level: Int) {
        switch value {
        case .null:
            bytes += "null".utf8
        case .bool(let value):
            bytes += (value ? "true" : "false").utf8
        case .number(let literal):
            bytes += literal.utf8
        case .string(let text):
            write(text)
        case .array(let elements):
            writeList(elements, between: ("[", "]"), level: level) { writer, element in
                writer.write(element, level: level + 1)
            }
        case .object(let object):
            writeList(object.fields, between: ("{", "}"), level: level) { writer, field in
                writer.write(field.key)
                writer.bytes += (writer.indent == nil ? ":" : ": ").utf8
                writer.write(field.value, level: level + 1)
            }
        }
    }

    private mutating func writeList<Item>(
        _ items: [Item],
        between marks: (open: String, close: String),
        level: Int,
        write: (inout JSONWriter, Item) -> Void,
    ) {
        bytes += marks.open.utf8
        for (position, item) in items.enumerated() {
            if position > 0 { bytes.append(UInt8(ascii: ",")) }
            breakLine(level: level + 1)
            write(&self, item)
        }
        if !items.isEmpty { breakLine(level: level) }
        bytes += marks.close.utf8
    }

    private mutating func breakLine(level: Int) {
        guard let indent else { return }
        bytes.append(0x0A)
        bytes.append(contentsOf: repeatElement(0x20, count: indent * level))
    }

    private mutating func write(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for scalar in text.unicodeScalars {
            if let escape = escape(for: scalar) {
                bytes += escape.utf8
            } else {
                bytes += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private func escape(for scalar: Unicode.Scalar) -> String? {
        switch scalar {
        case "\"": "\\\""
        case "\\": "\\\\"
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        case "\u{8}": "\\b"
        case "\u{C}": "\\f"
        case "\u{2028}": "\\u2028"
        case "\u{2029}": "\\u2029"
        case "<" where escapesHTML: "\\u003c"
        case ">" where escapesHTML: "\\u003e"
        case "&" where escapesHTML: "\\u0026"
        case "\0"..."\u{1F}": "\\u00" + hexadecimal(UInt8(truncatingIfNeeded: scalar.value))
        default: nil
        }
    }
}

/// Two lower-case hexadecimal digits.
func hexadecimal(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
}

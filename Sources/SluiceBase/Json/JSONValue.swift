// SPDX-License-Identifier: Apache-2.0
// JSON as it was written: numbers stay text, so that 64-bit identifiers survive, and objects keep their
// order.

/// One JSON value.
package indirect enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    /// The literal as written, for example `18446744073709551615` or `1e9`.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// An integer, exact at any width.
    package init(_ value: some BinaryInteger) {
        self = .number(String(value))
    }

    /// A text.
    package init(_ text: String) {
        self = .string(text)
    }

    /// True or false.
    package init(_ value: Bool) {
        self = .bool(value)
    }

    /// A floating-point number in Go's spelling (shortest digits, exponent only below 1e-6 and from 1e21),
    /// null for infinities and NaN, which JSON cannot say.
    package init(_ value: Double) {
        self = value.isFinite ? .number(JSONNumber.text(of: value)) : .null
    }

    /// The text of a string, nil for any other value.
    package var stringValue: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The truth value, nil for any other value.
    package var boolValue: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    /// The number, nil when it is not written as an integer or does not fit.
    package var int64Value: Int64? {
        guard case .number(let literal) = self else { return nil }
        return Int64(literal)
    }

    /// The number, nil when it is not written as an integer, is negative or does not fit.
    package var uint64Value: UInt64? {
        guard case .number(let literal) = self else { return nil }
        return UInt64(literal)
    }

    /// The nearest floating-point number, nil when it is not a number or is too large.
    package var doubleValue: Double? {
        guard case .number(let literal) = self, let value = Double(literal), value.isFinite else {
            return nil
        }
        return value
    }

    /// The object, nil for any other value.
    package var objectValue: JSONObject? {
        guard case .object(let object) = self else { return nil }
        return object
    }

    /// The elements of an array, nil for any other value.
    package var arrayValue: [JSONValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    /// The field of an object, nil when this is no object or has no such field.
    package subscript(key: String) -> JSONValue? {
        objectValue?[key]
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    package init(stringLiteral value: String) {
        self = .string(value)
    }

    package init(integerLiteral value: Int64) {
        self.init(value)
    }

    package init(booleanLiteral value: Bool) {
        self = .bool(value)
    }
}

extension JSONValue: ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
    package init(arrayLiteral elements: JSONValue...) {
        self = .array(elements)
    }

    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(JSONObject(elements))
    }
}

/// Floating-point numbers in the spelling of Go's encoder.
enum JSONNumber {
    /// The shortest text that reads back as `value`, which must be finite.
    static func text(of value: Double) -> String {
        let (digits, pointAfter) = decimalDigits(of: value.magnitude)
        let sign = value.sign == .minus ? "-" : ""
        guard value != 0 else { return sign + "0" }
        if pointAfter < -5 || pointAfter > 21 {
            let exponent = pointAfter - 1
            let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
            return sign + digits.prefix(1) + fraction + "e" + (exponent < 0 ? "-" : "+")
                + "\(exponent.magnitude)"
        }
        if pointAfter <= 0 {
            return sign + "0." + String(repeating: "0", count: -pointAfter) + digits
        }
        if pointAfter >= digits.count {
            return sign + digits + String(repeating: "0", count: pointAfter - digits.count)
        }
        return sign + digits.prefix(pointAfter) + "." + digits.dropFirst(pointAfter)
    }

    /// The significant digits and the place of the decimal point counted from the first of them.
    private static func decimalDigits(of value: Double) -> (digits: String, pointAfter: Int) {
        let parts = value.description.split(separator: "e", maxSplits: 1)
        let exponent = parts.count == 2 ? Int(parts[1].drop { $0 == "+" }) ?? 0 : 0
        let mantissa = parts[0].split(separator: ".", maxSplits: 1)
        let whole = mantissa[0]
        let all = whole + (mantissa.count == 2 ? mantissa[1] : "")
        let leadingZeros = all.prefix { $0 == "0" }.count
        var digits = all.dropFirst(leadingZeros)
        while digits.last == "0" { digits.removeLast() }
        return (String(digits), whole.count - leadingZeros + exponent)
    }
}

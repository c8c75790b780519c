// SPDX-License-Identifier: Apache-2.0
// How a name that is bytes becomes JSON, everywhere (sluice-json(5)): text where it is UTF-8; else escaped
// text for people, and beside it the exact bytes in Base64.

extension JSONObject {
    private static let suffix = "_base64"

    /// Sets a name.
    package mutating func set(_ key: String, _ name: ByteString) {
        self[key] = JSONValue(name.shown)
        if name.text == nil { self[key + Self.suffix] = JSONValue(Base64.encode(name.bytes)) }
    }

    /// Sets a list of names; where one is no UTF-8 a second list as long holds its bytes, and null for the
    /// rest.
    package mutating func set(_ key: String, _ names: [ByteString]) {
        self[key] = .array(names.map { JSONValue($0.shown) })
        guard names.contains(where: { $0.text == nil }) else { return }
        self[key + Self.suffix] = .array(
            names.map { $0.text == nil ? JSONValue(Base64.encode($0.bytes)) : .null }
        )
    }

    /// Reads a name that `set` wrote; nil when there is neither field.
    package func bytes(_ key: String) throws(CodecError) -> ByteString? {
        if let encoded = self[key + Self.suffix]?.stringValue {
            return ByteString(try Base64.decode(encoded))
        }
        return self[key]?.stringValue.map { ByteString($0) }
    }
}

extension ByteString {
    fileprivate var shown: String { text ?? description }
}

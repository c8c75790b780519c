// SPDX-License-Identifier: Apache-2.0
// Names, keys, xattrs and link targets: bytes that need not be text. Ordered and hashed by bytes, because
// Swift's String treats composed and decomposed spellings as equal and file systems do not.

/// A sequence of bytes that names something: a file, an object, an attribute.
///
/// As text it is shown by `description`, which escapes what is not printable UTF-8.
@usableFromInline
package struct ByteString: Hashable, Sendable {
    package var bytes: [UInt8]

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    package init(_ bytes: some Sequence<UInt8>) {
        self.bytes = Array(bytes)
    }

    /// The UTF-8 bytes of a text.
    package init(_ text: String) {
        bytes = Array(text.utf8)
    }

    package var count: Int { bytes.count }
    package var isEmpty: Bool { bytes.isEmpty }

    package func hasPrefix(_ prefix: ByteString) -> Bool {
        bytes.starts(with: prefix.bytes)
    }

    package func hasSuffix(_ byte: UInt8) -> Bool {
        bytes.last == byte
    }

    package func dropFirst(_ count: Int) -> ByteString {
        ByteString(Array(bytes.dropFirst(count)))
    }

    package static func + (left: ByteString, right: ByteString) -> ByteString {
        ByteString(left.bytes + right.bytes)
    }

    /// The text, when the bytes are valid UTF-8.
    package var text: String? {
        String(validating: bytes, as: UTF8.self)
    }
}

extension ByteString: Comparable {
    /// Unsigned byte order, the order of object store listings and of the edge index.
    @usableFromInline
    package static func < (left: ByteString, right: ByteString) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}

extension ByteString: ExpressibleByStringLiteral {
    @usableFromInline
    package init(stringLiteral value: String) {
        self.init(value)
    }
}

extension ByteString: CustomStringConvertible {
    /// Printable text: control characters, backslash and bytes that are not UTF-8 become `\xHH`.
    @usableFromInline
    package var description: String {
        var shown = ""
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var position = 0
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar):
                let width = UTF8.width(scalar)
                if scalar.value < 0x20 || scalar.value == 0x7F || scalar == "\\"
                    || (0x80..<0xA0) ~= scalar.value
                {
                    for byte in bytes[position..<position + width] { shown += Self.escape(byte) }
                } else {
                    shown.unicodeScalars.append(scalar)
                }
                position += width
            case .emptyInput:
                return shown
            case .error:
                // Resume one byte further: every bad byte is shown by itself.
                shown += Self.escape(bytes[position])
                position += 1
                decoder = UTF8()
                iterator = Array(bytes[position...]).makeIterator()
            }
        }
    }

    private static func escape(_ byte: UInt8) -> String {
        let digits = Array("0123456789abcdef")
        return "\\x\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
    }
}

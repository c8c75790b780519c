// SPDX-License-Identifier: Apache-2.0

/// What a field of a message holds.
package enum ProtobufValue: Sendable, Hashable {
    case number(UInt64)
    case bytes(ArraySlice<UInt8>)
    /// Fixed-width numbers, which no message of ours has.
    case fixed
}

/// Reads the fields of one message; nothing traps, whatever the bytes are.
package struct ProtobufReader {
    private var rest: ArraySlice<UInt8>
    private let subject: String

    /// - Parameter subject: what is decoded, for the error text.
    package init(_ bytes: ArraySlice<UInt8>, of subject: String) {
        rest = bytes
        self.subject = subject
    }

    /// The next field, nil at the end.
    /// - Throws: `CodecError` for a field that reaches past the end, or of a kind that does not exist.
    package mutating func next() throws(CodecError) -> (field: Int, value: ProtobufValue)? {
        guard !rest.isEmpty else { return nil }
        let tag = try varint()
        let field = Int(truncatingIfNeeded: tag >> 3)
        switch tag & 7 {
        case 0: return (field, .number(try varint()))
        case 1: return (field, try fixed(8))
        case 2: return (field, .bytes(try run(try varint())))
        case 5: return (field, try fixed(4))
        default: throw failure("a field of the kind \(tag & 7)")
        }
    }

    /// Numbers packed into one field.
    /// - Throws: `CodecError` when the last one is cut.
    package static func numbers(
        packedIn bytes: ArraySlice<UInt8>,
        of subject: String
    ) throws(CodecError) -> [UInt64] {
        var reader = ProtobufReader(bytes, of: subject)
        var numbers: [UInt64] = []
        while !reader.rest.isEmpty { numbers.append(try reader.varint()) }
        return numbers
    }

    private mutating func fixed(_ width: UInt64) throws(CodecError) -> ProtobufValue {
        _ = try run(width)
        return .fixed
    }

    private mutating func run(_ count: UInt64) throws(CodecError) -> ArraySlice<UInt8> {
        guard count <= UInt64(rest.count) else {
            throw failure("a field of \(count) bytes, \(rest.count) are left")
        }
        defer { rest = rest.dropFirst(Int(count)) }
        return rest.prefix(Int(count))
    }

    private mutating func varint() throws(CodecError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = rest.popFirst() else { throw failure("a number is cut") }
            // The tenth byte holds one bit.
            guard shift < 63 || byte <= 1 else { throw failure("a number of more than 64 bits") }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw failure("a number of more than ten bytes")
    }

    private func failure(_ reason: String) -> CodecError { CodecError(subject, reason) }
}

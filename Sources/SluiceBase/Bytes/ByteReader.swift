// SPDX-License-Identifier: Apache-2.0
// The one place where foreign bytes become numbers: every read checks its bounds and throws, nothing traps.
// Inlinable, because a scan reads some twenty numbers of each record: measured across modules, a call of the
// unspecialised generic took as long as forty instructions of the specialised one.

/// Reads big-endian integers and byte runs from the front of a buffer.
@usableFromInline
package struct ByteReader {
    @usableFromInline let bytes: [UInt8]
    @usableFromInline package internal(set) var offset = 0
    @usableFromInline let subject: String

    /// - Parameter subject: what is decoded, for the error text ("slice list", "ACL rule").
    package init(_ bytes: [UInt8], of subject: String) {
        self.bytes = bytes
        self.subject = subject
    }

    @inlinable package var remaining: Int { bytes.count - offset }

    /// Reads one big-endian integer.
    /// - Throws: `CodecError` when fewer bytes are left than the integer is wide.
    @inlinable
    package mutating func read<Number: FixedWidthInteger>(
        _: Number.Type = Number.self
    ) throws(CodecError) -> Number {
        let width = Number.bitWidth / 8
        guard remaining >= width else {
            throw shortage(width)
        }
        var value: Number = 0
        for index in offset..<offset + width {
            value = value << 8 | Number(truncatingIfNeeded: bytes[index])
        }
        offset += width
        return value
    }

    /// Reads a run of bytes.
    /// - Throws: `CodecError` when fewer than `count` bytes are left.
    package mutating func read(count: Int) throws(CodecError) -> [UInt8] {
        guard count >= 0, remaining >= count else {
            throw shortage(count)
        }
        defer { offset += count }
        return Array(bytes[offset..<offset + count])
    }

    @usableFromInline
    func shortage(_ wanted: Int) -> CodecError {
        CodecError(subject, at: offset, "needs \(wanted) bytes, \(remaining) are left")
    }

    /// Everything that has not been read yet.
    package mutating func rest() -> [UInt8] {
        defer { offset = bytes.count }
        return Array(bytes[offset...])
    }

    /// - Throws: `CodecError` when bytes are left over.
    package func finish() throws(CodecError) {
        guard remaining == 0 else {
            throw CodecError(subject, at: offset, "\(remaining) bytes too many")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import SluiceBase

/// Reads a dump piece by piece and knows where it is.
///
/// One owner, one thread at a time.
final class BinaryInput {
    private let source: any DumpInput
    private var buffer: [UInt8] = []
    private var next = 0
    private static let bufferBytes = 1 << 20
    /// Bytes taken since the start.
    private(set) var position: UInt64 = 0

    init(_ source: any DumpInput) {
        self.source = source
    }

    /// Takes a run of bytes.
    /// - Throws: `CodecError` when the dump ends before.
    func take(_ count: Int, of subject: String) throws -> [UInt8] {
        var taken: [UInt8] = []
        taken.reserveCapacity(count)
        while taken.count < count {
            if next == buffer.count, try !refill() { throw cut(subject) }
            let part = buffer[next..<min(buffer.count, next + count - taken.count)]
            taken += part
            next += part.count
        }
        position += UInt64(count)
        return taken
    }

    /// Takes one number in the form of protocol buffers.
    /// - Returns: the number and the bytes it took.
    func takeVarint(of subject: String) throws -> (value: UInt64, width: UInt64) {
        var value: UInt64 = 0
        for index in UInt64(0)..<10 {
            if next == buffer.count, try !refill() { throw cut(subject) }
            let byte = buffer[next]
            next += 1
            position += 1
            // The tenth byte holds one bit.
            guard index < 9 || byte <= 1 else { break }
            value |= UInt64(byte & 0x7F) << (7 * index)
            if byte < 0x80 { return (value, index + 1) }
        }
        throw CodecError(subject, at: Int(clamping: position), "a number of more than 64 bits")
    }

    /// Everything up to the end, at most `limit` bytes.
    func takeRest(limit: Int, of subject: String) throws -> [UInt8] {
        var rest: [UInt8] = []
        while true {
            rest += buffer[next...]
            position += UInt64(buffer.count - next)
            next = buffer.count
            guard rest.count <= limit else {
                throw CodecError(subject, at: Int(clamping: position), "more than \(limit) bytes")
            }
            guard try refill() else { return rest }
        }
    }

    private func cut(_ subject: String) -> CodecError {
        CodecError(subject, at: Int(clamping: position), "the dump is cut here")
    }

    private func refill() throws -> Bool {
        next = 0
        buffer = try unsafe [UInt8](unsafeUninitializedCapacity: Self.bufferBytes) { room, count in
            count = try unsafe source.read(into: UnsafeMutableRawBufferPointer(room))
        }
        return !buffer.isEmpty
    }
}

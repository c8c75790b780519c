// SPDX-License-Identifier: Apache-2.0
// Streams of any length in gzip or zstd, for files that people and JuiceFS compress as a whole: dumps.

import CZlib
import CZstd
package import SluiceBase

/// How a file is compressed.
package enum StreamFormat: Sendable, Hashable {
    case gzip
    case zstd

    /// By a file's suffix, as JuiceFS 1.4.2 chooses; nil for no compression.
    package init?(suffixOf path: ByteString) {
        let name = path.bytes
        if name.suffix(3).elementsEqual(".gz".utf8) {
            self = .gzip
        } else if name.suffix(5).elementsEqual(".zstd".utf8) {
            self = .zstd
        } else {
            return nil
        }
    }

    /// By a file's first bytes; nil for what is not compressed.
    package init?(startOf bytes: [UInt8]) {
        if bytes.starts(with: [0x1F, 0x8B]) {
            self = .gzip
        } else if bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) {
            self = .zstd
        } else {
            return nil
        }
    }
}

/// Compresses a stream; for one thread.
@safe
package final class StreamEncoder {
    private let gzip: UnsafeMutablePointer<z_stream>?
    private let zstd: OpaquePointer?
    private let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 << 10, alignment: 16)

    package init(_ format: StreamFormat) throws(CodecError) {
        switch format {
        case .gzip:
            let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
            unsafe stream.initialize(to: z_stream())
            unsafe (gzip, zstd) = (stream, nil)
            guard unsafe czlib_deflate_init(stream, 6) == Z_OK else { throw CodecError("gzip", "no memory") }
        case .zstd:
            unsafe (gzip, zstd) = (nil, ZSTD_createCStream())
            guard unsafe zstd != nil else { throw CodecError("zstd", "no memory") }
        }
    }

    deinit {
        if let gzip = unsafe gzip {
            unsafe deflateEnd(gzip)
            unsafe gzip.deallocate()
        }
        unsafe ZSTD_freeCStream(zstd)
        unsafe output.deallocate()
    }

    /// Compresses bytes; `sink` gets what comes out, which may be nothing yet.
    /// - Parameter ends: whether these are the last ones.
    package func encode(
        _ bytes: UnsafeRawBufferPointer,
        ends: Bool,
        _ sink: (UnsafeRawBufferPointer) throws -> Void,
    ) throws {
        if let gzip = unsafe gzip {
            try unsafe encodeGzip(gzip, bytes, ends, sink)
        } else {
            try unsafe encodeZstd(bytes, ends, sink)
        }
    }

    private func encodeGzip(
        _ stream: UnsafeMutablePointer<z_stream>,
        _ bytes: UnsafeRawBufferPointer,
        _ ends: Bool,
        _ sink: (UnsafeRawBufferPointer) throws -> Void,
    ) throws {
        let input = unsafe UnsafeMutableRawPointer(mutating: bytes.baseAddress)
        unsafe stream.pointee.next_in = unsafe input?.assumingMemoryBound(to: UInt8.self)
        guard let count = UInt32(exactly: bytes.count) else { throw CodecError("gzip", "too much at once") }
        unsafe stream.pointee.avail_in = count
        while true {
            unsafe stream.pointee.next_out = unsafe output.assumingMemoryBound(to: UInt8.self).baseAddress
            unsafe stream.pointee.avail_out = UInt32(output.count)
            let code = unsafe deflate(stream, ends ? Z_FINISH : Z_NO_FLUSH)
            guard code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR else {
                throw CodecError("gzip", "error \(code)")
            }
            let made = unsafe output.count - Int(stream.pointee.avail_out)
            if made > 0 { unsafe try sink(UnsafeRawBufferPointer(rebasing: output[..<made])) }
            if unsafe stream.pointee.avail_out > 0 { return }
        }
    }

    private func encodeZstd(
        _ bytes: UnsafeRawBufferPointer,
        _ ends: Bool,
        _ sink: (UnsafeRawBufferPointer) throws -> Void,
    ) throws {
        var input = unsafe ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
        while true {
            var made = unsafe ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
            let left = unsafe ZSTD_compressStream2(zstd, &made, &input, ends ? ZSTD_e_end : ZSTD_e_continue)
            guard ZSTD_isError(left) == 0 else { throw CodecError("zstd", "error \(left)") }
            let count = unsafe made.pos
            if count > 0 { unsafe try sink(UnsafeRawBufferPointer(rebasing: output[..<count])) }
            let isDone = unsafe ends ? left == 0 : input.pos == input.size
            if isDone { return }
        }
    }
}

/// Decompresses a stream, several members or frames behind each other included; for one thread.
@safe
package final class StreamDecoder {
    private let gzip: UnsafeMutablePointer<z_stream>?
    private let zstd: OpaquePointer?
    private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 << 10, alignment: 16)
    private var position = 0
    private var filled = 0
    /// Whether the input may end here: behind a member or frame.
    private var isBetween = false
    /// Whether the library may have output ready for which there was no room.
    private var holdsOutput = false

    package init(_ format: StreamFormat) throws(CodecError) {
        switch format {
        case .gzip:
            let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
            unsafe stream.initialize(to: z_stream())
            unsafe (gzip, zstd) = (stream, nil)
            guard unsafe czlib_inflate_init(stream) == Z_OK else { throw CodecError("gzip", "no memory") }
        case .zstd:
            unsafe (gzip, zstd) = (nil, ZSTD_createDStream())
            guard unsafe zstd != nil else { throw CodecError("zstd", "no memory") }
        }
    }

    deinit {
        if let gzip = unsafe gzip {
            unsafe inflateEnd(gzip)
            unsafe gzip.deallocate()
        }
        unsafe ZSTD_freeDStream(zstd)
        unsafe input.deallocate()
    }

    /// Decompresses the next bytes.
    /// - Parameter source: reads compressed bytes, 0 at their end.
    /// - Returns: bytes written to `output`, 0 at the end only.
    /// - Throws: `CodecError` for bytes that are not of the format or end too early; what `source` throws.
    package func decode(
        into output: UnsafeMutableRawBufferPointer,
        from source: (UnsafeMutableRawBufferPointer) throws -> Int,
    ) throws -> Int {
        while true {
            if position == filled, isBetween || !holdsOutput {
                (position, filled) = (0, unsafe try source(input))
                guard filled > 0 else {
                    guard isBetween else { throw CodecError("compressed stream", "it ends too early") }
                    return 0
                }
            }
            let made = unsafe try gzip.map { unsafe try decodeGzip($0, output) } ?? decodeZstd(output)
            holdsOutput = made == output.count
            if made > 0 { return made }
        }
    }

    private func decodeGzip(
        _ stream: UnsafeMutablePointer<z_stream>,
        _ output: UnsafeMutableRawBufferPointer,
    ) throws(CodecError) -> Int {
        if isBetween {
            guard unsafe inflateReset(stream) == Z_OK else { throw CodecError("gzip", "cannot start again") }
            isBetween = false
        }
        let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: input[position..<filled])
        unsafe stream.pointee.next_in = unsafe rest.assumingMemoryBound(to: UInt8.self).baseAddress
        unsafe stream.pointee.avail_in = UInt32(rest.count)
        let room = min(output.count, 1 << 30)
        unsafe stream.pointee.next_out = unsafe output.assumingMemoryBound(to: UInt8.self).baseAddress
        unsafe stream.pointee.avail_out = UInt32(room)
        let code = unsafe inflate(stream, Z_NO_FLUSH)
        guard code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR else {
            throw CodecError("gzip", "the stream is damaged")
        }
        position = unsafe filled - Int(stream.pointee.avail_in)
        isBetween = code == Z_STREAM_END
        return unsafe room - Int(stream.pointee.avail_out)
    }

    private func decodeZstd(_ output: UnsafeMutableRawBufferPointer) throws(CodecError) -> Int {
        var from = unsafe ZSTD_inBuffer(src: input.baseAddress, size: filled, pos: position)
        var made = unsafe ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        let hint = unsafe ZSTD_decompressStream(zstd, &made, &from)
        guard ZSTD_isError(hint) == 0 else { throw CodecError("zstd", "the stream is damaged") }
        position = unsafe from.pos
        isBetween = hint == 0
        return unsafe made.pos
    }
}

// SPDX-License-Identifier: Apache-2.0
// Compresses and decompresses single blocks. zstd's contexts are half a megabyte each and are kept for reuse;
// LZ4 needs none. All memory belongs to the caller and is used during the call only.

import CLZ4
import CZstd
import Synchronization
import VolumeModel

/// Turns blocks into their stored form and back.
///
/// Thread-safe.
package final class BlockCodec: Sendable {
    /// The form in which blocks are stored.
    package let compression: Compression
    private let idle = Mutex(IdleContexts())

    /// Makes a codec without contexts; they come with the first blocks.
    package init(_ compression: Compression) {
        self.compression = compression
    }

    /// Compresses `block` to the front of `output`, which must hold `storedBound` bytes.
    /// - Returns: bytes written.
    package func compress(
        _ block: UnsafeRawBufferPointer,
        into output: UnsafeMutableRawBufferPointer,
    ) throws(BlockError) -> Int {
        switch compression {
        case .none:
            guard block.count <= output.count else {
                throw BlockError(.codec, "store", reason: "buffer too small")
            }
            unsafe output.copyMemory(from: block)
            return block.count
        case .lz4:
            return try unsafe compressLZ4(block, into: output)
        case .zstd:
            return try unsafe compressZstd(block, into: output)
        }
    }

    /// Decompresses `stored` into `block`, which must have exactly the block's length.
    /// - Throws: `BlockError.damaged` when the stored bytes do not decode to exactly that length.
    package func decompress(
        _ stored: UnsafeRawBufferPointer,
        into block: UnsafeMutableRawBufferPointer,
    ) throws(BlockError) {
        let count: Int
        switch compression {
        case .none:
            guard stored.count == block.count else {
                throw Self.lengthError(stored.count, expected: block.count)
            }
            unsafe block.copyMemory(from: stored)
            return
        case .lz4:
            count = try unsafe decompressLZ4(stored, into: block)
        case .zstd:
            count = try unsafe decompressZstd(stored, into: block)
        }
        guard count == block.count else { throw Self.lengthError(count, expected: block.count) }
    }

    static func lengthError(_ count: Int, expected: Int) -> BlockError {
        BlockError(.damaged, "read", reason: "holds \(count) bytes, its name says \(expected)")
    }

    // MARK: LZ4

    private func compressLZ4(
        _ block: UnsafeRawBufferPointer,
        into output: UnsafeMutableRawBufferPointer,
    ) throws(BlockError) -> Int {
        guard let length = Int32(exactly: block.count), let capacity = Int32(exactly: output.count) else {
            throw BlockError(.codec, "compress", reason: "\(block.count) bytes are too many for LZ4")
        }
        let count = unsafe LZ4_compress_default(
            block.assumingMemoryBound(to: CChar.self).baseAddress,
            output.assumingMemoryBound(to: CChar.self).baseAddress,
            length,
            capacity
        )
        guard count > 0 else {
            throw BlockError(.codec, "compress", reason: "LZ4 refused \(block.count) bytes")
        }
        return Int(count)
    }

    private func decompressLZ4(
        _ stored: UnsafeRawBufferPointer,
        into block: UnsafeMutableRawBufferPointer,
    ) throws(BlockError) -> Int {
        guard let length = Int32(exactly: stored.count), let capacity = Int32(exactly: block.count),
            length > 0
        else {
            throw BlockError(.damaged, "read", reason: "\(stored.count) bytes are no LZ4 block")
        }
        let count = unsafe LZ4_decompress_safe(
            stored.assumingMemoryBound(to: CChar.self).baseAddress,
            block.assumingMemoryBound(to: CChar.self).baseAddress,
            length,
            capacity
        )
        guard count >= 0 else {
            throw BlockError(.damaged, "read", reason: "not an LZ4 block of \(capacity) bytes")
        }
        return Int(count)
    }

    // MARK: zstd

    private func compressZstd(
        _ block: UnsafeRawBufferPointer,
        into output: UnsafeMutableRawBufferPointer,
    ) throws(BlockError) -> Int {
        guard let context = idle.withLock({ $0.compressing.popLast() }) ?? ZstdCompressor() else {
            throw BlockError(.codec, "compress", reason: "no memory for zstd")
        }
        let code = unsafe ZSTD_compressCCtx(
            context.pointer,
            output.baseAddress,
            output.count,
            block.baseAddress,
            block.count,
            1
        )
        idle.withLock { $0.keep(context) }
        guard ZSTD_isError(code) == 0 else {
            throw BlockError(.codec, "compress", reason: unsafe String(cString: ZSTD_getErrorName(code)))
        }
        return code
    }

    private func decompressZstd(
        _ stored: UnsafeRawBufferPointer,
        into block: UnsafeMutableRawBufferPointer,
    ) throws(BlockError) -> Int {
        guard let context = idle.withLock({ $0.decompressing.popLast() }) ?? ZstdDecompressor() else {
            throw BlockError(.codec, "decompress", reason: "no memory for zstd")
        }
        let code = unsafe ZSTD_decompressDCtx(
            context.pointer,
            block.baseAddress,
            block.count,
            stored.baseAddress,
            stored.count
        )
        idle.withLock { $0.keep(context) }
        guard ZSTD_isError(code) == 0 else {
            throw BlockError(.damaged, "read", reason: unsafe String(cString: ZSTD_getErrorName(code)))
        }
        return code
    }
}

/// Contexts that no thread uses at the moment, at most `limit` of each kind.
private struct IdleContexts {
    static let limit = 16
    var compressing: [ZstdCompressor] = []
    var decompressing: [ZstdDecompressor] = []

    mutating func keep(_ context: ZstdCompressor) {
        if compressing.count < Self.limit { compressing.append(context) }
    }

    mutating func keep(_ context: ZstdDecompressor) {
        if decompressing.count < Self.limit { decompressing.append(context) }
    }
}

/// Owns a ZSTD_CCtx; used by one thread at a time, handed on under the codec's lock.
@safe private final class ZstdCompressor: Sendable {
    nonisolated(unsafe) let pointer: OpaquePointer

    init?() {
        guard let pointer = unsafe ZSTD_createCCtx() else { return nil }
        unsafe self.pointer = unsafe pointer
    }

    deinit {
        unsafe ZSTD_freeCCtx(pointer)
    }
}

/// Owns a ZSTD_DCtx; used by one thread at a time, handed on under the codec's lock.
@safe private final class ZstdDecompressor: Sendable {
    nonisolated(unsafe) let pointer: OpaquePointer

    init?() {
        guard let pointer = unsafe ZSTD_createDCtx() else { return nil }
        unsafe self.pointer = unsafe pointer
    }

    deinit {
        unsafe ZSTD_freeDCtx(pointer)
    }
}

// SPDX-License-Identifier: Apache-2.0

import ObjectStorage

/// A stretch of memory as the body of an upload.
///
/// The creator keeps the memory alive and unchanged meanwhile.
@safe final class BufferSource: ByteSource {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        unsafe self.bytes = unsafe bytes
    }

    var length: UInt64 { unsafe UInt64(bytes.count) }

    func rewind() {
        position = 0
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = unsafe min(buffer.count, bytes.count - position)
        guard count > 0 else { return 0 }
        unsafe buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[position..<position + count]))
        position += count
        return count
    }

    func lend(to body: (UnsafeRawBufferPointer) throws -> Void) rethrows -> Bool {
        try unsafe body(bytes)
        return true
    }
}

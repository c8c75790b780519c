// SPDX-License-Identifier: Apache-2.0

import ObjectStorage
import SluiceBase

/// A source whose bytes are checksummed in the very buffers that become blocks.
final class ChecksumSource: ByteSource {
    private let base: any ByteSource
    private var running = Crc32c()

    init(_ base: any ByteSource) {
        self.base = base
    }

    /// CRC-32C of everything that was read since the last rewind.
    var checksum: UInt32 { running.value }

    var length: UInt64 { base.length }

    func rewind() throws {
        running = Crc32c()
        try base.rewind()
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = try unsafe base.read(into: buffer)
        unsafe running.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        return count
    }
}

// SPDX-License-Identifier: Apache-2.0
// Slices as objects (data-format §1.1, §1.4): a slice is cut into blocks, each block is compressed and stored
// under the key that its layout gives it. The object store that is handed in already wears the volume's
// prefix, shards and encryption.

package import ObjectStorage
import SluiceBase
package import VolumeModel

/// How much a slice store does at the same time.
package struct SliceLimits: Hashable, Sendable {
    /// Threads that upload full blocks.
    package var uploads: Int
    /// Threads that fetch blocks ahead of a reader.
    package var downloads: Int
    /// Blocks that one reader has in flight or waiting, at most.
    package var readAhead: Int

    package init(uploads: Int = 8, downloads: Int = 8, readAhead: Int = 4) {
        self.uploads = uploads
        self.downloads = downloads
        self.readAhead = readAhead
    }
}

/// Reads and writes slices.
///
/// Thread-safe; calls block.
package final class SliceStore: Sendable {
    package let objects: any ObjectStore
    package let layout: BlockLayout
    package let limits: SliceLimits
    let codec: BlockCodec
    /// Blocks in their plain form.
    package let buffers: BufferPool
    /// Blocks in their stored form, where compression makes one.
    private let storedBuffers: BufferPool
    let uploads: JobThreads
    let downloads: JobThreads

    /// - Parameter objects: the volume's store, with prefix, shards and encryption already around it.
    package init(
        objects: any ObjectStore,
        layout: BlockLayout,
        compression: Compression,
        limits: SliceLimits = SliceLimits(),
    ) {
        self.objects = objects
        self.layout = layout
        self.limits = limits
        codec = BlockCodec(compression)
        let blockSize = Int(layout.blockSize)
        buffers = BufferPool(bufferSize: blockSize, idleLimit: limits.uploads + limits.downloads)
        storedBuffers = BufferPool(
            bufferSize: compression.storedBound(ofBlockSize: blockSize),
            idleLimit: limits.uploads + limits.downloads
        )
        uploads = JobThreads(limit: limits.uploads, queueLimit: limits.uploads, name: "upload")
        downloads = JobThreads(limit: limits.downloads, queueLimit: limits.downloads * 2, name: "download")
    }

    package var compression: Compression { codec.compression }

    /// Reads one whole block to the front of `buffer`.
    /// - Throws: `.missing`, `.damaged` when the object is not exactly the block, `.invalid` when the buffer
    ///   is too short or the key's size impossible, `.storage`.
    package func readBlock(
        _ key: BlockKey,
        into buffer: UnsafeMutableRawBufferPointer,
    ) throws(BlockError) {
        let size = Int(key.size)
        guard key.size > 0, key.size <= layout.blockSize, size <= buffer.count else {
            throw BlockError(.invalid, "read", block: key)
        }
        let block = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<size])
        if compression == .none {
            let count = try unsafe fetch(key, range: .whole, into: block)
            guard count == size else { throw Self.wrongLength(key, count) }
            return
        }
        let stored = storedBuffers.take()
        let bound = compression.storedBound(ofBlockSize: size)
        let room = unsafe UnsafeMutableRawBufferPointer(rebasing: stored.bytes[..<bound])
        let count = try unsafe fetch(key, range: .whole, into: room)
        do throws(BlockError) {
            try unsafe codec.decompress(UnsafeRawBufferPointer(rebasing: room[..<count]), into: block)
        } catch {
            var located = error
            located.block = key
            throw located
        }
    }

    /// Reads a part of a block to the front of `buffer`: alone where blocks are stored raw, else by way of
    /// the whole block.
    /// - Returns: where in `buffer` the part begins.
    func readPart(
        _ part: BlockPart,
        into buffer: UnsafeMutableRawBufferPointer,
    ) throws(BlockError) -> Int {
        guard compression == .none, !part.isWhole else {
            try unsafe readBlock(part.key, into: buffer)
            return part.offset
        }
        guard part.key.size <= layout.blockSize, part.count <= buffer.count else {
            throw BlockError(.invalid, "read", block: part.key)
        }
        let room = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<part.count])
        let range = ByteRange(offset: UInt64(part.offset), length: UInt64(part.count))
        let count = try unsafe fetch(part.key, range: range, into: room)
        guard count == part.count else {
            throw BlockError(
                .damaged,
                "read",
                block: part.key,
                reason: "\(count) bytes came from offset \(part.offset), wanted \(part.count)"
            )
        }
        return 0
    }

    /// Reads, decompresses and measures a block, and drops it.
    /// - Throws: as `readBlock`.
    package func verify(_ key: BlockKey) throws(BlockError) {
        let buffer = buffers.take()
        try unsafe readBlock(key, into: buffer.bytes)
    }

    /// Compresses and stores a block, on the calling thread.
    package func writeBlock(_ key: BlockKey, from block: UnsafeRawBufferPointer) throws(BlockError) {
        guard block.count == Int(key.size), key.size > 0, key.size <= layout.blockSize else {
            throw BlockError(.invalid, "upload", block: key)
        }
        guard compression != .none else { return try unsafe store(key, block) }
        let stored = storedBuffers.take()
        let count = try unsafe codec.compress(block, into: stored.bytes)
        try unsafe store(key, UnsafeRawBufferPointer(rebasing: stored.bytes[..<count]))
    }

    /// Removes the blocks of a slice; those that are absent are fine.
    /// - Throws: the first failure, after trying all blocks.
    package func delete(slice id: UInt64, size: UInt32) throws(BlockError) {
        var failure: BlockError?
        for index in 0..<layout.blockCount(ofSliceSize: size) {
            guard let block = layout.block(index, ofSlice: id, size: size) else { continue }
            do throws(StorageError) {
                try objects.delete(layout.objectKey(of: block))
            } catch {
                guard error.code != .notFound else { continue }
                failure = failure ?? BlockError("delete", block: block, error)
            }
        }
        if let failure { throw failure }
    }

    private func store(_ key: BlockKey, _ bytes: UnsafeRawBufferPointer) throws(BlockError) {
        do throws(StorageError) {
            _ = try unsafe objects.put(
                layout.objectKey(of: key),
                from: BufferSource(bytes),
                options: PutOptions(wantsChecksum: false)
            )
        } catch {
            throw BlockError("upload", block: key, error)
        }
    }

    /// Collects an object in `room`.
    /// - Returns: bytes collected.
    /// - Throws: `.damaged` when the object is larger than `room`.
    private func fetch(
        _ key: BlockKey,
        range: ByteRange,
        into room: UnsafeMutableRawBufferPointer,
    ) throws(BlockError) -> Int {
        do throws(StorageError) {
            return try unsafe objects.read(layout.objectKey(of: key), range: range, into: room)
        } catch {
            guard error.code != .tooLarge else {
                throw BlockError(
                    .damaged,
                    "read",
                    block: key,
                    reason: "the object is larger than its name says"
                )
            }
            throw BlockError("read", block: key, error)
        }
    }

    private static func wrongLength(_ key: BlockKey, _ count: Int) -> BlockError {
        var error = BlockCodec.lengthError(count, expected: Int(key.size))
        error.block = key
        return error
    }
}

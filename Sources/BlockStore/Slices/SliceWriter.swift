// SPDX-License-Identifier: Apache-2.0
// Cuts bytes into blocks and uploads each full one while the next is being filled. The last block is uploaded
// by the writing thread itself at `finish`: a small file needs no other thread.

package import ObjectStorage
import SluiceBase
import VolumeModel

/// Writes one slice.
///
/// One owner, one thread at a time.
package final class SliceWriter {
    private let store: SliceStore
    package let sliceID: UInt64
    private let flights = UploadFlights()
    private var buffer: PooledBuffer?
    private var filled = 0
    private var fullBlocks: UInt32 = 0

    package init(_ store: SliceStore, sliceID: UInt64) {
        self.store = store
        self.sliceID = sliceID
    }

    /// Bytes taken in so far.
    package var size: UInt32 { fullBlocks * store.layout.blockSize + UInt32(truncatingIfNeeded: filled) }

    private var blockSize: Int { Int(store.layout.blockSize) }

    /// Takes bytes from memory.
    /// - Throws: `.invalid` when the slice would grow past a chunk; what an upload threw meanwhile.
    package func append(_ bytes: UnsafeRawBufferPointer) throws(BlockError) {
        guard UInt64(bytes.count) <= Chunk.size - UInt64(size) else {
            throw BlockError(.invalid, "write", reason: "slice \(sliceID) would be larger than a chunk")
        }
        var position = 0
        while position < bytes.count {
            let room = unsafe try roomToFill()
            let count = min(room.count, bytes.count - position)
            unsafe room.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[position..<position + count]))
            position += count
            filled += count
        }
    }

    /// Takes up to `limit` bytes from a source, from where it stands; fewer only when it ends.
    /// - Returns: bytes taken.
    /// - Throws: `.source` when the source throws; else as `append(_:)`.
    package func append(from source: any ByteSource, limit: UInt32) throws(BlockError) -> UInt32 {
        guard UInt64(limit) <= Chunk.size - UInt64(size) else {
            throw BlockError(.invalid, "write", reason: "slice \(sliceID) would be larger than a chunk")
        }
        var taken: UInt32 = 0
        while taken < limit {
            let room = unsafe try roomToFill()
            let wanted = min(room.count, Int(limit - taken))
            let count: Int
            do {
                count = try unsafe source.read(into: UnsafeMutableRawBufferPointer(rebasing: room[..<wanted]))
            } catch {
                throw BlockError(
                    .source,
                    "write",
                    reason: "\(error)",
                    underlying: error as? StorageError
                )
            }
            guard count > 0 else { break }
            guard count <= wanted else {
                throw BlockError(.source, "write", reason: "a source overran its buffer")
            }
            filled += count
            taken += UInt32(truncatingIfNeeded: count)
        }
        return taken
    }

    /// Uploads the rest and waits for all blocks.
    /// - Returns: bytes of the slice; 0 means that nothing was stored.
    /// - Throws: the first upload's error; the blocks that did arrive are removed then.
    package func finish() throws(BlockError) -> UInt32 {
        let total = size
        var failure: BlockError?
        if filled > 0, let buffer {
            do throws(BlockError) {
                let key = BlockKey(
                    sliceID: sliceID,
                    index: fullBlocks,
                    size: UInt32(truncatingIfNeeded: filled)
                )
                try unsafe store.writeBlock(
                    key,
                    from: UnsafeRawBufferPointer(rebasing: buffer.bytes[..<filled])
                )
            } catch {
                failure = error
            }
        }
        buffer = nil
        failure = flights.land() ?? failure
        guard let failure else { return total }
        removeBlocks(ofSize: total)
        throw failure
    }

    /// Waits for the uploads that are under way and removes what was stored.
    ///
    /// Errors of the removal are
    /// dropped: no record names these blocks, so the next collection of leaked objects finds them.
    package func abandon() {
        let total = size
        buffer = nil
        filled = 0
        _ = flights.land()
        removeBlocks(ofSize: total)
    }

    private func removeBlocks(ofSize total: UInt32) {
        do throws(BlockError) {
            try store.delete(slice: sliceID, size: total)
        } catch {
            return
        }
    }

    /// The free end of the current buffer, never empty; sends the buffer off when it is full.
    private func roomToFill() throws(BlockError) -> UnsafeMutableRawBufferPointer {
        if filled == blockSize, let full = buffer { try send(full) }
        let current = buffer ?? store.buffers.take()
        buffer = current
        return unsafe UnsafeMutableRawBufferPointer(rebasing: current.bytes[filled...])
    }

    private func send(_ full: PooledBuffer) throws(BlockError) {
        if let failure = flights.failure { throw failure }
        let key = BlockKey(sliceID: sliceID, index: fullBlocks, size: store.layout.blockSize)
        let store = store
        let flights = flights
        flights.start()
        store.uploads.submit {
            do throws(BlockError) {
                try unsafe store.writeBlock(key, from: UnsafeRawBufferPointer(full.bytes))
                flights.end(nil)
            } catch {
                flights.end(error)
            }
        }
        buffer = nil
        filled = 0
        fullBlocks += 1
    }
}

extension SliceStore {
    /// Stores up to `limit` bytes of a source as one slice, from where the source stands.
    /// - Returns: bytes stored; 0 when the source had ended.
    /// - Throws: `BlockError`; nothing stays stored then.
    package func write(
        slice id: UInt64,
        from source: any ByteSource,
        limit: UInt32
    ) throws(BlockError) -> UInt32 {
        let writer = SliceWriter(self, sliceID: id)
        do throws(BlockError) {
            _ = try writer.append(from: source, limit: limit)
        } catch {
            writer.abandon()
            throw error
        }
        return try writer.finish()
    }
}

/// The uploads of one slice that are under way, and the first error among them.
private final class UploadFlights: Sendable {
    private struct State: Sendable {
        var count = 0
        var failure: BlockError?
    }

    private let monitor = Monitor(State())

    var failure: BlockError? { monitor.withLock { $0.failure } }

    func start() {
        monitor.withLock { $0.count += 1 }
    }

    func end(_ error: BlockError?) {
        monitor.withLock(waking: 0) { state in
            state.count -= 1
            state.failure = state.failure ?? error
        }
    }

    /// Waits until none is under way.
    func land() -> BlockError? {
        monitor.wait { state -> BlockError?? in
            guard state.count == 0 else { return nil }
            return .some(state.failure)
        }
    }
}

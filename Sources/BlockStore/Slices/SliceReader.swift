// SPDX-License-Identifier: Apache-2.0
// Streams pieces of slices in order while the next blocks are already being fetched. The last block added is
// held back until another follows: a file of one block is read without any other thread.

package import ObjectStorage
import SluiceBase
package import VolumeModel

/// One sequential read.
///
/// One owner, one thread at a time.
@safe package final class SliceReader {
    /// What is still to be delivered, oldest first; at most `readAhead` fetches among them.
    private enum Item {
        case zeros(UInt64)
        case fetch(BlockFetch)
    }

    private let store: SliceStore
    private let sink: ByteSink
    private var waiting: [Item] = []
    private var held: BlockPart?
    /// Bytes that went into the sink.
    package private(set) var delivered: UInt64 = 0

    package init(_ store: SliceStore, into sink: @escaping ByteSink) {
        self.store = store
        unsafe self.sink = sink
    }

    /// Adds the next piece; delivers older ones as the window moves.
    /// - Throws: `BlockError`, or what the sink throws.
    package func add(_ piece: Slice) throws {
        guard !piece.isHole else { return try add(zeros: UInt64(piece.length)) }
        for part in try store.layout.parts(of: piece) {
            try startHeld()
            held = part
        }
    }

    /// Adds a run of zeros.
    package func add(zeros count: UInt64) throws {
        guard count > 0 else { return }
        try startHeld()
        waiting.append(.zeros(count))
        try deliver(leaving: store.limits.readAhead)
    }

    /// Delivers everything that was added.
    /// - Returns: bytes delivered in all.
    @discardableResult
    package func finish() throws -> UInt64 {
        if waiting.isEmpty, let part = held {
            held = nil
            let fetch = BlockFetch(part)
            fetch.run(in: store)
            try deliver(.fetch(fetch))
        } else {
            try startHeld()
            try deliver(leaving: 0)
        }
        return delivered
    }

    private func startHeld() throws {
        guard let part = held else { return }
        held = nil
        let fetch = BlockFetch(part)
        let store = store
        store.downloads.submit { fetch.run(in: store) }
        waiting.append(.fetch(fetch))
        try deliver(leaving: max(store.limits.readAhead, 1) - 1)
    }

    private func deliver(leaving limit: Int) throws {
        while waiting.count > limit { try deliver(waiting.removeFirst()) }
    }

    private func deliver(_ item: Item) throws {
        switch item {
        case .zeros(let count):
            try unsafe Zeros.deliver(count, into: sink)
            delivered += count
        case .fetch(let fetch):
            let block = try fetch.result().get()
            let bytes = unsafe block.buffer.bytes[block.start..<block.start + fetch.part.count]
            try unsafe sink(UnsafeRawBufferPointer(rebasing: bytes))
            delivered += UInt64(fetch.part.count)
        }
    }
}

extension SliceStore {
    /// Streams a part of a stored slice.
    /// - Parameter range: bytes of the slice; must lie inside it.
    /// - Throws: `BlockError`, or what the sink throws.
    package func read(slice id: UInt64, size: UInt32, range: Range<UInt32>, into sink: ByteSink) throws {
        try unsafe withoutActuallyEscaping(sink) { sink in
            let reader = unsafe SliceReader(self, into: sink)
            try reader.add(
                Slice(
                    position: 0,
                    id: id,
                    size: size,
                    offset: range.lowerBound,
                    length: range.upperBound - range.lowerBound
                )
            )
            try reader.finish()
        }
    }
}

/// A block on its way; filled by one thread, awaited by another.
private final class BlockFetch: Sendable {
    struct Fetched: Sendable {
        var buffer: PooledBuffer
        /// Where in the buffer the wanted part begins.
        var start: Int
    }

    let part: BlockPart
    private let monitor = Monitor<Result<Fetched, BlockError>?>(nil)

    init(_ part: BlockPart) {
        self.part = part
    }

    func run(in store: SliceStore) {
        let buffer = store.buffers.take()
        let result: Result<Fetched, BlockError>
        do throws(BlockError) {
            let start = try unsafe store.readPart(part, into: buffer.bytes)
            result = .success(Fetched(buffer: buffer, start: start))
        } catch {
            result = .failure(error)
        }
        monitor.withLock(waking: 0) { $0 = result }
    }

    func result() -> Result<Fetched, BlockError> {
        monitor.wait { $0 }
    }
}

/// Runs of zeros without an allocation per run.
private enum Zeros {
    private static let page = [UInt8](repeating: 0, count: 256 << 10)

    static func deliver(_ count: UInt64, into sink: ByteSink) throws {
        var left = count
        while left > 0 {
            let run = Int(min(left, UInt64(page.count)))
            try unsafe page.withUnsafeBytes { try unsafe sink(UnsafeRawBufferPointer(rebasing: $0[..<run])) }
            left -= UInt64(run)
        }
    }
}

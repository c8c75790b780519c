// SPDX-License-Identifier: Apache-2.0
// `--data`: every block is fetched and decoded by several threads. Blocks carry no checksum, so what is
// found is what cannot be decrypted, cannot be decompressed, or comes out with another length.

import Metadata
import ObjectStorage
import SluiceBase
import Synchronization
import VolumeModel

/// A block that could not be read as what it should be.
private struct BadBlock: Sendable {
    var block: BlockKey
    var reason: String
    /// The store failed: nothing is known of the block.
    var isUnknown: Bool
}

/// What the reading threads share.
private final class DataState: Sendable {
    struct Result: Sendable {
        var read: UInt64 = 0
        var bad: [BadBlock] = []
        /// Bad blocks beyond those that are kept.
        var further: UInt64 = 0
    }

    /// Bad blocks that are reported one by one.
    private static let badLimit = 10_000
    let result = Mutex(Result())

    func check(_ block: BlockKey, _ read: (BlockKey) throws -> Int) {
        var bad: BadBlock?
        do {
            let length = try read(block)
            if length != Int(block.size) {
                bad = BadBlock(
                    block: block,
                    reason: "\(length) bytes come out, expected \(block.size)",
                    isUnknown: false
                )
            }
        } catch let error as StorageError where error.code == .notFound {
            // A missing object is a finding of the slice already.
        } catch let error as StorageError where error.code != .corrupt && error.code != .undecipherable {
            bad = BadBlock(block: block, reason: error.description, isUnknown: true)
        } catch {
            bad = BadBlock(block: block, reason: "\(error)", isUnknown: false)
        }
        result.withLock { result in
            result.read += 1
            guard let bad else { return }
            if result.bad.count < Self.badLimit { result.bad.append(bad) } else { result.further += 1 }
        }
    }
}

extension CheckRun {
    /// Blocks handed to a thread at a time.
    private static var batchSize: Int { 64 }

    /// Reads the blocks of all slices that files use and reports those that do not decode.
    func readData(_ slices: RecordStream<LiveSlice>, _ look: SecondLook) throws {
        guard let read = options.blockReader else { return }
        let threads = max(options.dataThreads, 1)
        let queue = BoundedQueue<[BlockKey]>(capacity: 2 * threads)
        let state = DataState()
        let cancellation = options.cancellation
        let pool = try WorkerPool(count: threads, name: "fsck-data") { _ in
            while let batch = queue.pop() {
                for block in batch where !cancellation.isCancelled { state.check(block, read) }
            }
        }
        do {
            try feed(slices, to: queue, state)
        } catch {
            queue.cancel()
            try pool.join()
            throw error
        }
        queue.close()
        try pool.join()
        try cancellation.throwIfCancelled()
        try report(state.result.withLock { $0 }, look)
    }

    private func feed(
        _ slices: RecordStream<LiveSlice>,
        to queue: BoundedQueue<[BlockKey]>,
        _ state: DataState
    ) throws {
        try slices.start()
        var batch: [BlockKey] = []
        while let slice = slices.head {
            try slices.advance()
            guard UInt64(slice.size) <= Chunk.size else { continue }
            for index in 0..<layout.blockCount(ofSliceSize: slice.size) {
                guard let block = layout.block(index, ofSlice: slice.id, size: slice.size) else { continue }
                batch.append(block)
            }
            guard batch.count >= Self.batchSize || slices.head == nil else { continue }
            try options.cancellation.throwIfCancelled()
            queue.push(batch)
            batch = []
            progress(CheckProgress(.data, done: state.result.withLock { $0.read }))
        }
    }

    private func report(_ result: DataState.Result, _ look: SecondLook) throws {
        look.change { summary in
            summary.blocksRead += result.read
            summary.unverified += UInt64(result.bad.count(where: \.isUnknown)) + result.further
            guard let first = result.bad.first(where: \.isUnknown) else { return }
            summary.incomplete.append("read blocks: \(first.reason)")
        }
        let bad = result.bad
            .filter { !$0.isUnknown && !hasWrongSize($0.block) }
            .sorted { $0.block.sliceID < $1.block.sliceID }
        guard !bad.isEmpty else { return }
        let users = try users(ofSlices: bad.map(\.block.sliceID))
        for block in bad {
            let inodes = (users[block.block.sliceID] ?? []).sorted()
            let paths = try volume.engine.read { reader in
                try inodes.flatMap { try PathFinder(reader: reader).paths(of: $0) }
            }
            look.report(
                Finding(.objectUnreadable, block.reason).with {
                    $0.sliceID = block.block.sliceID
                    $0.objectKey = layout.objectKey(of: block.block)
                    $0.bytes = UInt64(block.block.size)
                    $0.inode = inodes.first
                    $0.paths = paths.sorted()
                }
            )
        }
    }

    /// Whether the object has a size that it cannot have: then it is a finding of its slice already.
    private func hasWrongSize(_ block: BlockKey) -> Bool {
        do throws(StorageError) {
            let stored = try store.head(layout.objectKey(of: block)).size
            switch options.expectedObjectSize(block.size) {
            case .exact(let size): return stored != size
            case .atLeast(let size): return stored < size
            }
        } catch {
            return error.code == .notFound
        }
    }

    /// The files that use some slices, by one more scan of the chunks: only damage makes it necessary.
    private func users(ofSlices ids: [UInt64]) throws -> [UInt64: [Inode]] {
        var users: [UInt64: [Inode]] = [:]
        for id in ids { users[id] = [] }
        try volume.engine.snapshot { scanner in
            let cursor = try scanner.scanChunks()
            while let scanned = try cursor.next() {
                guard case .record(let chunk) = scanned else { continue }
                _ = SliceUseCollector.read(chunk) { slice in
                    guard let known = users[slice.id], known.count < PathFinder.pathLimit,
                        !known.contains(chunk.inode)
                    else { return }
                    users[slice.id] = known + [chunk.inode]
                }
            }
        }
        return users
    }
}

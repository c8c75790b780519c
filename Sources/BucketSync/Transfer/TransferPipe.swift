// SPDX-License-Identifier: Apache-2.0
// A large object on its way: a thread reads the source while the destination writes. The writer offers its
// own buffer and the reader copies straight into it, so there is one copy and no queue: while the writer
// works on a run, the reader fetches the next one into the store's buffer. The checksum is that of the bytes
// as the source delivered them.

import ObjectStorage
import SluiceBase

/// Reads an object of a store ahead of whoever pulls.
///
/// Belongs to one thread.
final class TransferPipe: ByteSource {
    /// What one attempt's two threads share.
    ///
    /// The address is that of the puller's buffer, valid while it waits.
    private struct State: Sendable {
        var room: UInt?
        var roomCount = 0
        var filled = 0
        var isEnded = false
        var isAbandoned = false
        var failure: StorageError?
        var checksum: UInt32 = 0
        var total: UInt64 = 0
    }

    private static let dataIsThere = 0
    private static let roomIsThere = 1

    private let store: any ObjectStore
    private let key: ObjectKey
    let length: UInt64
    /// Called for every run; may wait, or throw to end the transfer.
    private let pace: @Sendable (Int) throws -> Void
    private var monitor = Monitor(State(), conditionCount: 2)
    private var thread: WorkerThread?

    init(
        _ store: any ObjectStore,
        _ key: ObjectKey,
        length: UInt64,
        pace: @escaping @Sendable (Int) throws -> Void,
    ) {
        self.store = store
        self.key = key
        self.length = length
        self.pace = pace
    }

    deinit {
        stop()
    }

    /// Why the source could not be read, nil when it could.
    var sourceFailure: StorageError? { monitor.withLock { $0.failure } }
    /// CRC-32C of what the source delivered.
    var checksum: UInt32 { monitor.withLock { $0.checksum } }
    /// Bytes that the source delivered.
    var total: UInt64 { monitor.withLock { $0.total } }

    func rewind() {
        guard thread != nil else { return }
        stop()
        monitor = Monitor(State(), conditionCount: 2)
        thread = nil
    }

    /// Ends the reading thread.
    func stop() {
        monitor.withLock(waking: Self.roomIsThere) { $0.isAbandoned = true }
        thread?.join()
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        if thread == nil { thread = try start() }
        guard let base = buffer.baseAddress, buffer.count > 0 else { return 0 }
        let (address, count) = (UInt(bitPattern: base), buffer.count)
        monitor.withLock(waking: Self.roomIsThere) { state in
            state.room = address
            state.roomCount = count
            state.filled = 0
        }
        let (filled, failure) = monitor.wait(for: Self.dataIsThere) { state -> (Int, StorageError?)? in
            guard state.room == nil || state.isEnded else { return nil }
            state.room = nil
            return (state.filled, state.filled == 0 ? state.failure : nil)
        }
        if let failure { throw failure }
        return filled
    }

    private func start() throws(SystemError) -> WorkerThread {
        let (store, key, monitor, pace) = (store, key, monitor, pace)
        return try WorkerThread(name: "sync-read") {
            var failure: StorageError?
            var checksum = Crc32c()
            var total: UInt64 = 0
            do throws(StorageError) {
                try unsafe store.read(key, range: .whole) { (run: UnsafeRawBufferPointer) throws -> Void in
                    try pace(run.count)
                    unsafe checksum.update(run)
                    total += UInt64(run.count)
                    guard unsafe Self.deliver(run, to: monitor) else { throw CancelledTransfer() }
                }
            } catch {
                failure = error
            }
            let (value, count, reason) = (checksum.value, total, failure)
            monitor.withLock(waking: Self.dataIsThere) { state in
                state.isEnded = true
                state.checksum = value
                state.total = count
                state.failure = reason
            }
        }
    }

    /// Copies a run into the buffers that the puller offers; false when it offers no more.
    private static func deliver(_ run: UnsafeRawBufferPointer, to monitor: Monitor<State>) -> Bool {
        var done = 0
        while done < run.count {
            let room = monitor.wait(for: roomIsThere) { state -> (address: UInt, count: Int)?? in
                if state.isAbandoned { return .some(nil) }
                guard let room = state.room else { return nil }
                return .some((room + UInt(state.filled), state.roomCount - state.filled))
            }
            // The puller stays in `read` until its buffer is full or the stream ends, so the memory is valid.
            guard let room, let target = unsafe UnsafeMutableRawPointer(bitPattern: room.address) else {
                return false
            }
            let count = min(room.count, run.count - done)
            unsafe UnsafeMutableRawBufferPointer(start: target, count: count)
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: run[done..<done + count]))
            done += count
            let isFull = count == room.count
            monitor.withLock(waking: isFull ? dataIsThere : roomIsThere) { state in
                state.filled += count
                if isFull { state.room = nil }
            }
        }
        return true
    }
}

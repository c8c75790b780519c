// SPDX-License-Identifier: Apache-2.0
// A large object on its way: a thread reads the source and lends each run to the destination where it lies,
// so that there is no queue and, where the destination writes from foreign memory, no copy. The source's
// store reads ahead meanwhile. The checksum is that of the bytes as the source delivered them.

import ObjectStorage
import SluiceBase

/// Reads an object of a store ahead of whoever pulls.
///
/// Belongs to one thread.
final class TransferPipe: ByteSource {
    /// What one attempt's two threads share.
    private struct State: Sendable {
        /// Where the lent run, or what is left of it, begins.
        ///
        /// Valid until the puller has taken it: the reader waits for that.
        var run: UInt = 0
        var count = 0
        var isEnded = false
        var isAbandoned = false
        var failure: StorageError?
        var checksum: UInt32 = 0
        var total: UInt64 = 0
    }

    private static let dataIsThere = 0
    private static let runIsTaken = 1

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
        monitor.withLock(waking: Self.runIsTaken) { $0.isAbandoned = true }
        thread?.join()
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard buffer.count > 0, let run = try unsafe waitForRun() else { return 0 }
        let taken = unsafe UnsafeRawBufferPointer(rebasing: run[..<min(run.count, buffer.count)])
        unsafe buffer.copyMemory(from: taken)
        take(taken.count)
        return taken.count
    }

    func lendRun(to body: (UnsafeRawBufferPointer) throws -> Void) throws -> Int? {
        guard let run = try unsafe waitForRun() else { return 0 }
        defer { take(run.count) }
        try unsafe body(run)
        return run.count
    }

    /// The run that is lent now, nil at the end.
    private func waitForRun() throws -> UnsafeRawBufferPointer? {
        if thread == nil { thread = try start() }
        let (address, count, failure) = monitor.wait(for: Self.dataIsThere) {
            state -> (UInt, Int, StorageError?)? in
            guard state.count > 0 || state.isEnded else { return nil }
            return (state.run, state.count, state.failure)
        }
        guard count > 0 else {
            if let failure { throw failure }
            return nil
        }
        return unsafe UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: address), count: count)
    }

    private func take(_ count: Int) {
        monitor.withLock(waking: Self.runIsTaken) { state in
            state.run += UInt(count)
            state.count -= count
        }
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
                    unsafe Self.lend(run, to: monitor)
                    // While the destination writes it.
                    unsafe checksum.update(run)
                    total += UInt64(run.count)
                    guard Self.waitUntilTaken(monitor) else { throw CancelledTransfer() }
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

    /// Lends a run, which must stay where it is until it is taken.
    private static func lend(_ run: UnsafeRawBufferPointer, to monitor: Monitor<State>) {
        let (address, count) = (UInt(bitPattern: run.baseAddress), run.count)
        monitor.withLock(waking: dataIsThere) { state in
            state.run = address
            state.count = count
        }
    }

    /// Waits until the puller has taken the run; false when it takes no more.
    private static func waitUntilTaken(_ monitor: Monitor<State>) -> Bool {
        monitor.wait(for: runIsTaken) { state -> Bool? in
            if state.count == 0 { return true }
            return state.isAbandoned ? false : nil
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// How fast a storage is: the performance tests of JuiceFS 1.4.2's `objbench`, each operation timed by itself,
// every byte that comes back compared with what was sent.

package import ObjectStorage
package import SluiceBase
import Synchronization

/// What a test of a storage works on, and with how many threads.
package struct StorageTestOptions: Sendable {
    /// Bytes of the objects that stand for the blocks of big files; 1 or more.
    package var blockSize = 4 << 20
    /// Bytes of all of them.
    package var bigSize: UInt64 = 1 << 30
    package var smallSize = 128 << 10
    package var smallCount = 100
    /// 1 or more.
    package var threads = 4
    /// Nil for the storage's own.
    package var storageClass: String?
    package var cancellation = Cancellation()

    package init() {}

    /// Objects of `blockSize`.
    var bigCount: Int {
        Int(clamping: max(1, (bigSize + UInt64(blockSize) - 1) / UInt64(blockSize)))
    }
}

/// One kind of operation, measured.
package struct StorageTestPhase: Hashable, Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        case upload, download, put, get, list, head, delete
    }

    package var kind: Kind
    package var measured: Measurement
    /// Objects that were touched; a listing touches many.
    package var objects: UInt64
    /// Bytes of content that were moved.
    package var bytes: UInt64

    /// Objects in a second, all threads together.
    package var rate: Double { measured.rate(of: objects) }
    /// Bytes in a second, all threads together.
    package var bandwidth: Double { measured.rate(of: bytes) }
}

/// Measures one storage.
///
/// Thread-safe, but one phase at a time.
package final class StorageTest: Sendable {
    private let store: any ObjectStore
    private let options: StorageTestOptions
    /// What all objects hold behind their numbers.
    private let pattern: [UInt8]
    /// Checksums of what was stored, by key.
    private let sums = Mutex<[ObjectKey: UInt32]>([:])

    /// - Parameter store: where every key is free.
    package init(_ store: any ObjectStore, _ options: StorageTestOptions) {
        self.store = store
        self.options = options
        pattern = randomBytes(max(options.blockSize, options.smallSize))
    }

    /// Runs the operations of one kind; the kinds build upon each other in the order of their cases.
    /// - Throws: `StorageError`, `.corrupt` for bytes or listings that are not what was stored;
    ///   `CancelledError`.
    package func run(_ kind: StorageTestPhase.Kind) throws -> StorageTestPhase {
        switch kind {
        case .upload: try store(kind, "big", count: options.bigCount, size: options.blockSize)
        case .download: try read(kind, "big", count: options.bigCount, size: options.blockSize)
        case .put: try store(kind, "small", count: options.smallCount, size: options.smallSize)
        case .get: try read(kind, "small", count: options.smallCount, size: options.smallSize)
        case .list: try list(kind)
        case .head: try look(kind)
        case .delete: try delete(kind)
        }
    }

    private func key(_ name: String, _ number: Int) -> ObjectKey { ObjectKey("\(name)/\(number)") }

    /// Runs `body` for every thread-count'th number on each thread.
    private func phase(
        _ kind: StorageTestPhase.Kind,
        count: Int,
        size: Int = 0,
        _ body: @escaping @Sendable (Int, (() throws -> Void) throws -> Void) throws -> Void,
    ) throws -> StorageTestPhase {
        let threads = options.threads
        let measured = try measure(threads: threads, name: "objbench", options.cancellation) {
            thread,
            timed in
            for number in stride(from: thread, to: count, by: threads) { try body(number, timed) }
        }
        let objects = UInt64(count)
        return StorageTestPhase(
            kind: kind,
            measured: measured,
            objects: objects,
            bytes: objects.multipliedReportingOverflow(by: UInt64(size)).partialValue
        )
    }

    private func store(
        _ kind: StorageTestPhase.Kind,
        _ name: String,
        count: Int,
        size: Int
    ) throws -> StorageTestPhase {
        let put = PutOptions(storageClass: options.storageClass, wantsChecksum: false)
        return try phase(kind, count: count, size: size) { number, timed in
            let key = self.key(name, number)
            let bytes = self.content(number, size)
            let sum = Crc32c.checksum(bytes)
            self.sums.withLock { $0[key] = sum }
            try timed { _ = try self.store.putWhole(key, from: ArraySource(bytes), options: put) }
        }
    }

    /// No two objects are equal, so that nobody keeps one copy of them all.
    private func content(_ number: Int, _ size: Int) -> [UInt8] {
        var bytes = Array(pattern.prefix(size))
        let mark = unsafe withUnsafeBytes(of: UInt64(number).littleEndian) { unsafe Array($0) }
        for (index, byte) in mark.enumerated() where index < size { bytes[index] ^= byte }
        return bytes
    }

    private func read(
        _ kind: StorageTestPhase.Kind,
        _ name: String,
        count: Int,
        size: Int
    ) throws -> StorageTestPhase {
        try phase(kind, count: count, size: size) { number, timed in
            let key = self.key(name, number)
            let wanted = self.sums.withLock { $0[key] }
            var sum = Crc32c()
            var total = 0
            try timed {
                try unsafe self.store.read(key, range: .whole) {
                    (run: UnsafeRawBufferPointer) throws -> Void in
                    unsafe sum.update(run)
                    total += run.count
                }
            }
            guard total == size, sum.value == wanted else {
                throw StorageError(
                    .corrupt,
                    "read",
                    key: key,
                    address: self.store.address,
                    reason: "other bytes came back than were stored"
                )
            }
        }
    }

    /// Each thread lists everything once.
    private func list(_ kind: StorageTestPhase.Kind) throws -> StorageTestPhase {
        let all = options.bigCount + options.smallCount
        var found = try phase(kind, count: options.threads) { _, timed in
            var count = 0
            try timed {
                for name in ["big/", "small/"] {
                    let listing = try self.store.list(ListRequest(prefix: ObjectKey(name)))
                    while true {
                        let page = try listing.next()
                        guard !page.isEmpty else { break }
                        count += page.count
                    }
                }
            }
            guard count == all else {
                throw StorageError(
                    .corrupt,
                    "list",
                    address: self.store.address,
                    reason: "\(count) objects are listed, \(all) were stored"
                )
            }
        }
        found.objects = UInt64(all * options.threads)
        return found
    }

    private func look(_ kind: StorageTestPhase.Kind) throws -> StorageTestPhase {
        try phase(kind, count: options.smallCount) { number, timed in
            let key = self.key("small", number)
            try timed { _ = try self.store.head(key) }
        }
    }

    private func delete(_ kind: StorageTestPhase.Kind) throws -> StorageTestPhase {
        let big = options.bigCount
        return try phase(kind, count: big + options.smallCount) { number, timed in
            let key = number < big ? self.key("big", number) : self.key("small", number - big)
            try timed { try self.store.delete(key) }
        }
    }
}

/// Removes every object of a store, and the folders that file systems keep for them.
/// - Throws: `StorageError`, after which some may be left.
package func removeAll(of store: any ObjectStore) throws(StorageError) {
    let listing = try store.list(ListRequest(includesDirectories: true))
    var folders: [ObjectKey] = []
    while true {
        let page = try listing.next()
        guard !page.isEmpty else { break }
        folders += page.filter { $0.kind == .directory }.map(\.key)
        let failures = store.delete(page.filter { $0.kind != .directory }.map(\.key))
        if let failure = failures.values.first { throw failure }
    }
    for folder in folders.reversed() { try store.delete(folder) }
}

// SPDX-License-Identifier: Apache-2.0
// Redis lists keys in no order and some of them twice: they are sorted on disk before the first one is handed
// out.

import Metadata
import MetadataRedis
import ObjectStorage
import SluiceBase

/// The strings of a Redis database whose keys have a prefix.
final class RedisPages: ObjectPages {
    private static let pageSize = 1000
    /// Bytes of keys that are sorted in memory; more go to `TMPDIR`.
    private static let sortMemory = 8 << 20

    private let store: RedisStore
    private let prefix: ObjectKey
    private var sorted: SortedBytes?
    private var last: [UInt8]?

    init(_ store: RedisStore, prefix: ObjectKey) {
        self.store = store
        self.prefix = prefix
    }

    func next(from start: ObjectKey?) throws(StorageError) -> [ObjectInfo] {
        let sorted = if let known = self.sorted { known } else { try collected() }
        self.sorted = sorted
        do throws(SystemError) {
            return try page(of: sorted, from: start?.bytes ?? [])
        } catch {
            throw StorageError(of: error, "list", address: store.address)
        }
    }

    private func page(of sorted: SortedBytes, from start: [UInt8]) throws(SystemError) -> [ObjectInfo] {
        var page: [ObjectInfo] = []
        while page.count < Self.pageSize, let record = try sorted.next() {
            let key = unsafe Array(record.key)
            guard key != last, !key.lexicographicallyPrecedes(start) else { continue }
            last = key
            // As `measure` has added it.
            let length = unsafe record.value.loadUnaligned(as: Int64.self)
            page.append(ObjectInfo(string: ObjectKey(key), length: length))
        }
        return page
    }

    // MARK: Collecting

    private func collected() throws(StorageError) -> SortedBytes {
        try store.run("list") { connection in
            let sorter = ByteSorter(memoryLimitBytes: Self.sortMemory)
            var page: ScanPage?
            repeat {
                var batch = CommandBatch()
                batch.add(
                    "SCAN",
                    page?.cursor ?? [UInt8(ascii: "0")],
                    Array("MATCH".utf8),
                    ScanPage.escaped(self.prefix.bytes) + [UInt8(ascii: "*")],
                    Array("COUNT".utf8),
                    Array("\(Self.pageSize)".utf8)
                )
                let next = try ScanPage(
                    try connection.exchange(batch).first,
                    "list",
                    address: connection.address
                )
                try Self.measure(next.names, on: connection, into: sorter)
                page = next
            } while page?.isLast == false
            return try sorter.finish()
        }
    }

    /// Adds the keys that are strings, with their lengths.
    private static func measure(
        _ names: [[UInt8]],
        on connection: RedisConnection,
        into sorter: ByteSorter,
    ) throws {
        let lengths = try ask("STRLEN", names, on: connection)
        // Of a key that has gone meanwhile the length is 0 too.
        let empty = zip(names, lengths).filter { $0.1 == .integer(0) }.map(\.0)
        let gone = Set(
            zip(empty, try ask("EXISTS", empty, on: connection)).filter { $0.1 == .integer(0) }.map(\.0)
        )
        for (name, reply) in zip(names, lengths) where !gone.contains(name) {
            switch reply {
            case .integer(let length): try sorter.add(key: name, value: withBytes(of: length))
            // Another program's list or hash, or a volume's metadata, is no object.
            case .error(let failure) where failure.code == "WRONGTYPE": continue
            case .error, .status, .bytes, .null, .array:
                _ = try reply.checked("list", address: connection.address)
                throw EngineError(.failed, "list", address: connection.address, reason: "an unexpected reply")
            }
        }
    }

    private static func ask(
        _ command: StaticString,
        _ names: [[UInt8]],
        on connection: RedisConnection,
    ) throws(EngineError) -> [RedisReply] {
        var batch = CommandBatch()
        for name in names { batch.add(command, name) }
        return try connection.exchange(batch)
    }

    private static func withBytes(of length: Int64) -> [UInt8] {
        unsafe withUnsafeBytes(of: length) { unsafe Array($0) }
    }
}

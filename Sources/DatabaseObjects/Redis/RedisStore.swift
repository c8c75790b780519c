// SPDX-License-Identifier: Apache-2.0
// Objects as strings of a Redis database, each under its own key (data-format §2.4). Redis keeps no times of
// changes, so all are unknown.

import Metadata
package import MetadataRedis
package import ObjectStorage
import SluiceBase

/// A store of objects in one Redis server, or the one whose address Sentinels know.
package final class RedisStore: ObjectStore {
    /// Bytes of the longest string that Redis takes.
    private static let longestString: UInt64 = 512 << 20

    package let address: String
    package let limits = StorageLimits(maximumObjectSize: longestString)
    private let pool: RedisPool

    package init(_ pool: RedisPool) {
        self.pool = pool
        address = pool.connector.address
    }

    package func create() throws(StorageError) {
        try run("create") { _ = try $0.run("PING", operation: "ask") }
    }

    package func head(_ key: ObjectKey) throws(StorageError) -> ObjectInfo {
        var batch = CommandBatch()
        batch.add("STRLEN", key.bytes)
        batch.add("EXISTS", key.bytes)
        let replies = try ask(batch, "look up", key)
        guard case .integer(let length) = replies[0], case .integer(1) = replies[1] else {
            throw StorageError(.notFound, "look up", key: key, address: address)
        }
        return ObjectInfo(string: key, length: length)
    }

    package func read(_ key: ObjectKey, range: ByteRange, into sink: ByteSink) throws(StorageError) -> UInt64
    {
        var batch = CommandBatch()
        if range.isWhole {
            batch.add("GET", key.bytes)
        } else {
            batch.add("EXISTS", key.bytes)
            batch.add("GETRANGE", key.bytes, Array(range.first.utf8), Array(range.last.utf8))
        }
        let replies = try ask(batch, "read", key)
        guard replies.first != .integer(0), case .bytes(let bytes) = replies.last else {
            throw StorageError(.notFound, "read", key: key, address: address)
        }
        guard range.length != 0 else { return 0 }
        return try unsafe deliver(bytes, of: key, to: sink)
    }

    package func put(
        _ key: ObjectKey,
        from source: any ByteSource,
        options: PutOptions,
    ) throws(StorageError) -> PutReceipt {
        let bytes = try collect(source, for: key)
        if options.wantsChecksum, let proof = try putProving(key, bytes) {
            guard proof == Hex.encode(Digest.sha1(bytes)) else {
                throw StorageError(changedOnTheWay: key, address: address)
            }
            return PutReceipt(size: UInt64(bytes.count), crc32c: Crc32c.checksum(bytes))
        }
        var batch = CommandBatch()
        batch.add("SET", key.bytes, bytes)
        _ = try ask(batch, "store", key)
        return PutReceipt(size: UInt64(bytes.count))
    }

    /// Stores an object and lets the server say what it has, in one transaction.
    /// - Returns: the SHA-1 in hexadecimal digits; nil when this user or server runs no scripts: then nothing
    ///   was stored, or nobody knows what.
    private func putProving(_ key: ObjectKey, _ bytes: [UInt8]) throws(StorageError) -> String? {
        var batch = CommandBatch()
        batch.add("MULTI")
        batch.add("SET", key.bytes, bytes)
        batch.add("EVAL", Array(Self.proof.utf8), [UInt8(ascii: "1")], key.bytes)
        batch.add("EXEC")
        let replies = try run("store", key) { try $0.exchange(batch) }
        guard case .array(let results) = replies.last, case .bytes(let digest) = results.last else {
            return nil
        }
        return String(decoding: digest, as: UTF8.self)
    }

    private static let proof = "return redis.sha1hex(redis.call('GET', KEYS[1]))"

    package func delete(_ key: ObjectKey) throws(StorageError) {
        var batch = CommandBatch()
        batch.add("DEL", key.bytes)
        _ = try ask(batch, "delete", key)
    }

    package func list(_ request: ListRequest) -> any ObjectListing {
        FlatListing(request, RedisPages(self, prefix: request.prefix))
    }

    // MARK: Asking

    /// Sends commands of which none may fail.
    private func ask(
        _ batch: CommandBatch,
        _ operation: String,
        _ key: ObjectKey,
    ) throws(StorageError) -> [RedisReply] {
        try run(operation, key) { connection in
            try connection.exchange(batch).map { try $0.checked(operation, address: self.address) }
        }
    }

    /// Runs `body` with a connection.
    func run<Result>(
        _ operation: String,
        _ key: ObjectKey? = nil,
        _ body: (RedisConnection) throws -> Result,
    ) throws(StorageError) -> Result {
        do {
            return try pool.withConnection(for: .writing, body)
        } catch {
            throw StorageError(of: error, operation, key: key, address: address)
        }
    }
}

extension ObjectInfo {
    /// An object that is a string of `length` bytes.
    init(string key: ObjectKey, length: Int64) {
        self.init(
            key: key,
            size: UInt64(max(length, 0)),
            modified: .epoch,
            kind: key.hasSuffix(UInt8(ascii: "/")) && length == 0 ? .directory : .object
        )
    }
}

extension ByteRange {
    /// The first byte's number, as GETRANGE takes it.
    fileprivate var first: String { "\(min(offset, UInt64(Int64.max)))" }

    /// The last byte's number; -1 is the object's last.
    fileprivate var last: String {
        guard let length else { return "-1" }
        let (end, overflow) = offset.addingReportingOverflow(max(length, 1) - 1)
        return "\(overflow ? UInt64(Int64.max) : min(end, UInt64(Int64.max)))"
    }
}

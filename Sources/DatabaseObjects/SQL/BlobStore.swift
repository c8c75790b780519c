// SPDX-License-Identifier: Apache-2.0
// Objects in the table `jfs_blob` of an SQLite file or a PostgreSQL database.

import MetadataSQL
package import ObjectStorage
import SluiceBase

/// A store of objects in rows, one for each.
package final class BlobStore: ObjectStore {
    package let address: String
    package let limits: StorageLimits
    private let table: BlobTable
    /// Whether the database is a file that this process itself writes.
    private let isOwnWriter: Bool

    init(_ table: BlobTable, isOwnWriter: Bool) {
        self.table = table
        self.isOwnWriter = isOwnWriter
        address = table.address
        limits = StorageLimits(maximumObjectSize: table.largestBlob)
    }

    package func create() throws(StorageError) {
        do {
            try table.create()
        } catch {
            throw StorageError(of: error, "create", address: address)
        }
    }

    package func head(_ key: ObjectKey) throws(StorageError) -> ObjectInfo {
        let found: Blob?
        do {
            found = try table.find(key.bytes)
        } catch {
            throw StorageError(of: error, "look up", key: key, address: address)
        }
        guard let found else { throw StorageError(.notFound, "look up", key: key, address: address) }
        return ObjectInfo(found)
    }

    package func read(_ key: ObjectKey, range: ByteRange, into sink: ByteSink) throws(StorageError) -> UInt64
    {
        let bytes: [UInt8]?
        do {
            bytes = try table.bytes(of: key.bytes, from: range.offset, count: range.length ?? .max)
        } catch {
            throw StorageError(of: error, "read", key: key, address: address)
        }
        guard let bytes else { throw StorageError(.notFound, "read", key: key, address: address) }
        return try unsafe deliver(bytes, of: key, to: sink)
    }

    package func put(
        _ key: ObjectKey,
        from source: any ByteSource,
        options: PutOptions,
    ) throws(StorageError) -> PutReceipt {
        let bytes = try collect(source, for: key)
        let proof: String?
        do {
            proof = try table.put(key.bytes, bytes, proving: options.wantsChecksum)
        } catch {
            throw StorageError(of: error, "store", key: key, address: address)
        }
        guard options.wantsChecksum else { return PutReceipt(size: UInt64(bytes.count)) }
        if let proof, proof != Hex.encode(Digest.md5(bytes)) {
            throw StorageError(changedOnTheWay: key, address: address)
        }
        let isProven = isOwnWriter || proof != nil
        return PutReceipt(
            size: UInt64(bytes.count),
            crc32c: isProven ? Crc32c.checksum(bytes) : nil
        )
    }

    package func delete(_ key: ObjectKey) throws(StorageError) {
        do {
            try table.delete(key.bytes)
        } catch {
            throw StorageError(of: error, "delete", key: key, address: address)
        }
    }

    package func list(_ request: ListRequest) -> any ObjectListing {
        FlatListing(request, BlobPages(table, prefix: request.prefix))
    }
}

extension ObjectStore {
    /// What is to be stored under a key, whole: databases take it in one piece.
    func collect(_ source: any ByteSource, for key: ObjectKey) throws(StorageError) -> [UInt8] {
        guard !key.isEmpty else { throw StorageError(.invalidKey, "store", key: key, address: address) }
        return try source.collect(limit: limits.maximumObjectSize, "store", key: key, address: address)
    }

    /// Hands out bytes that are in memory.
    func deliver(_ bytes: [UInt8], of key: ObjectKey, to sink: ByteSink) throws(StorageError) -> UInt64 {
        guard !bytes.isEmpty else { return 0 }
        do {
            try unsafe bytes.withUnsafeBytes { try unsafe sink($0) }
        } catch {
            throw StorageError(endedBy: error, "read", key: key, address: address)
        }
        return UInt64(bytes.count)
    }
}

extension StorageError {
    /// The database has other bytes than were sent.
    init(changedOnTheWay key: ObjectKey, address: String) {
        self.init(
            .corrupt,
            "store",
            key: key,
            address: address,
            reason: "the database has other bytes than were sent",
            isTransient: true
        )
    }
}

extension ObjectInfo {
    fileprivate init(_ blob: Blob) {
        let key = ObjectKey(blob.key)
        self.init(
            key: key,
            size: blob.size,
            modified: blob.modifiedSeconds.map { Timestamp(seconds: $0, nanoseconds: 0) } ?? .epoch,
            kind: key.hasSuffix(UInt8(ascii: "/")) && blob.size == 0 ? .directory : .object
        )
    }
}

/// The rows of a prefix.
private final class BlobPages: ObjectPages {
    private static let pageSize = 1000
    private let table: BlobTable
    private let prefix: ObjectKey
    /// Nil at the end.
    private var position: ObjectKey?

    init(_ table: BlobTable, prefix: ObjectKey) {
        self.table = table
        self.prefix = prefix
        position = prefix
    }

    func next(from start: ObjectKey?) throws(StorageError) -> [ObjectInfo] {
        guard let position else { return [] }
        let found: [Blob]
        do {
            found = try table.list(from: max(position, start ?? position).bytes, limit: Self.pageSize)
        } catch {
            throw StorageError(of: error, "list", address: table.address)
        }
        let wanted = found.prefix { $0.key.starts(with: prefix.bytes) }
        let isLast = wanted.count < Self.pageSize
        self.position = isLast ? nil : wanted.last.map { ObjectKey($0.key + [0]) }
        return wanted.map(ObjectInfo.init)
    }
}

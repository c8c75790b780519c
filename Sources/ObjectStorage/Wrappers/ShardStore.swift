// SPDX-License-Identifier: Apache-2.0
// Keys spread over several stores by FNV-1a-32 of the full key (data-format §1.3). It lies directly over the
// drivers, below PrefixStore, so that the hash sees the volume's name as JuiceFS 1.4.2 does.

import SluiceBase

/// Several stores that act as one.
package final class ShardStore: ObjectStore {
    private let shards: [any ObjectStore]

    package let limits: StorageLimits

    /// Takes the stores in the order of their numbers, at least one.
    package init(_ shards: [any ObjectStore]) {
        precondition(!shards.isEmpty, "a sharded store has shards")
        self.shards = shards
        // Source and destination of a copy lie in different stores, as a rule.
        limits = StorageLimits(
            maximumObjectSize: shards.map(\.limits.maximumObjectSize).min() ?? .max,
            multipart: shards[0].limits.multipart,
            canCopy: false,
            isFileSystem: shards.allSatisfy(\.limits.isFileSystem),
            deletionBatch: shards.map(\.limits.deletionBatch).min() ?? 1
        )
    }

    package var address: String { "shard\(shards.count)://\(shards[0].address)" }

    private func number(of key: ObjectKey) -> Int {
        Int(FNV1a.hash32(key.bytes) % UInt32(truncatingIfNeeded: shards.count))
    }

    private func shard(of key: ObjectKey) -> any ObjectStore { shards[number(of: key)] }

    package func create() throws(StorageError) {
        for shard in shards { try shard.create() }
    }

    package func head(_ key: ObjectKey) throws(StorageError) -> ObjectInfo {
        try shard(of: key).head(key)
    }

    package func read(_ key: ObjectKey, range: ByteRange, into sink: ByteSink) throws(StorageError) -> UInt64
    {
        try unsafe shard(of: key).read(key, range: range, into: sink)
    }

    package func read(
        _ key: ObjectKey,
        range: ByteRange,
        into buffer: UnsafeMutableRawBufferPointer,
    ) throws(StorageError) -> Int {
        try unsafe shard(of: key).read(key, range: range, into: buffer)
    }

    package func put(
        _ key: ObjectKey,
        from source: any ByteSource,
        options: PutOptions,
    ) throws(StorageError) -> PutReceipt {
        try shard(of: key).put(key, from: source, options: options)
    }

    package func delete(_ key: ObjectKey) throws(StorageError) {
        try shard(of: key).delete(key)
    }

    package func delete(_ keys: [ObjectKey]) -> [ObjectKey: StorageError] {
        Dictionary(grouping: keys, by: number).reduce(into: [:]) { failures, part in
            failures.merge(shards[part.key].delete(part.value)) { $1 }
        }
    }

    package func list(_ request: ListRequest) throws(StorageError) -> any ObjectListing {
        var listings: [any ObjectListing] = []
        var missing: StorageError?
        for shard in shards {
            do throws(StorageError) {
                listings.append(try shard.list(request))
            } catch {
                guard error.code == .notFound else { throw error }
                missing = error
            }
        }
        // Compatibility: JuiceFS 1.4.2 makes the folder of a shard with its first object. Without any of them
        // nothing may be concluded.
        if listings.isEmpty, let missing { throw missing }
        return MergedListing(listings, address: address)
    }

    package func startMultipart(
        _ key: ObjectKey,
        options: PutOptions,
    ) throws(StorageError) -> any MultipartUpload {
        try shard(of: key).startMultipart(key, options: options)
    }
}

// SPDX-License-Identifier: Apache-2.0
// From the words of `--storage` and `--bucket` to a store (data-format §2).

import SluiceBase

/// The storages that this build can open, by their names in the settings.
package let knownStorages = ["file", "mem"]

/// Opens the storage of a volume without its prefix, encryption and retries.
///
/// `file` takes the path of a directory that ends in `/`, or a plain prefix of paths; `mem` takes any name and starts
/// empty. With more than one shard the bucket must hold `%d`, which becomes 0, 1, … (data-format §1.3).
/// - Throws: `StorageError.unsupported` for another storage or a bucket that does not fit.
package func openStore(
    storage: String,
    bucket: String,
    shards: Int = 1,
) throws(StorageError) -> any ObjectStore {
    guard shards > 1 else { return try openSingle(storage, bucket) }
    let parts = bucket.split(separator: "%d", maxSplits: 2, omittingEmptySubsequences: false)
    guard shards <= 256, parts.count == 2 else {
        let reason =
            shards > 256
            ? "\(shards) shards, 256 are possible" : "the bucket of a sharded volume holds %d once"
        throw StorageError(.unsupported, "open", address: "\(storage)://\(bucket)", reason: reason)
    }
    var stores: [any ObjectStore] = []
    for number in 0..<shards {
        stores.append(try openSingle(storage, "\(parts[0])\(number)\(parts[1])"))
    }
    return ShardStore(stores)
}

private func openSingle(_ storage: String, _ bucket: String) throws(StorageError) -> any ObjectStore {
    switch storage {
    case "file":
        guard !bucket.isEmpty else {
            throw StorageError(.unsupported, "open", address: "file://", reason: "the path is empty")
        }
        return FileStore(root: ByteString(bucket))
    case "mem":
        return MemoryStore(name: bucket)
    default:
        throw StorageError(
            .unsupported,
            "open",
            address: "\(storage)://",
            reason: "this build knows the storages \(knownStorages.joined(separator: ", "))"
        )
    }
}

// SPDX-License-Identifier: Apache-2.0
// From the words of `--storage` and `--bucket` to a store (data-format §2).

package import SluiceBase

/// What opens a store: the words of a volume's settings, or of an address.
package struct StorageRequest: Sendable {
    /// The driver's name in the settings.
    package var storage: String
    package var bucket: String
    /// Empty where the driver is to find its keys itself.
    package var accessKey: String
    package var secretKey: String
    package var sessionToken: String
    /// Looks a variable up.
    package var environment: @Sendable (String) -> String?
    /// Ends requests that are under way.
    package var cancellation: Cancellation?

    package init(
        storage: String,
        bucket: String,
        accessKey: String = "",
        secretKey: String = "",
        sessionToken: String = "",
        environment: @escaping @Sendable (String) -> String? = { _ in nil },
        cancellation: Cancellation? = nil,
    ) {
        self.storage = storage
        self.bucket = bucket
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken
        self.environment = environment
        self.cancellation = cancellation
    }
}

/// A driver, or several of a kind, as whoever opens stores knows it.
package struct StorageDriver: Sendable {
    package var names: [String]
    package var open: @Sendable (StorageRequest) throws(StorageError) -> any ObjectStore

    package init(
        _ names: [String],
        open: @escaping @Sendable (StorageRequest) throws(StorageError) -> any ObjectStore,
    ) {
        self.names = names
        self.open = open
    }

    /// The drivers that need no network: `file` takes the path of a directory that ends in `/`, or a plain
    /// prefix of paths; `mem` takes any name and starts empty.
    package static let local: [StorageDriver] = [
        StorageDriver(["file"]) { request throws(StorageError) in
            guard !request.bucket.isEmpty else {
                throw StorageError(.unsupported, "open", address: "file://", reason: "the path is empty")
            }
            return FileStore(root: ByteString(request.bucket))
        },
        StorageDriver(["mem"]) { request in MemoryStore(name: request.bucket) },
    ]
}

/// Opens the storage of a volume without its prefix, encryption and retries.
///
/// With more than one shard the bucket must hold `%d`, which becomes 0, 1, … (data-format §1.3).
/// - Throws: `StorageError.unsupported` for another storage or a bucket that does not fit.
package func openStore(
    _ request: StorageRequest,
    shards: Int = 1,
    drivers: [StorageDriver] = StorageDriver.local,
) throws(StorageError) -> any ObjectStore {
    guard let driver = drivers.first(where: { $0.names.contains(request.storage) }) else {
        let known = drivers.flatMap(\.names).joined(separator: ", ")
        throw StorageError(
            .unsupported,
            "open",
            address: "\(request.storage)://",
            reason: "this build knows the storages \(known)"
        )
    }
    guard shards > 1 else { return try driver.open(request) }
    let parts = request.bucket.split(separator: "%d", maxSplits: 2, omittingEmptySubsequences: false)
    guard shards <= 256, parts.count == 2 else {
        let reason =
            shards > 256
            ? "\(shards) shards, 256 are possible" : "the bucket of a sharded volume holds %d once"
        throw StorageError(.unsupported, "open", address: "\(request.storage)://", reason: reason)
    }
    var stores: [any ObjectStore] = []
    for number in 0..<shards {
        var single = request
        single.bucket = "\(parts[0])\(number)\(parts[1])"
        stores.append(try driver.open(single))
    }
    return ShardStore(stores)
}

// SPDX-License-Identifier: Apache-2.0

package import SluiceBase

/// The part of a store whose keys start with a prefix, as a store of its own without that prefix.
///
/// Errors name the full key.
package final class PrefixStore: ObjectStore {
    private let base: any ObjectStore
    private let prefix: ByteString

    /// Takes a prefix of any bytes; a volume's is its name and a `/`.
    package init(_ base: any ObjectStore, prefix: ByteString) {
        self.base = base
        self.prefix = prefix
    }

    package var address: String { "\(base.address)\(prefix)" }
    package var limits: StorageLimits { base.limits }

    package func create() throws(StorageError) {
        try base.create()
    }

    package func head(_ key: ObjectKey) throws(StorageError) -> ObjectInfo {
        shortened(try base.head(prefix + key))
    }

    package func read(_ key: ObjectKey, range: ByteRange, into sink: ByteSink) throws(StorageError) -> UInt64
    {
        try unsafe base.read(prefix + key, range: range, into: sink)
    }

    package func read(
        _ key: ObjectKey,
        range: ByteRange,
        into buffer: UnsafeMutableRawBufferPointer,
    ) throws(StorageError) -> Int {
        try unsafe base.read(prefix + key, range: range, into: buffer)
    }

    package func put(
        _ key: ObjectKey,
        from source: any ByteSource,
        options: PutOptions,
    ) throws(StorageError) -> PutReceipt {
        try base.put(prefix + key, from: source, options: options)
    }

    package func delete(_ key: ObjectKey) throws(StorageError) {
        try base.delete(prefix + key)
    }

    package func delete(_ keys: [ObjectKey]) -> [ObjectKey: StorageError] {
        let failures = base.delete(keys.map { prefix + $0 })
        return Dictionary(
            failures.map { (ObjectKey(Array($0.bytes.dropFirst(prefix.count))), $1) },
            uniquingKeysWith: { $1 }
        )
    }

    package func copy(from source: ObjectKey, to destination: ObjectKey) throws(StorageError) {
        try base.copy(from: prefix + source, to: prefix + destination)
    }

    package func list(_ request: ListRequest) throws(StorageError) -> any ObjectListing {
        var wider = request
        wider.prefix = prefix + request.prefix
        wider.after = request.after.map { prefix + $0 }
        return PrefixListing(try base.list(wider), shorten: shortened)
    }

    package func startMultipart(
        _ key: ObjectKey,
        options: PutOptions,
    ) throws(StorageError) -> any MultipartUpload {
        try base.startMultipart(prefix + key, options: options)
    }

    @Sendable private func shortened(_ info: ObjectInfo) -> ObjectInfo {
        var info = info
        info.key = info.key.dropFirst(prefix.count)
        return info
    }
}

private final class PrefixListing: ObjectListing {
    private let base: any ObjectListing
    private let shorten: (ObjectInfo) -> ObjectInfo

    init(_ base: any ObjectListing, shorten: @escaping (ObjectInfo) -> ObjectInfo) {
        self.base = base
        self.shorten = shorten
    }

    func next() throws(StorageError) -> [ObjectInfo] {
        while true {
            let batch = try base.next()
            guard !batch.isEmpty else { return [] }
            // The directory of the prefix itself has no name here.
            let rest = batch.map(shorten).filter { !$0.key.isEmpty }
            if !rest.isEmpty { return rest }
        }
    }
}

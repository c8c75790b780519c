// SPDX-License-Identifier: Apache-2.0

import SluiceBase

/// A store whose transfers are held to a number of bytes per second, over all of its threads together.
package final class LimitedStore: ObjectStore {
    private let base: any ObjectStore

    /// The pace of what is stored; may be changed while transfers run.
    package let upload: TokenBucket
    /// The pace of what is read; may be changed while transfers run.
    package let download: TokenBucket

    /// Takes the two paces, which may be shared with other stores.
    package init(_ base: any ObjectStore, upload: TokenBucket, download: TokenBucket) {
        self.base = base
        self.upload = upload
        self.download = download
    }

    package var address: String { base.address }
    package var limits: StorageLimits { base.limits }

    package func create() throws(StorageError) {
        try base.create()
    }

    package func head(_ key: ObjectKey) throws(StorageError) -> ObjectInfo {
        try base.head(key)
    }

    package func read(_ key: ObjectKey, range: ByteRange, into sink: ByteSink) throws(StorageError) -> UInt64
    {
        try unsafe base.read(key, range: range) { (run: UnsafeRawBufferPointer) throws -> Void in
            download.take(run.count)
            try unsafe sink(run)
        }
    }

    package func put(
        _ key: ObjectKey,
        from source: any ByteSource,
        options: PutOptions,
    ) throws(StorageError) -> PutReceipt {
        try base.put(key, from: PacedSource(source, upload), options: options)
    }

    package func delete(_ key: ObjectKey) throws(StorageError) {
        try base.delete(key)
    }

    package func delete(_ keys: [ObjectKey]) -> [ObjectKey: StorageError] {
        base.delete(keys)
    }

    package func copy(from source: ObjectKey, to destination: ObjectKey) throws(StorageError) {
        try base.copy(from: source, to: destination)
    }

    package func list(_ request: ListRequest) throws(StorageError) -> any ObjectListing {
        try base.list(request)
    }

    package func startMultipart(
        _ key: ObjectKey,
        options: PutOptions,
    ) throws(StorageError) -> any MultipartUpload {
        LimitedUpload(try base.startMultipart(key, options: options), upload)
    }
}

/// A source that gives no more than its share.
private final class PacedSource: ByteSource {
    private let base: any ByteSource
    private let pace: TokenBucket

    init(_ base: any ByteSource, _ pace: TokenBucket) {
        self.base = base
        self.pace = pace
    }

    var length: UInt64 { base.length }

    func rewind() throws {
        try base.rewind()
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = try unsafe base.read(into: buffer)
        pace.take(count)
        return count
    }

    func lend(to body: (UnsafeRawBufferPointer) throws -> Void) rethrows -> Bool {
        try unsafe base.lend { bytes in
            pace.take(bytes.count)
            try unsafe body(bytes)
        }
    }
}

private final class LimitedUpload: MultipartUpload {
    private let base: any MultipartUpload
    private let pace: TokenBucket

    init(_ base: any MultipartUpload, _ pace: TokenBucket) {
        self.base = base
        self.pace = pace
    }

    var identifier: String { base.identifier }

    func putPart(_ number: Int, from source: any ByteSource) throws(StorageError) -> PutReceipt {
        try base.putPart(number, from: PacedSource(source, pace))
    }

    func complete() throws(StorageError) -> PutReceipt {
        try base.complete()
    }

    func abort() throws(StorageError) {
        try base.abort()
    }
}

// SPDX-License-Identifier: Apache-2.0
// What an object storage must be able to do. Drivers and wrappers (prefix, shard, encrypt, limit, retry,
// fault) all speak this protocol, so that they stack; ObjectStorageConformance holds each of them to what is
// written here.
//
// Rules for every implementation:
// 1. Thread-safe: any method may be called from any thread at the same time. Calls block.
// 2. No retries inside drivers: RetryingStore is the only place that tries again, and it looks at
//    `StorageError.isTransient`, never at text.
// 3. `put` is atomic: a reader sees the old object or the new one, complete.
// 4. `delete` of an object that does not exist succeeds.
// 5. Listings are in unsigned byte order of keys, each key once.

package import SluiceBase

/// The name of an object: any bytes, `/` separates levels by convention.
package typealias ObjectKey = ByteString

/// A flat store of named byte sequences.
package protocol ObjectStore: Sendable {
    /// The address for people, without secrets: `file:///var/jfs/vol/`.
    var address: String { get }

    var limits: StorageLimits { get }

    /// Makes the bucket or root folder; succeeds when it exists.
    func create() throws(StorageError)

    /// What is known of one object.
    /// - Throws: `.notFound` when there is no such object.
    func head(_ key: ObjectKey) throws(StorageError) -> ObjectInfo

    /// Streams an object's bytes, in order, into `sink`.
    ///
    /// The buffer belongs to the store and is valid during the call only. An error thrown by the sink ends
    /// the transfer and comes out as `.cancelled` when it is not a `StorageError`.
    /// - Parameter range: the bytes wanted; past the end of the object nothing is delivered.
    /// - Returns: the number of bytes delivered.
    /// - Throws: `.notFound`; `.corrupt` when fewer bytes arrive than the store announced.
    @discardableResult
    func read(_ key: ObjectKey, range: ByteRange, into sink: ByteSink) throws(StorageError) -> UInt64

    /// Reads an object, or a part of it, to the front of `buffer`.
    /// - Returns: the number of bytes read.
    /// - Throws: `.tooLarge` when there are more than the buffer holds, and what `read` into a sink throws.
    func read(
        _ key: ObjectKey,
        range: ByteRange,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(StorageError) -> Int

    /// Stores an object whole.
    ///
    /// `source` is read from its start; a retry reads it again, so it must be able to rewind.
    /// - Returns: what the store knows of the stored bytes.
    func put(
        _ key: ObjectKey,
        from source: any ByteSource,
        options: PutOptions
    ) throws(StorageError) -> PutReceipt

    /// Removes an object; one that does not exist is success.
    func delete(_ key: ObjectKey) throws(StorageError)

    /// Removes many objects, `limits.deletionBatch` of them with one request; those that do not exist are
    /// success.
    /// - Returns: what may still be there, and why; empty when all is gone.
    func delete(_ keys: [ObjectKey]) -> [ObjectKey: StorageError]

    /// Copies inside the store without moving bytes through the caller.
    /// - Throws: `.unsupported` where `limits.canCopy` is false.
    func copy(from source: ObjectKey, to destination: ObjectKey) throws(StorageError)

    /// Starts a listing in key order.
    func list(_ request: ListRequest) throws(StorageError) -> any ObjectListing

    /// Starts a multipart upload.
    /// - Throws: `.unsupported` where `limits.multipart` is nil.
    func startMultipart(_ key: ObjectKey, options: PutOptions) throws(StorageError) -> any MultipartUpload
}

/// Receives runs of bytes in order.
package typealias ByteSink = (UnsafeRawBufferPointer) throws -> Void

extension ObjectStore {
    package func read(
        _ key: ObjectKey,
        range: ByteRange,
        into buffer: UnsafeMutableRawBufferPointer,
    ) throws(StorageError) -> Int {
        var count = 0
        var overflow = false
        do throws(StorageError) {
            try unsafe read(key, range: range) { (run: UnsafeRawBufferPointer) throws -> Void in
                guard run.count <= buffer.count - count else {
                    overflow = true
                    throw CancelledTransfer()
                }
                guard run.count > 0 else { return }
                unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[count...]).copyMemory(from: run)
                count += run.count
            }
        } catch {
            guard overflow else { throw error }
            throw StorageError(.tooLarge, "read", key: key, address: address, reason: tooLong(buffer.count))
        }
        return count
    }

    package func delete(_ keys: [ObjectKey]) -> [ObjectKey: StorageError] {
        var failures: [ObjectKey: StorageError] = [:]
        for key in keys {
            do throws(StorageError) { try delete(key) } catch { failures[key] = error }
        }
        return failures
    }

    package func copy(from source: ObjectKey, to destination: ObjectKey) throws(StorageError) {
        throw StorageError(.unsupported, "copy", key: source, address: address)
    }

    package func startMultipart(
        _ key: ObjectKey,
        options: PutOptions
    ) throws(StorageError) -> any MultipartUpload {
        throw StorageError(.unsupported, "start a multipart upload of", key: key, address: address)
    }

    /// Reads an object, or a part of it, into memory.
    /// - Parameter limit: the most bytes accepted, so that a foreign object cannot fill the memory.
    /// - Throws: `.tooLarge` past the limit, and what `read` throws.
    package func bytes(
        of key: ObjectKey,
        range: ByteRange = .whole,
        limit: Int = 64 << 20,
    ) throws(StorageError) -> [UInt8] {
        var collected: [UInt8] = []
        var overflow = false
        do throws(StorageError) {
            try unsafe read(key, range: range) { (run: UnsafeRawBufferPointer) throws -> Void in
                guard run.count <= limit - collected.count else {
                    overflow = true
                    throw CancelledTransfer()
                }
                unsafe collected.append(contentsOf: run)
            }
        } catch {
            guard overflow else { throw error }
            throw StorageError(
                .tooLarge,
                "read",
                key: key,
                address: address,
                reason: tooLong(limit)
            )
        }
        return collected
    }

    /// Stores bytes that are in memory.
    @discardableResult
    package func put(
        _ key: ObjectKey,
        _ bytes: [UInt8],
        options: PutOptions = PutOptions(),
    ) throws(StorageError) -> PutReceipt {
        try put(key, from: ArraySource(bytes), options: options)
    }
}

/// Why an object does not fit.
func tooLong(_ limit: Int) -> String { "more than \(limit) bytes" }

/// Thrown by a sink or source that wants the transfer to end.
package struct CancelledTransfer: Error {
    package init() {}
}

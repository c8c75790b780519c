// SPDX-License-Identifier: Apache-2.0
// The only place that tries again. It looks at `StorageError.isTransient`, never at text.

import SluiceBase

/// A store that repeats calls which failed in passing.
///
/// A read that broke off is continued behind the last byte delivered, and a listing behind the last key:
/// nothing is delivered twice. Where the store tags its objects the rest must be of the same object;
/// elsewhere an object that is replaced meanwhile may come in parts of both. Large objects go in parts, so
/// that a failure costs a part and not the object.
package final class RetryingStore: ObjectStore {
    private let base: any ObjectStore
    private let retrier: Retrier

    /// Takes the chance of each pause, 0..<1, from `chance`.
    package init(
        _ base: any ObjectStore,
        policy: RetryPolicy = RetryPolicy(),
        waiting: any Waiting = SystemWaiting(),
        chance: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
    ) {
        self.base = base
        retrier = Retrier(policy: policy, waiting: waiting, chance: chance)
    }

    package var address: String { base.address }
    package var limits: StorageLimits { base.limits }

    package func create() throws(StorageError) {
        try retrier.run { () throws(StorageError) in try base.create() }
    }

    package func head(_ key: ObjectKey) throws(StorageError) -> ObjectInfo {
        try retrier.run { () throws(StorageError) in try base.head(key) }
    }

    package func read(_ key: ObjectKey, range: ByteRange, into sink: ByteSink) throws(StorageError) -> UInt64
    {
        var delivered: UInt64 = 0
        var sinkEnded = false
        var tag = range.tag
        return try retrier.run { () throws(StorageError) -> UInt64 in
            if delivered > 0, delivered == range.length { return delivered }
            do throws(StorageError) {
                var rest = range.dropping(delivered)
                rest.tag = tag
                try unsafe base.read(key, range: rest) { (run: UnsafeRawBufferPointer) throws -> Void in
                    do {
                        try unsafe sink(run)
                    } catch {
                        sinkEnded = true
                        throw error
                    }
                    delivered += UInt64(run.count)
                }
                return delivered
            } catch {
                // What the sink threw is its answer to us and no failure of the store.
                var error = error
                if delivered > 0 { tag = tag ?? error.tag }
                if sinkEnded { error.isTransient = false }
                throw error
            }
        }
    }

    package func read(
        _ key: ObjectKey,
        range: ByteRange,
        into buffer: UnsafeMutableRawBufferPointer,
    ) throws(StorageError) -> Int {
        try retrier.run { () throws(StorageError) in try unsafe base.read(key, range: range, into: buffer) }
    }

    package func put(
        _ key: ObjectKey,
        from source: any ByteSource,
        options: PutOptions,
    ) throws(StorageError) -> PutReceipt {
        if let parts = base.limits.multipart, source.length > parts.wholeLimit {
            return try putInParts(key, from: source, options: options, parts)
        }
        return try retrier.run { () throws(StorageError) in try base.put(key, from: source, options: options)
        }
    }

    package func delete(_ key: ObjectKey) throws(StorageError) {
        try retrier.run { () throws(StorageError) in try base.delete(key) }
    }

    package func delete(_ keys: [ObjectKey]) -> [ObjectKey: StorageError] {
        var rest = keys
        var failures: [ObjectKey: StorageError] = [:]
        do throws(StorageError) {
            try retrier.run { () throws(StorageError) in
                let failed = base.delete(rest)
                failures.merge(failed) { $1 }
                let passing = failed.filter(\.value.isTransient)
                for key in rest where failed[key] == nil { failures[key] = nil }
                rest = Array(passing.keys)
                if let first = passing.values.first { throw first }
            }
        } catch {
            // Each failure is told with its key.
        }
        return failures
    }

    package func copy(from source: ObjectKey, to destination: ObjectKey) throws(StorageError) {
        try retrier.run { () throws(StorageError) in try base.copy(from: source, to: destination) }
    }

    package func list(_ request: ListRequest) throws(StorageError) -> any ObjectListing {
        let listing = try retrier.run { () throws(StorageError) in try base.list(request) }
        return RetryingListing(listing, request, of: base, retrier)
    }

    package func startMultipart(
        _ key: ObjectKey,
        options: PutOptions,
    ) throws(StorageError) -> any MultipartUpload {
        let upload = try retrier.run { () throws(StorageError) in
            try base.startMultipart(key, options: options)
        }
        return RetryingUpload(upload, retrier)
    }
}

/// Runs a call until it succeeds, fails for good, or has failed often enough.
private struct Retrier: Sendable {
    let policy: RetryPolicy
    let waiting: any Waiting
    let chance: @Sendable () -> Double

    func run<Result>(_ body: () throws(StorageError) -> Result) throws(StorageError) -> Result {
        var failures = 0
        while true {
            do throws(StorageError) {
                return try body()
            } catch {
                failures += 1
                guard error.isTransient, failures < policy.attempts else { throw error }
                let pause = policy.pause(after: failures, asked: error.retryAfterSeconds, chance: chance())
                if pause > 0 { waiting.wait(nanoseconds: UInt64(min(pause, 1e9) * 1e9)) }
            }
        }
    }
}

/// Continues behind the last key when a page fails, and holds the base to the order of keys.
private final class RetryingListing: ObjectListing {
    private let base: any ObjectStore
    private let request: ListRequest
    private let retrier: Retrier
    private var listing: (any ObjectListing)?
    private var last: ObjectKey?
    private var failure: StorageError?

    init(_ listing: any ObjectListing, _ request: ListRequest, of base: any ObjectStore, _ retrier: Retrier) {
        self.listing = listing
        self.request = request
        self.base = base
        self.retrier = retrier
        last = request.after
    }

    func next() throws(StorageError) -> [ObjectInfo] {
        if let failure { throw failure }
        do throws(StorageError) {
            return try retrier.run { () throws(StorageError) in try page() }
        } catch {
            failure = error
            throw error
        }
    }

    private func page() throws(StorageError) -> [ObjectInfo] {
        let current = try running()
        // A listing that failed is not asked again.
        listing = nil
        let batch = try current.next()
        for object in batch {
            if let last, object.key <= last {
                throw StorageError(outOfOrder: object.key, address: base.address)
            }
            last = object.key
        }
        listing = current
        return batch
    }

    private func running() throws(StorageError) -> any ObjectListing {
        if let listing { return listing }
        var rest = request
        rest.after = last
        return try base.list(rest)
    }
}

private final class RetryingUpload: MultipartUpload {
    private let base: any MultipartUpload
    private let retrier: Retrier

    init(_ base: any MultipartUpload, _ retrier: Retrier) {
        self.base = base
        self.retrier = retrier
    }

    var identifier: String { base.identifier }

    func putPart(_ number: Int, from source: any ByteSource) throws(StorageError) -> PutReceipt {
        try retrier.run { () throws(StorageError) in try base.putPart(number, from: source) }
    }

    func complete() throws(StorageError) -> PutReceipt {
        try retrier.run { () throws(StorageError) in try base.complete() }
    }

    func abort() throws(StorageError) {
        try retrier.run { () throws(StorageError) in try base.abort() }
    }
}

extension ByteRange {
    /// What is left of the range after its first `count` bytes.
    fileprivate func dropping(_ count: UInt64) -> ByteRange {
        // What was delivered lies inside an object, so the sum does not wrap.
        ByteRange(offset: offset &+ count, length: length.map { $0 - min(count, $0) })
    }
}

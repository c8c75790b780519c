// SPDX-License-Identifier: Apache-2.0
// Whether a storage does what volumes and copies ask of it, one promise at a time: the functional tests of
// JuiceFS 1.4.2's `objbench`, and what it does not ask.

package import ObjectStorage
import SluiceBase

/// Something that an object storage has to do, or may.
package enum StorageCheck: String, CaseIterable, Sendable {
    case create = "make the bucket"
    case put = "put an object"
    case get = "get an object"
    case getMissing = "get what is missing"
    case getPart = "get a part"
    case replace = "replace an object"
    case head = "look an object up"
    case list = "list in order"
    case names = "keep odd names"
    case empty = "put an empty object"
    case large = "put a large object"
    case delete = "delete an object"
    case deleteMissing = "delete what is missing"
    case multipart = "upload in parts"
    case copy = "copy inside"
    case proof = "prove what was stored"

    /// How a check ended.
    package enum Outcome: Hashable, Sendable {
        case passed
        /// The storage does not offer it, and sluice works without.
        case unsupported
        case failed(String)
    }
}

/// Checks one storage; each check has objects of its own, which stay until somebody removes them.
package struct StorageChecker {
    /// Bytes of the large object: more than stores take in one piece where they take parts.
    private static let largeSize = 16 << 20 + 1

    private let store: any ObjectStore
    private let options: PutOptions

    /// - Parameters:
    ///   - store: where every key is free.
    ///   - storageClass: of all objects, nil for the storage's own.
    package init(_ store: any ObjectStore, storageClass: String? = nil) {
        self.store = store
        options = PutOptions(storageClass: storageClass)
    }

    package func outcome(of check: StorageCheck) -> StorageCheck.Outcome {
        do {
            return try run(check) ? .passed : .unsupported
        } catch let error as StorageError {
            return error.code == .unsupported ? .unsupported : .failed(error.description)
        } catch {
            return .failed("\(error)")
        }
    }

    /// What was not as promised.
    private struct Broken: Error, CustomStringConvertible {
        let description: String

        init(_ description: String) { self.description = description }
    }

    /// - Returns: false for what the storage does not offer.
    private func run(_ check: StorageCheck) throws -> Bool {
        let key = ObjectKey("check/\(check)")
        switch check {
        case .create: try store.create()
        case .put: try put(key, "content")
        case .get:
            try put(key, "content")
            try require(key, is: "content")
        case .getMissing: try requireMissing(key)
        case .getPart: try checkParts(key)
        case .replace:
            try put(key, "old")
            try put(key, "and newer")
            try require(key, is: "and newer")
        case .head:
            try put(key, "content")
            let found = try store.head(key)
            guard found.size == 7, found.kind == .object else { throw Broken("\(found.size) bytes, not 7") }
        case .list: try checkListing(key)
        case .names: try checkNames(key)
        case .empty:
            try put(key, "")
            try require(key, is: "")
        case .large: try checkLarge(key)
        case .delete:
            try put(key, "content")
            try store.delete(key)
            try requireMissing(key)
        case .deleteMissing: try store.delete(key)
        case .multipart: return try checkUpload(key)
        case .copy: return try checkCopy(key)
        case .proof: return try checkProof(key)
        }
        return true
    }

    // MARK: What is asked often

    private func put(_ key: ObjectKey, _ text: String) throws {
        try store.put(key, Array(text.utf8), options: options)
    }

    private func require(_ key: ObjectKey, is text: String, range: ByteRange = .whole) throws {
        let found = try store.bytes(of: key, range: range, limit: 1 << 20)
        guard found == Array(text.utf8) else { throw Broken("\(found.count) other bytes came back") }
    }

    private func requireMissing(_ key: ObjectKey) throws {
        do throws(StorageError) {
            _ = try store.bytes(of: key)
        } catch {
            guard error.code == .notFound else { throw error }
            return
        }
        throw Broken("what does not exist can be read")
    }

    /// Reads an object and compares its checksum.
    private func require(_ key: ObjectKey, size: Int, sum: UInt32) throws {
        var found = Crc32c()
        var count = 0
        try unsafe store.read(key, range: .whole) { (run: UnsafeRawBufferPointer) throws -> Void in
            unsafe found.update(run)
            count += run.count
        }
        guard count == size, found.value == sum else {
            throw Broken(count == size ? "other bytes came back" : "\(count) of \(size) bytes came back")
        }
    }

    private func keys(below prefix: ObjectKey) throws -> [ObjectKey] {
        var found: [ObjectKey] = []
        let listing = try store.list(ListRequest(prefix: prefix))
        while true {
            let page = try listing.next()
            guard !page.isEmpty else { return found }
            found += page.map(\.key)
        }
    }
}

extension StorageChecker {
    private func checkParts(_ key: ObjectKey) throws {
        try put(key, "0123456789")
        try require(key, is: "345", range: ByteRange(offset: 3, length: 3))
        try require(key, is: "89", range: ByteRange(offset: 8, length: nil))
        try require(key, is: "9", range: ByteRange(offset: 9, length: 100))
    }

    private func checkListing(_ key: ObjectKey) throws {
        // Not `a` beside `a/b`, which file systems cannot have.
        let wanted = ["a-b", "a/b", "a0", "b"].map { key + ObjectKey("/\($0)") }
        for each in wanted.reversed() { try put(each, "x") }
        let found = try keys(below: key + "/")
        guard found == wanted else {
            throw Broken("\(found.count) keys, or another order than that of their bytes")
        }
    }

    private func checkNames(_ key: ObjectKey) throws {
        let names = ["two words", "a+b&c=d", "100%25", "#?;:@!$'()*,", "~ü 目录", "\u{1F600}", "\\\"<>"]
        for name in names { try put(key + ObjectKey("/\(name)"), name) }
        for name in names { try require(key + ObjectKey("/\(name)"), is: name) }
        let found = Set(try keys(below: key + "/"))
        for name in names where !found.contains(key + ObjectKey("/\(name)")) {
            throw Broken("'\(name)' is not listed")
        }
    }

    private func checkLarge(_ key: ObjectKey) throws {
        let bytes = randomBytes(Int(clamping: min(UInt64(Self.largeSize), store.limits.maximumObjectSize)))
        _ = try store.putWhole(key, from: ArraySource(bytes), options: options)
        try require(key, size: bytes.count, sum: Crc32c.checksum(bytes))
    }

    private func checkUpload(_ key: ObjectKey) throws -> Bool {
        guard let limits = store.limits.multipart else { return false }
        let parts = [randomBytes(Int(clamping: limits.minimumPartSize)), randomBytes(1000)]
        let upload = try store.startMultipart(key, options: options)
        do {
            for (index, part) in parts.enumerated() {
                _ = try upload.putPart(index + 1, from: ArraySource(part))
            }
            _ = try upload.complete()
        } catch {
            // The first error is the one to tell.
            try? upload.abort()
            throw error
        }
        let whole = Array(parts.joined())
        try require(key, size: whole.count, sum: Crc32c.checksum(whole))
        let dropped = try store.startMultipart(key + "-dropped", options: options)
        _ = try dropped.putPart(1, from: ArraySource(parts[0]))
        try dropped.abort()
        try requireMissing(key + "-dropped")
        return true
    }

    private func checkCopy(_ key: ObjectKey) throws -> Bool {
        guard store.limits.canCopy else { return false }
        try put(key, "content")
        try store.copy(from: key, to: key + "-copy")
        try require(key + "-copy", is: "content")
        return true
    }

    private func checkProof(_ key: ObjectKey) throws -> Bool {
        let bytes = randomBytes(100_000)
        var options = options
        options.wantsChecksum = true
        guard let sum = try store.put(key, bytes, options: options).crc32c else { return false }
        guard sum == Crc32c.checksum(bytes) else { throw Broken("its checksum is another one") }
        return true
    }
}

extension ObjectStore {
    /// Stores a source as the store takes one of its size: in one piece or in parts.
    func putWhole(
        _ key: ObjectKey,
        from source: any ByteSource,
        options: PutOptions
    ) throws(StorageError) -> PutReceipt {
        guard let limits = limits.multipart, source.length > limits.wholeLimit else {
            return try put(key, from: source, options: options)
        }
        return try putInParts(key, from: source, options: options, limits)
    }
}

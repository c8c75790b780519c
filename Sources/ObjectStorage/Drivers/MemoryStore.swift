// SPDX-License-Identifier: Apache-2.0
// Objects in the memory of this process: `--storage mem` and the reference that the other drivers are held
// to.

package import SluiceBase
import Synchronization

/// A store that ends with the process; every instance is a store of its own.
package final class MemoryStore: ObjectStore {
    private struct Content {
        let bytes: [UInt8]
        let modified: Timestamp
        let options: PutOptions
    }

    private let contents = Mutex<[ObjectKey: Content]>([:])
    private let clock: any TimeSource

    package let address: String
    package let limits = StorageLimits(canCopy: true)

    package init(name: String = "", clock: any TimeSource = SystemClock()) {
        address = "mem://\(name)/"
        self.clock = clock
    }

    package func create() {}

    package func head(_ key: ObjectKey) throws(StorageError) -> ObjectInfo {
        info(key, try content(key, "look up"))
    }

    package func read(_ key: ObjectKey, range: ByteRange, into sink: ByteSink) throws(StorageError) -> UInt64
    {
        let bytes = try content(key, "read").bytes
        let wanted = range.clamped(to: UInt64(bytes.count))
        guard !wanted.isEmpty else { return 0 }
        let window = bytes[Int(wanted.lowerBound)..<Int(wanted.upperBound)]
        do {
            try unsafe window.withUnsafeBytes { try unsafe sink($0) }
        } catch {
            throw StorageError(endedBy: error, "read", key: key, address: address)
        }
        return UInt64(window.count)
    }

    package func put(
        _ key: ObjectKey,
        from source: any ByteSource,
        options: PutOptions,
    ) throws(StorageError) -> PutReceipt {
        guard !key.isEmpty else { throw StorageError(.invalidKey, "store", key: key, address: address) }
        let bytes = try source.collect(limit: .max, "store", key: key, address: address)
        let content = Content(bytes: bytes, modified: options.modified ?? clock.now(), options: options)
        contents.withLock { $0[key] = content }
        return PutReceipt(size: UInt64(bytes.count))
    }

    package func delete(_ key: ObjectKey) {
        contents.withLock { $0[key] = nil }
    }

    package func copy(from source: ObjectKey, to destination: ObjectKey) throws(StorageError) {
        let content = try content(source, "copy")
        let copy = Content(bytes: content.bytes, modified: clock.now(), options: content.options)
        contents.withLock { $0[destination] = copy }
    }

    package func list(_ request: ListRequest) -> any ObjectListing {
        var found = contents.withLock { contents in
            contents.compactMap { key, content in key.hasPrefix(request.prefix) ? info(key, content) : nil }
        }
        found.sort { $0.key < $1.key }
        return ArrayListing(request.selected(from: found))
    }

    private func content(_ key: ObjectKey, _ operation: String) throws(StorageError) -> Content {
        guard let content = contents.withLock({ $0[key] }) else {
            throw StorageError(.notFound, operation, key: key, address: address)
        }
        return content
    }

    private func info(_ key: ObjectKey, _ content: Content) -> ObjectInfo {
        let isDirectory = key.hasSuffix(UInt8(ascii: "/")) && content.bytes.isEmpty
        return ObjectInfo(
            key: key,
            size: UInt64(content.bytes.count),
            modified: content.modified,
            kind: isDirectory ? .directory : .object,
            storageClass: content.options.storageClass
        )
    }
}

/// Hands out in batches what is in memory already.
final class ArrayListing: ObjectListing {
    private var rest: ArraySlice<ObjectInfo>

    init(_ objects: [ObjectInfo]) {
        rest = objects[...]
    }

    func next() -> [ObjectInfo] {
        let batch = rest.prefix(1000)
        rest = rest.dropFirst(batch.count)
        return Array(batch)
    }
}

extension ListRequest {
    /// What this request wants of objects that are sorted and have its prefix: rolls up, then skips.
    func selected(from objects: [ObjectInfo]) -> [ObjectInfo] {
        var selected: [ObjectInfo] = []
        for object in objects {
            let entry = rolledUp(object)
            if let after, entry.key <= after { continue }
            if entry.kind == .commonPrefix, selected.last?.key == entry.key { continue }
            selected.append(entry)
        }
        return selected
    }
}

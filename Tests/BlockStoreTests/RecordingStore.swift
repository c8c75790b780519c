// SPDX-License-Identifier: Apache-2.0
// A store in memory that remembers what was asked of it and fails on command.

import ObjectStorage
import SluiceBase
import Synchronization

final class RecordingStore: ObjectStore {
    struct State: Sendable {
        var objects: [ObjectKey: [UInt8]] = [:]
        var reads: [ByteRange] = []
        var failingPuts: Set<ObjectKey> = []
        var runSize = 1000
    }

    let state = Mutex(State())
    let address = "recording://"
    let limits = StorageLimits()

    subscript(_ key: ObjectKey) -> [UInt8]? {
        get { state.withLock { $0.objects[key] } }
        set { state.withLock { $0.objects[key] = newValue } }
    }

    var keys: [ObjectKey] { state.withLock { $0.objects.keys.sorted() } }
    var reads: [ByteRange] { state.withLock { $0.reads } }

    func create() {}

    func head(_ key: ObjectKey) throws(StorageError) -> ObjectInfo {
        guard let object = self[key] else {
            throw StorageError(.notFound, "look at", key: key, address: address)
        }
        return ObjectInfo(key: key, size: UInt64(object.count), modified: .epoch)
    }

    func read(_ key: ObjectKey, range: ByteRange, into sink: ByteSink) throws(StorageError) -> UInt64 {
        let (object, runSize) = state.withLock { state in
            state.reads.append(range)
            return (state.objects[key], state.runSize)
        }
        guard let object else { throw StorageError(.notFound, "read", key: key, address: address) }
        var bytes = object.dropFirst(Int(range.offset))
        if let length = range.length { bytes = bytes.prefix(Int(length)) }
        var rest = Array(bytes)
        while !rest.isEmpty {
            let run = Array(rest.prefix(runSize))
            do {
                try unsafe run.withUnsafeBytes { try unsafe sink($0) }
            } catch {
                throw StorageError(.cancelled, "read", key: key, address: address)
            }
            rest.removeFirst(run.count)
        }
        return UInt64(bytes.count)
    }

    func put(
        _ key: ObjectKey,
        from source: any ByteSource,
        options: PutOptions
    ) throws(StorageError) -> PutReceipt {
        guard !state.withLock({ $0.failingPuts.contains(key) }) else {
            throw StorageError(.unreachable, "store", key: key, address: address)
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        do {
            while true {
                let count = try unsafe buffer.withUnsafeMutableBytes { try unsafe source.read(into: $0) }
                guard count > 0 else { break }
                bytes += buffer[..<count]
            }
        } catch {
            throw StorageError(.cancelled, "store", key: key, address: address)
        }
        self[key] = bytes
        return PutReceipt(size: UInt64(bytes.count))
    }

    func delete(_ key: ObjectKey) throws(StorageError) {
        guard state.withLock({ $0.objects.removeValue(forKey: key) }) != nil else {
            throw StorageError(.notFound, "delete", key: key, address: address)
        }
    }

    func list(_ request: ListRequest) throws(StorageError) -> any ObjectListing {
        throw StorageError(.unsupported, "list", address: address)
    }
}

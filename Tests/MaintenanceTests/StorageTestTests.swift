// SPDX-License-Identifier: Apache-2.0

import Maintenance
import ObjectStorage
import SluiceBase
import Synchronization
import Testing

/// A store in memory that breaks one promise.
private final class BrokenStore: ObjectStore {
    enum Flaw: CaseIterable {
        case flippedByte, shortRead, keepsDeleted, listsTwice, forgetsNames, wrongSum, readsMissing
    }

    let limits = StorageLimits()
    let address = "broken://"
    private let base = MemoryStore()
    private let flaw: Flaw

    init(_ flaw: Flaw) {
        self.flaw = flaw
    }

    func create() throws(StorageError) { base.create() }

    func head(_ key: ObjectKey) throws(StorageError) -> ObjectInfo { try base.head(key) }

    func read(_ key: ObjectKey, range: ByteRange, into sink: ByteSink) throws(StorageError) -> UInt64 {
        var bytes: [UInt8]
        do throws(StorageError) {
            bytes = try base.bytes(of: key, range: range)
        } catch {
            guard flaw == .readsMissing, error.code == .notFound else { throw error }
            bytes = []
        }
        if flaw == .flippedByte, !bytes.isEmpty { bytes[bytes.count / 2] ^= 1 }
        if flaw == .shortRead { bytes = bytes.dropLast() }
        do {
            try unsafe bytes.withUnsafeBytes { try unsafe sink($0) }
        } catch {
            throw StorageError(endedBy: error, "read", key: key, address: address)
        }
        return UInt64(bytes.count)
    }

    func put(
        _ key: ObjectKey,
        from source: any ByteSource,
        options: PutOptions
    ) throws(StorageError)
        -> PutReceipt
    {
        var receipt = try base.put(key, from: source, options: options)
        if flaw == .wrongSum { receipt.crc32c = 1 }
        return receipt
    }

    func delete(_ key: ObjectKey) throws(StorageError) {
        if flaw != .keepsDeleted { base.delete(key) }
    }

    func list(_ request: ListRequest) throws(StorageError) -> any ObjectListing {
        Listing(base.list(request), flaw)
    }

    private final class Listing: ObjectListing {
        private let base: any ObjectListing
        private let flaw: Flaw

        init(_ base: any ObjectListing, _ flaw: Flaw) {
            self.base = base
            self.flaw = flaw
        }

        func next() throws(StorageError) -> [ObjectInfo] {
            let page = try base.next()
            switch flaw {
            case .listsTwice: return page + page.prefix(1)
            case .forgetsNames: return page.filter { !$0.key.bytes.contains(UInt8(ascii: "#")) }
            case .flippedByte, .shortRead, .keepsDeleted, .wrongSum, .readsMissing: return page
            }
        }
    }
}

@Suite("Checks and measurements of storages")
struct StorageTestTests {
    private static var small: StorageTestOptions {
        var options = StorageTestOptions()
        options.blockSize = 5000
        options.bigSize = 12_000
        options.smallSize = 3
        options.smallCount = 7
        options.threads = 2
        return options
    }

    private func failures(of store: any ObjectStore) -> Set<StorageCheck> {
        let checker = StorageChecker(store)
        return Set(
            StorageCheck.allCases.filter {
                if case .failed = checker.outcome(of: $0) { true } else { false }
            }
        )
    }

    @Test("a store that keeps its promises passes, and nothing is left")
    func sound() throws {
        let store = MemoryStore()
        #expect(failures(of: store) == [])
        #expect(StorageChecker(store).outcome(of: .put) == .passed)
        try removeAll(of: store)
        #expect(try store.list(ListRequest()).next().isEmpty)
    }

    @Test("each broken promise fails the checks that stand for it", arguments: BrokenStore.Flaw.allCases)
    fileprivate func broken(flaw: BrokenStore.Flaw) {
        let wanted: Set<StorageCheck> =
            switch flaw {
            case .flippedByte, .shortRead: [.get, .getPart, .replace, .names, .large]
            case .keepsDeleted: [.delete]
            case .listsTwice: [.list]
            case .forgetsNames: [.names]
            case .wrongSum: [.proof]
            case .readsMissing: [.getMissing, .delete]
            }
        #expect(failures(of: BrokenStore(flaw)) == wanted)
    }

    @Test("a measurement counts what it moves")
    func measurement() throws {
        let test = StorageTest(MemoryStore(), Self.small)
        var found: [StorageTestPhase.Kind: StorageTestPhase] = [:]
        for kind in StorageTestPhase.Kind.allCases { found[kind] = try test.run(kind) }
        // 12,000 bytes are three blocks of 5,000.
        #expect(found[.upload]?.objects == 3 && found[.upload]?.bytes == 15_000)
        #expect(found[.download]?.bytes == 15_000)
        #expect(found[.put]?.objects == 7 && found[.get]?.bytes == 21)
        #expect(found[.list]?.objects == 20 && found[.list]?.measured.latencies.count == 2)
        #expect(found[.head]?.objects == 7 && found[.delete]?.objects == 10)
        #expect(found.values.allSatisfy { $0.measured.elapsed > .zero })
    }

    @Test("bytes that are not what was stored end a measurement")
    func corruption() throws {
        for flaw in [BrokenStore.Flaw.flippedByte, .shortRead] {
            let test = StorageTest(BrokenStore(flaw), Self.small)
            _ = try test.run(.upload)
            let error = #expect(throws: StorageError.self) { try test.run(.download) }
            #expect(error?.code == .corrupt)
        }
        let test = StorageTest(BrokenStore(.listsTwice), Self.small)
        _ = try (test.run(.upload), test.run(.put))
        #expect(throws: StorageError.self) { try test.run(.list) }
    }
}

// SPDX-License-Identifier: Apache-2.0

import ObjectStorage
import SluiceBase
import SluiceTestSupport
import Testing

private let unreachable = StorageError(.unreachable, "reach", address: "test")

@Suite("Retrying store")
struct RetryingStoreTests {
    private func retrying(_ plan: [Fault], attempts: Int = 3) throws -> (RetryingStore, FaultyStore, TestTime)
    {
        let memory = MemoryStore()
        try memory.put("o", pattern(1000, seed: 1))
        for number in 0..<2500 { try memory.put(ObjectKey("l/\(number)"), []) }
        let faulty = FaultyStore(memory, plan)
        let time = TestTime()
        let policy = RetryPolicy(attempts: attempts, firstPause: 1, longestPause: 3)
        return (RetryingStore(faulty, policy: policy, waiting: time, chance: { 0.5 }), faulty, time)
    }

    @Test("of many deletions those that failed for a moment are tried again, the others are told")
    func deletions() throws {
        let denied = StorageError(.denied, "delete", address: "test")
        let plan = [
            Fault(.delete, call: 1, .fail(unreachable)), Fault(.delete, call: 3, .fail(denied)),
            Fault(.delete, call: 4, .loseAnswer(unreachable)),
        ]
        let (store, faulty, _) = try retrying(plan)
        for name in ["a", "b", "c", "d"] { try store.put(ObjectKey(name), [1]) }
        let failures = store.delete(["a", "b", "c", "d"])
        #expect(failures.mapValues(\.code) == ["c": .denied])
        #expect(faulty.calls(.delete) == 6)
        // The store does not come back: each key is told, and nothing waits for ever.
        let dead = (1...1000).map { Fault(.delete, call: $0, .fail(unreachable)) }
        let (lost, _, _) = try retrying(dead)
        #expect(lost.delete(["a", "b"]).mapValues(\.code) == ["a": .unreachable, "b": .unreachable])
    }

    @Test("A call that fails in passing is repeated, with growing pauses")
    func repeats() throws {
        let plan = (1...3).map { Fault(.head, call: $0, .fail(unreachable)) }
        let (store, faulty, time) = try retrying(plan, attempts: 4)
        #expect(try store.head("o").size == 1000)
        #expect(faulty.calls(.head) == 4)
        #expect(time.waits == [500_000_000, 1_000_000_000, 1_500_000_000])
    }

    @Test("After the last attempt the error comes out")
    func givesUp() throws {
        let (store, faulty, _) = try retrying((1...3).map { Fault(.delete, call: $0, .fail(unreachable)) })
        #expect(throws: unreachable) { try store.delete("o") }
        #expect(faulty.calls(.delete) == 3)
    }

    @Test("An error that will not pass is not repeated")
    func permanent() throws {
        let denied = StorageError(.denied, "put", address: "test")
        let (store, faulty, time) = try retrying([Fault(.put, .fail(denied))])
        #expect(throws: denied) { try store.put("x", [1]) }
        #expect(faulty.calls(.put) == 1)
        #expect(time.waits.isEmpty)
    }

    @Test("The pause that the store asks for is kept, up to a bound")
    func asked() throws {
        var busy = unreachable
        busy.retryAfterSeconds = 7
        var absurd = unreachable
        absurd.retryAfterSeconds = 1e12
        let (store, _, time) = try retrying([Fault(.put, .fail(busy)), Fault(.put, call: 2, .fail(absurd))])
        try store.put("x", [1])
        #expect(time.waits == [7_000_000_000, 300_000_000_000])
    }

    @Test("A read that broke off goes on behind the last byte delivered")
    func resumes() throws {
        let plan = [
            Fault(.read, call: 1, .breakOff(after: 300, unreachable)),
            Fault(.read, call: 2, .fail(unreachable)),
            Fault(.read, call: 3, .breakOff(after: 1, unreachable)),
        ]
        let (store, faulty, _) = try retrying(plan, attempts: 4)
        #expect(
            try store.bytes(of: "o", range: ByteRange(offset: 5, length: 900))
                == Array(pattern(1000, seed: 1)[5..<905])
        )
        #expect(faulty.calls(.read) == 4)
    }

    @Test("A read that broke off behind its last byte is complete")
    func brokeOffAtTheEnd() throws {
        let plan = [Fault(.read, call: 1, .breakOff(after: 10, unreachable))]
        let (store, faulty, _) = try retrying(plan)
        #expect(try store.bytes(of: "o", range: ByteRange(offset: 0, length: 10)).count == 10)
        #expect(faulty.calls(.read) == 1)
    }

    @Test("What the sink throws is never repeated")
    func sinkError() throws {
        let (store, faulty, _) = try retrying([])
        #expect(throws: StorageError.self) {
            try unsafe store.read("o", range: .whole) { (_: UnsafeRawBufferPointer) throws -> Void in
                throw unreachable
            }
        }
        #expect(faulty.calls(.read) == 1)
    }

    @Test("A put whose answer got lost is stored again from the start")
    func lostAnswer() throws {
        let (store, faulty, _) = try retrying([Fault(.put, .loseAnswer(unreachable))])
        try store.put("x", pattern(100, seed: 9))
        #expect(try store.bytes(of: "x") == pattern(100, seed: 9))
        #expect(faulty.calls(.put) == 2)
    }

    @Test("A listing goes on behind the last key when a page fails")
    func listing() throws {
        let plan = [
            Fault(.page, call: 2, .fail(unreachable)), Fault(.page, call: 4, .loseAnswer(unreachable)),
        ]
        let (store, faulty, _) = try retrying(plan)
        #expect(try keys(store).count == 2501)
        #expect(faulty.calls(.list) == 3)
    }

    @Test("A listing that is out of order or fails for good stays failed")
    func disorder() throws {
        let (store, _, _) = try retrying([Fault(.page, call: 2, .disorder)])
        let listing = try store.list(ListRequest())
        #expect(try listing.next().count == 1000)
        #expect(code { try listing.next() } == .corrupt)
        #expect(code { try listing.next() } == .corrupt)
    }
}

@Suite("Limited store")
struct LimitedStoreTests {
    @Test("Bytes pass at 0.85 of the limit, after a tenth of a second's worth")
    func pace() throws {
        let time = TestTime()
        let bucket = TokenBucket(bytesPerSecond: 1000, waiting: time)
        bucket.take(100)
        #expect(time.waits.isEmpty)
        bucket.take(850)
        #expect(time.waits == [1_000_000_000])
        bucket.take(85)
        #expect(time.nanoseconds == 1_100_000_000)
    }

    @Test("Up and down have their own pace, which can change while the store is used")
    func directions() throws {
        let time = TestTime()
        let store = LimitedStore(
            MemoryStore(),
            upload: TokenBucket(bytesPerSecond: 0, waiting: time),
            download: TokenBucket(bytesPerSecond: 1 << 20, waiting: time)
        )
        try store.put("o", pattern(2 << 20, seed: 1))
        #expect(time.nanoseconds == 0)
        _ = try store.bytes(of: "o")
        let seconds = Double(time.nanoseconds) / 1e9
        #expect(abs(seconds - 1.9 / 0.85) < 0.001)
        store.download.bytesPerSecond = 0
        store.upload.bytesPerSecond = 1 << 20
        _ = try store.bytes(of: "o")
        #expect(Double(time.nanoseconds) / 1e9 == seconds)
        try store.put("o", pattern(1 << 20, seed: 1))
        #expect(Double(time.nanoseconds) / 1e9 > seconds + 1)
    }
}

@Suite("Sharded and encrypted stores")
struct ShardAndEncryptionTests {
    @Test("The shard of a key is the one that JuiceFS 1.4.2 chooses")
    func shards() throws {
        let memories = (0..<3).map { _ in MemoryStore() }
        // The volume vol-shards of the fixtures has this object in bucket2.
        try PrefixStore(ShardStore(memories), prefix: "shardvol/").put("juicefs_uuid", [1])
        #expect(try memories.map { try keys($0) } == [[], [], ["shardvol/juicefs_uuid"]])
    }

    @Test("A merged listing fails when a shard fails, and stays failed")
    func failingShard() throws {
        let faulty = FaultyStore(MemoryStore(), [Fault(.page, call: 1, .fail(unreachable))])
        let listing = try ShardStore([MemoryStore(), faulty]).list(ListRequest())
        #expect(code { try listing.next() } == .unreachable)
        #expect(code { try listing.next() } == .unreachable)
    }

    @Test(
        "Objects that JuiceFS 1.4.2 encrypted are opened",
        arguments: [("aes", EncryptionAlgorithm.aes256GCM), ("chacha", .chaCha20), ("sm4", .sm4GCM)]
    )
    func fixtures(volume: String, algorithm: EncryptionAlgorithm) throws {
        let memory = MemoryStore()
        try memory.put("juicefs_uuid", try fixture("encryption/\(volume)/juicefs_uuid"))
        let lines = try fixture("encryption/\(volume)/settings.txt").split(separator: UInt8(ascii: "\n"))
        #expect(EncryptionAlgorithm(settingsName: String(decoding: lines[1], as: UTF8.self)) == algorithm)
        let store = EncryptedStore(memory, Envelope(algorithm, key: try testKey(volume)))
        #expect(try store.bytes(of: "juicefs_uuid") == Array(lines[0]))
        #expect(try store.head("juicefs_uuid").size == 323)
    }

    @Test("An envelope has the documented layout and is different every time")
    func layout() throws {
        let memory = MemoryStore()
        let store = EncryptedStore(memory, Envelope(.aes256GCM, key: try testKey()))
        let receipt = try store.put("o", Array("hello sluice\n".utf8))
        let first = try memory.bytes(of: "o")
        #expect(receipt.size == 300)
        #expect(first.count == 300)
        #expect(Array(first.prefix(3)) == [0x01, 0x00, 0x0C])
        try store.put("o", Array("hello sluice\n".utf8))
        #expect(try memory.bytes(of: "o") != first)
    }

    @Test("Bytes that change on the way out of the store are noticed")
    func faultyTransfers() throws {
        let memory = MemoryStore()
        let envelope = Envelope(.chaCha20, key: try testKey("chacha"))
        try EncryptedStore(memory, envelope).put("o", pattern(100, seed: 1))
        let plan = [
            Fault(.read, call: 1, .shortBody(by: 1)), Fault(.read, call: 2, .longBody(by: 1)),
            Fault(.read, call: 3, .flippedByte(at: 300)),
        ]
        let store = EncryptedStore(FaultyStore(memory, plan), envelope)
        for _ in plan { #expect(code { try store.bytes(of: "o") } == .corrupt) }
        #expect(try store.bytes(of: "o") == pattern(100, seed: 1))
    }

    @Test("Damage is told apart from a wrong key")
    func damage() throws {
        let memory = MemoryStore()
        let store = EncryptedStore(memory, Envelope(.aes256GCM, key: try testKey()))
        try store.put("o", pattern(100, seed: 1))
        let sealed = try memory.bytes(of: "o")
        for (offset, expected) in [
            (2, StorageError.Code.corrupt), (50, .undecipherable), (265, .corrupt), (386, .corrupt),
        ] {
            var changed = sealed
            changed[offset] ^= 1
            try memory.put("o", changed)
            #expect(code { try store.bytes(of: "o") } == expected, "byte \(offset)")
        }
        for count in [0, 1, 2, 3, 200, 271, 286] {
            try memory.put("o", Array(sealed.prefix(count)))
            #expect(code { try store.bytes(of: "o") } == .corrupt, "cut to \(count)")
        }
        try memory.put("o", sealed)
        let otherKey = try PrivateKey(pem: try fixture("encryption/other-key.pem"), passphrase: nil)
        let other = EncryptedStore(memory, Envelope(.aes256GCM, key: otherKey))
        #expect(code { try other.bytes(of: "o") } == .undecipherable)
        #expect(
            try store.bytes(of: "o", range: ByteRange(offset: 3, length: 4))
                == Array(pattern(100, seed: 1)[3..<7])
        )
    }
}

@Suite("Storage addresses")
struct StorageAddressTests {
    @Test("A file address is a directory or a plain prefix, a sharded one several")
    func files() throws {
        try withFolder { folder in
            let path = try #require(folder.text)
            let store = try openStore(StorageRequest(storage: "file", bucket: "\(path)/b%d/"), shards: 3)
            try store.create()
            try store.put("shardvol/juicefs_uuid", [1])
            #expect(try keys(FileStore(root: folder + "/")) == ["b2/shardvol/juicefs_uuid"])
            let single = try openStore(StorageRequest(storage: "file", bucket: "\(path)/b2/"))
            #expect(single.address == "file://\(path)/b2/")
            #expect(try single.bytes(of: "shardvol/juicefs_uuid") == [1])
            #expect(try keys(openStore(StorageRequest(storage: "mem", bucket: "x"))).isEmpty)
        }
    }

    @Test("What cannot be opened is refused with what is known")
    func refused() {
        #expect(code { try openStore(StorageRequest(storage: "s4", bucket: "x")) } == .unsupported)
        #expect(code { try openStore(StorageRequest(storage: "file", bucket: "")) } == .unsupported)
        let file = { StorageRequest(storage: "file", bucket: $0) }
        #expect(code { try openStore(file("/x/"), shards: 2) } == .unsupported)
        #expect(code { try openStore(file("/%d%d/"), shards: 2) } == .unsupported)
        #expect(code { try openStore(file("/%d/"), shards: 257) } == .unsupported)
        #expect(throws: StorageError.self) { try openStore(StorageRequest(storage: "s4", bucket: "x")) }
    }
}

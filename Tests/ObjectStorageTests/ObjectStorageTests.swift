// SPDX-License-Identifier: Apache-2.0
// Every driver and every stack of wrappers is held to the same promises.

import ObjectStorage
import SluiceBase
import SluiceTestSupport
import Testing

/// A way to build an empty store in an empty folder.
struct StoreStack: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let make: @Sendable (_ folder: ByteString) throws -> any ObjectStore

    static let all: [StoreStack] = [
        StoreStack(testDescription: "memory") { _ in MemoryStore() },
        StoreStack(testDescription: "file") { FileStore(root: $0 + "/root/") },
        StoreStack(testDescription: "durable file") { FileStore(root: $0 + "/root/", durable: true) },
        StoreStack(testDescription: "file with a plain prefix") { FileStore(root: $0 + "/root/name-") },
        StoreStack(testDescription: "prefix(file)") { folder in
            PrefixStore(FileStore(root: folder + "/root/"), prefix: "vol/")
        },
        StoreStack(testDescription: "prefix(memory)") { _ in
            let base = MemoryStore()
            try base.put("other", [1])
            try base.put("vom", [1])
            return PrefixStore(base, prefix: "vol/")
        },
        StoreStack(testDescription: "shard(memory)") { _ in ShardStore((0..<5).map { _ in MemoryStore() }) },
        StoreStack(testDescription: "encrypt aes(memory)") { _ in
            EncryptedStore(MemoryStore(), Envelope(.aes256GCM, key: try testKey()))
        },
        StoreStack(testDescription: "encrypt chacha(memory)") { _ in
            EncryptedStore(MemoryStore(), Envelope(.chaCha20, key: try testKey()))
        },
        StoreStack(testDescription: "encrypt sm4(memory)") { _ in
            EncryptedStore(MemoryStore(), Envelope(.sm4GCM, key: try testKey()))
        },
        StoreStack(testDescription: "limit(memory)") { _ in
            let time = TestTime()
            return LimitedStore(
                MemoryStore(),
                upload: TokenBucket(bytesPerSecond: 1000, waiting: time),
                download: TokenBucket(bytesPerSecond: 1000, waiting: time)
            )
        },
        StoreStack(testDescription: "retry(faulty(memory))") { _ in
            RetryingStore(
                FaultyStore(MemoryStore(), Fault.plan(seed: 11, calls: 300)),
                policy: RetryPolicy(attempts: 20),
                waiting: TestTime()
            )
        },
        StoreStack(testDescription: "encrypt(prefix(shard(file)))") { folder in
            let shards = (0..<3).map { FileStore(root: folder + ByteString("/shard\($0)/")) }
            return EncryptedStore(
                PrefixStore(ShardStore(shards), prefix: "vol/"),
                Envelope(.aes256GCM, key: try testKey())
            )
        },
    ]
}

/// The key of the fixtures.
func testKey(_ volume: String = "aes") throws -> PrivateKey {
    try PrivateKey(pem: try fixture("encryption/\(volume)/key.pem"), passphrase: "sluice-test")
}

/// Runs the body with a fresh folder that is removed afterwards.
func withFolder(_ body: (ByteString) throws -> Void) throws {
    let folder = try Posix.makeTemporaryDirectory(prefix: "sluice-objects-")
    defer {
        #expect(throws: Never.self) { try Posix.removeTree(folder) }
    }
    try body(folder)
}

@Suite("Object storage conformance")
struct ObjectStorageTests {
    @Test("Every store keeps every promise", arguments: StoreStack.all, ObjectStorageConformance.cases)
    func conformance(stack: StoreStack, promise: ObjectStorageCase) throws {
        try withFolder { folder in
            try promise.check(try stack.make(folder))
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// The driver against real servers: moto, rclone, and the gateway of the real program. Promises are checked
// through RetryingStore, as everybody uses the driver: of two puts of one key at once moto answers with the
// tag of the other one, which is an error in passing.

import ObjectDrivers
import ObjectStorage
import SluiceBase
import SluiceTestSupport
import Synchronization
import Testing

/// Servers that the tests of this process share, each started once.
enum SharedServers {
    private static let servers = Mutex<[ObjectServer.Kind: ObjectServer]>([:])

    static func server(_ kind: ObjectServer.Kind) throws -> ObjectServer {
        if let running = servers.withLock({ $0[kind] }) { return running }
        let started = try ObjectServer(kind)
        return servers.withLock { servers in
            if let first = servers[kind] { return first }
            servers[kind] = started
            return started
        }
    }

    /// An S3 store over an empty bucket of its own; with a gateway, a prefix of its only bucket.
    static func store(_ kind: ObjectServer.Kind) throws -> any ObjectStore {
        let server = try server(kind)
        let name = "b" + UUID.random()
        guard kind == .gateway else { return try server.bucket(name) }
        return PrefixStore(try server.bucket(ObjectServer.gatewayBucket), prefix: ByteString("\(name)/"))
    }
}

extension ObjectServer {
    /// A bucket of this server; made when it is not there.
    func bucket(_ name: String, at endpoint: String? = nil) throws -> S3Store {
        let store = try S3Store.open(
            StorageRequest(
                storage: "minio",
                bucket: "http://\(endpoint ?? self.endpoint)/\(name)",
                accessKey: Self.accessKey,
                secretKey: Self.secretKey
            )
        )
        try store.create()
        return store
    }
}

@Suite("S3 conformance", .serialized)
struct S3ServerTests {
    @Test(
        "moto keeps every promise",
        .enabled(if: ObjectServer.isInstalled(.moto), "moto is not installed"),
        arguments: ObjectStorageConformance.cases.filter { $0.testDescription != Self.orderPromise }
    )
    func moto(promise: ObjectStorageCase) throws {
        try promise.check(RetryingStore(try SharedServers.store(.moto)))
    }

    /// moto has no route for keys with a line feed, which this promise has among others.
    private static let orderPromise = "keys are listed in byte order"

    @Test(
        "moto lists keys in byte order",
        .enabled(if: ObjectServer.isInstalled(.moto), "moto is not installed")
    )
    func motoOrder() throws {
        let store = try SharedServers.store(.moto)
        var all: [ObjectKey] = [
            "\u{FF5E}", "\u{1F600}", "a", "a/b", "a-b", "a b", "a+b", "a%2Bb", "k\u{1}", "k\u{1F}",
        ]
        for key in all { try store.put(key, [1]) }
        all.sort()
        #expect(try keys(store) == all)
    }

    /// rclone 1.75 mixes two puts of one key at once, and does not list all keys with odd bytes.
    private static let brokenByRclone: Set<String> = [
        orderPromise, "puts from several threads do not disturb each other",
    ]

    @Test(
        "rclone keeps the promises that it can keep",
        .enabled(if: ObjectServer.isInstalled(.rclone), "rclone is not installed"),
        arguments: ObjectStorageConformance.cases.filter { !Self.brokenByRclone.contains($0.testDescription) }
    )
    func rclone(promise: ObjectStorageCase) throws {
        try promise.check(RetryingStore(try SharedServers.store(.rclone)))
    }

    @Test(
        "The gateway keeps every promise",
        .enabled(if: ObjectServer.isInstalled(.gateway), "juicefs is not installed"),
        arguments: ObjectStorageConformance.cases
    )
    func gateway(promise: ObjectStorageCase) throws {
        try promise.check(RetryingStore(try SharedServers.store(.gateway)))
    }

    @Test(
        "Objects around the sizes of parts come back, proven",
        .enabled(if: ObjectServer.isInstalled(.moto), "moto is not installed")
    )
    func sizes() throws {
        let store = try #require(try SharedServers.store(.moto) as? S3Store)
        let limit = 16 << 20
        for count in [(5 << 20) - 1, 5 << 20, (5 << 20) + 1, limit, limit + 1, limit + (5 << 20)] {
            let bytes = pattern(count, seed: count)
            let receipt = try store.put(ObjectKey("size/\(count)"), bytes)
            #expect(receipt.size == UInt64(count))
            #expect(receipt.crc32c == Crc32c.checksum(bytes), "\(count)")
            #expect(try store.bytes(of: ObjectKey("size/\(count)")) == bytes)
        }
        #expect(try store.unfinishedUploads(prefix: "").isEmpty)
    }

    @Test(
        "An upload that is cancelled leaves nothing, one that is left can be continued",
        .enabled(if: ObjectServer.isInstalled(.moto), "moto is not installed")
    )
    func uploads() throws {
        let store = try #require(try SharedServers.store(.moto) as? S3Store)
        let source = EndingSource(length: 40 << 20, after: 20 << 20)
        #expect(code { try store.put("cancelled", from: source, options: PutOptions()) } == .cancelled)
        #expect(try store.unfinishedUploads(prefix: "").isEmpty)
        #expect(try keys(store).isEmpty)

        let first = pattern(5 << 20, seed: 1)
        let second = pattern(100, seed: 2)
        let upload = try store.startMultipart("continued", options: PutOptions())
        _ = try upload.putPart(1, from: ArraySource(first))
        let open = try store.unfinishedUploads(prefix: "cont")
        #expect(open.map(\.key) == ["continued"])
        let again = try store.continueMultipart("continued", identifier: try #require(open.first?.id))
        _ = try again.putPart(2, from: ArraySource(second))
        #expect(try again.complete().size == UInt64(first.count + second.count))
        #expect(try store.bytes(of: "continued") == first + second)
    }

    @Test(
        "Many objects are deleted with few requests",
        .enabled(if: ObjectServer.isInstalled(.moto), "moto is not installed")
    )
    func batches() throws {
        let store = try #require(try SharedServers.store(.moto) as? S3Store)
        let all = (0..<1003).map { ObjectKey("k\($0) &<>") } + ["odd\u{1}"]
        for key in all { try store.put(key, [1]) }
        #expect(store.delete(all + ["never/was"]).isEmpty)
        #expect(try keys(store).isEmpty)
    }

    @Test(
        "A read is held to the object that it began with",
        .enabled(if: ObjectServer.isInstalled(.moto), "moto is not installed")
    )
    func pinned() throws {
        let store = try SharedServers.store(.moto)
        try store.put("o", [1, 2, 3])
        let tag = try #require(try store.head("o").tag)
        #expect(try store.bytes(of: "o", range: ByteRange(offset: 1, length: 1, tag: tag)) == [2])
        try store.put("o", [4, 5, 6])
        #expect(
            code { try store.bytes(of: "o", range: ByteRange(offset: 1, length: 1, tag: tag)) } == .corrupt
        )
    }

    @Test(
        "Wrong keys are denied, a missing bucket is no missing object, and secrets stay hidden",
        .enabled(if: ObjectServer.isInstalled(.gateway), "juicefs is not installed")
    )
    func refusals() throws {
        let server = try SharedServers.server(.gateway)
        func open(_ bucket: String, _ secret: String) throws -> S3Store {
            try S3Store.open(
                StorageRequest(
                    storage: "s3",
                    bucket: "http://\(server.endpoint)/\(bucket)",
                    accessKey: ObjectServer.accessKey,
                    secretKey: secret
                )
            )
        }
        let wrong = try open(ObjectServer.gatewayBucket, "hidden-secret")
        #expect(code { try wrong.put("x", [1]) } == .denied)
        let error = #expect(throws: StorageError.self) { try wrong.bytes(of: "x") }
        #expect(error?.description.contains("hidden-secret") == false)
        let missing = try open("no-such-bucket", ObjectServer.secretKey)
        #expect(code { try missing.bytes(of: "x") } == .failed)
        #expect(code { try keys(missing) } == .failed)
    }

    @Test("A server that is not there cannot be reached")
    func unreachable() throws {
        let port = try LoopbackPort.free()
        let request = StorageRequest(storage: "minio", bucket: "127.0.0.1:\(port)/b", accessKey: "anonymous")
        let store = try S3Store.open(request)
        #expect(code { try store.head("x") } == .unreachable)
        let named = StorageRequest(storage: "minio", bucket: "no-such-host.invalid/b", accessKey: "anonymous")
        #expect(code { try S3Store.open(named).head("x") } == .unreachable)
    }
}

/// A source that fails when it has given a part of what it announced.
final class EndingSource: ByteSource {
    struct Ended: Error {}
    let length: UInt64
    private let limit: Int
    private var given = 0

    init(length: UInt64, after limit: Int) {
        self.length = length
        self.limit = limit
    }

    func rewind() {
        given = 0
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard given < limit else { throw Ended() }
        let count = min(buffer.count, limit - given)
        unsafe buffer.prefix(count).initializeMemory(as: UInt8.self, repeating: 7)
        given += count
        return count
    }
}

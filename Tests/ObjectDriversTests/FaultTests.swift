// SPDX-License-Identifier: Apache-2.0
// Every plan of the fault proxy ends in the right bytes or in a typed error, with nothing half-visible.

import ObjectDrivers
import ObjectStorage
import SluiceBase
import SluiceTestSupport
import Synchronization
import Testing

@Suite("S3 faults", .serialized, .enabled(if: ObjectServer.isInstalled(.moto), "moto is not installed"))
struct FaultTests {
    /// A bucket behind a proxy, and the same bucket without it.
    struct Bench {
        let plain: S3Store
        let proxy: FaultProxy
        let store: RetryingStore
        let bare: S3Store
        let time = TestTime()

        init(attempts: Int = 4, stall: Double = 60, _ plan: @escaping ProxyPlan) throws {
            let server = try SharedServers.server(.moto)
            let name = "f" + UUID.random()
            plain = try server.bucket(name)
            proxy = try FaultProxy(to: server.port, plan: plan)
            bare = try S3Store.open(
                StorageRequest(
                    storage: "minio",
                    bucket: "http://\(proxy.endpoint)/\(name)",
                    accessKey: ObjectServer.accessKey,
                    secretKey: ObjectServer.secretKey
                ),
                stallSeconds: stall
            )
            store = RetryingStore(bare, policy: RetryPolicy(attempts: attempts), waiting: time)
        }
    }

    /// The fault hits the first request that the condition chooses.
    static func once(
        _ fault: ProxyFault,
        _ condition: @escaping @Sendable (ProxyRequest) -> Bool,
    ) -> ProxyPlan {
        let isDone = Mutex(false)
        return { request in
            guard condition(request) else { return nil }
            return isDone.withLock { done in
                guard !done else { return nil }
                done = true
                return fault
            }
        }
    }

    static let passingFaults: [ProxyFault] = [
        .refuse(status: 500), .refuse(status: 503, body: "<Error><Code>SlowDown</Code></Error>"),
        .refuse(status: 429, headers: ["Retry-After: 7"]), .resetBefore, .loseAnswer,
    ]

    @Test("What fails in passing is done again", arguments: passingFaults.indices)
    func passing(index: Int) throws {
        let fault = Self.passingFaults[index]
        for method in ["PUT", "GET", "HEAD", "DELETE"] {
            let bench = try Bench(Self.once(fault) { $0.method == method })
            let bytes = pattern(300_000, seed: index)
            try bench.store.put("d/o", bytes)
            #expect(try bench.store.bytes(of: "d/o") == bytes)
            #expect(try bench.store.head("d/o").size == 300_000)
            #expect(try keys(bench.store) == ["d/o"])
            try bench.store.delete("d/o")
            #expect(try keys(bench.plain).isEmpty)
        }
    }

    @Test("A store that asks for time gets it")
    func retryAfter() throws {
        let plan = Self.once(.refuse(status: 429, headers: ["Retry-After: 7"])) { $0.method == "PUT" }
        let bench = try Bench(plan)
        let before = bench.time.nanoseconds
        try bench.store.put("o", [1])
        #expect(bench.time.nanoseconds - before >= 7_000_000_000)
    }

    @Test("What fails for good is a typed error after the agreed number of tries")
    func lasting() throws {
        let bench = try Bench { $0.method == "HEAD" ? nil : .refuse(status: 503) }
        #expect(code { try bench.store.put("o", [1]) } == .unreachable)
        #expect(bench.proxy.requestCount == 4)
        #expect(try keys(bench.plain).isEmpty)
    }

    @Test("A body that breaks off is continued behind the last byte, of the same object")
    func brokenBody() throws {
        let bytes = pattern(3 << 20, seed: 9)
        let bench = try Bench(Self.once(.breakBody(after: 1_000_000)) { $0.method == "GET" })
        try bench.plain.put("o", bytes)
        #expect(try bench.store.bytes(of: "o") == bytes)

        let replaced = try Bench(Self.once(.breakBody(after: 1_000_000)) { $0.method == "GET" })
        try replaced.plain.put("o", bytes)
        var isReplaced = false
        let ended = code {
            try unsafe replaced.store.read("o", range: .whole) { (_: UnsafeRawBufferPointer) throws -> Void in
                guard !isReplaced else { return }
                isReplaced = true
                try replaced.plain.put("o", pattern(3 << 20, seed: 10))
            }
        }
        #expect(ended == .corrupt)
    }

    static let wrongBodies: [ProxyFault] = [.shortBody(by: 1), .longBody(by: 3), .flipAnswer(at: 777)]

    @Test("Wrong bytes of a whole object are noticed", arguments: wrongBodies.indices)
    func wrongBody(index: Int) throws {
        let bench = try Bench(Self.once(Self.wrongBodies[index]) { $0.method == "GET" })
        try bench.plain.put("o", pattern(100_000, seed: 4))
        #expect(code { try bench.store.bytes(of: "o") } == .corrupt)
        #expect(try bench.store.bytes(of: "o") == pattern(100_000, seed: 4))
    }

    static let wrongProofs: [ProxyFault] = [
        .header("x-amz-checksum-crc32c", "AAAAAA=="), .header("ETag", "\"00000000000000000000000000000000\""),
    ]

    @Test("An answer with a wrong checksum is never taken for a proof", arguments: wrongProofs.indices)
    func wrongProof(index: Int) throws {
        let bytes = pattern(1000, seed: 4)
        let bench = try Bench { $0.method == "PUT" ? Self.wrongProofs[index] : nil }
        do {
            let receipt = try bench.store.put("o", bytes)
            // The other proof may have been given; an unknown tag alone proves nothing.
            #expect(receipt.crc32c == nil || receipt.crc32c == Crc32c.checksum(bytes))
            #expect(index == 1)
        } catch {
            #expect(error.code == .corrupt)
        }
    }

    @Test("Bytes that change on the way to the store are never called proven")
    func wrongRequest() throws {
        let bytes = pattern(1000, seed: 4)
        let bench = try Bench { $0.method == "PUT" ? .flipRequest(at: 500) : nil }
        let receipt = try? bench.store.put("o", bytes)
        let stored = try? bench.plain.bytes(of: "o")
        #expect(stored != bytes, "the fault did not reach the store")
        // moto stores what the header calls wrong, and says nothing.
        if let receipt { #expect(receipt.crc32c == nil) }
    }

    @Test("An upload whose end is an error in a success is completed again, or leaves nothing")
    func completion() throws {
        let body = "<Error><Code>InternalError</Code><Message>try again</Message></Error>"
        let bytes = pattern(18 << 20, seed: 6)
        for fault in [ProxyFault.answer(body: body), .loseAnswer, .refuse(status: 500), .answer(body: "")] {
            let plan = Self.once(fault) { $0.method == "POST" && $0.target.contains("uploadId=") }
            let bench = try Bench(plan)
            let receipt = try bench.store.put("o", bytes)
            #expect(receipt.size == UInt64(bytes.count))
            #expect(try bench.plain.bytes(of: "o") == bytes)
            #expect(try bench.plain.unfinishedUploads(prefix: "").isEmpty)
        }
    }

    @Test("A part that fails for good ends the upload, and nothing stays")
    func failedPart() throws {
        let bench = try Bench { $0.target.contains("partNumber=2") ? .refuse(status: 503) : nil }
        #expect(code { try bench.store.put("o", pattern(18 << 20, seed: 6)) } == .unreachable)
        #expect(try keys(bench.plain).isEmpty)
        #expect(try bench.plain.unfinishedUploads(prefix: "").isEmpty)
    }

    @Test("A store that falls silent is given up")
    func stall() throws {
        let bench = try Bench(attempts: 2, stall: 1, Self.once(.stall) { $0.method == "GET" })
        try bench.plain.put("o", [1, 2])
        #expect(try bench.store.bytes(of: "o") == [1, 2])
        #expect(bench.proxy.requestCount == 2)
    }

    @Test("A clock that is off is put right by the store's date")
    func skew() throws {
        let error = "<Error><Code>RequestTimeTooSkewed</Code></Error>"
        let date = "Date: Sun, 06 Nov 2044 08:49:37 GMT"
        let bench = try Bench(
            Self.once(.refuse(status: 403, headers: [date], body: error)) { $0.method == "PUT" }
        )
        try bench.bare.put("o", [1])
        #expect(try bench.plain.bytes(of: "o") == [1])
    }

    @Test("Any seed ends in the right bytes or a typed error", arguments: [1, 2, 3, 4, 5, 6, 7, 8])
    func seeded(seed: UInt64) throws {
        let random = Mutex(SeededRandom(seed: seed))
        let bench = try Bench(attempts: 8) { _ in random.withLock { Self.chosen(&$0) } }
        var (stored, returned) = (0, 0)
        for number in 0..<12 {
            let key = ObjectKey("s/\(number)")
            let bytes = pattern(number * 40_000, seed: number)
            guard (try? bench.store.put(key, bytes)) != nil else { continue }
            #expect(try bench.plain.bytes(of: key) == bytes)
            stored += 1
            // A refusal is a StorageError by its type.
            guard let read = try? bench.store.bytes(of: key) else { continue }
            #expect(read == bytes, "seed \(seed), object \(number)")
            returned += 1
        }
        // Eight tries get past most faults.
        #expect(stored > 0 && returned > 0)
    }

    /// About every third request meets a fault.
    private static func chosen(_ random: inout SeededRandom) -> ProxyFault? {
        switch Int.random(in: 0..<24, using: &random) {
        case 0: .refuse(status: 500)
        case 1: .refuse(status: 503, body: "<Error><Code>SlowDown</Code></Error>")
        case 2: .refuse(status: 429, headers: ["Retry-After: 1"])
        case 3: .resetBefore
        case 4: .loseAnswer
        case 5: .breakBody(after: 10_000)
        case 6: .shortBody(by: 5)
        case 7: .flipAnswer(at: 3)
        default: nil
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// What transactions cost in round trips, what they watch, and what they do when the connection is lost.

import Metadata
import MetadataRedis
import SluiceBase
import SluiceTestSupport
import Synchronization
import Testing
import VolumeModel

@Suite("Redis transactions", .enabled(if: RedisServer.program != nil, "there is no redis-server"))
struct RedisTransactionTests {
    private static let file = Attributes(
        type: .file,
        mode: 0o644,
        time: Timestamp(seconds: 1_800_000_000, nanoseconds: 5),
        parent: .root
    )

    private func trips(_ engine: RedisEngine, _ body: () throws -> Void) rethrows -> Int {
        let before = engine.roundTrips
        try body()
        return engine.roundTrips - before
    }

    @Test("What is expected is read in one round trip, and all writes go in another")
    func roundTrips() throws {
        let bench = try RedisBench()
        let engine = try bench.redisEngine()
        try engine.write { try $0.insertNode(.root, Self.file) }
        let count = try trips(engine) {
            try engine.write { transaction throws in
                try transaction.expect([
                    .node(.root), .entry("a", in: .root), .node(Inode(2)), .chunk(0, of: Inode(2)),
                ])
                try transaction.insertNode(Inode(2), Self.file)
                try transaction.insertEntry(NamedEntry(name: "a", inode: Inode(2), type: .file), in: .root)
                try transaction.touch(.root, linkDelta: 1, time: nil)
                try transaction.appendSlices([.hole(position: 0, length: 1)], toChunk: 0, of: Inode(2))
                try transaction.add(4096, to: .usedSpace)
            }
        }
        #expect(count == 2)
        #expect(try trips(engine) { _ = try engine.write { try $0.node(.root) } } == 1)
        _ = try engine.read { try $0.lookup("a", in: .root) }
        #expect(try trips(engine) { _ = try engine.read { try $0.lookup("a", in: .root) } } == 1)
        #expect(try trips(engine) { _ = try engine.read { try $0.nodes([.root, Inode(2), Inode(3)]) } } == 1)
        // A server that forgot the script is asked without it once, then taught again.
        try bench.ask("SCRIPT", "FLUSH")
        for _ in 0..<2 {
            #expect(try engine.read { try $0.lookup("a", in: .root) }?.attributes == Self.file)
        }
        #expect(try trips(engine) { _ = try engine.read { try $0.lookup("a", in: .root) } } == 1)
    }

    @Test("A change of what was read makes the transaction run again, once for each change")
    func conflicts() throws {
        let bench = try RedisBench()
        let engine = try bench.redisEngine()
        try engine.write { try $0.insertNode(.root, Self.file) }
        let runs = Atomic(0)
        try engine.write { transaction throws in
            let run = runs.add(1, ordering: .relaxed).newValue
            var node = try #require(try transaction.node(.root))
            if run < 3 {
                var other = node
                other.length += 100
                try bench.ask([Array("SET".utf8), Array("i1".utf8), other.encoded])
            }
            node.length += 1
            try transaction.updateNode(.root, node)
        }
        #expect(runs.load(ordering: .relaxed) == 3)
        #expect(try engine.read { try $0.node(.root) }?.length == 201)
    }

    @Test("Changes of the global hashes and counters are no conflict")
    func globals() throws {
        let bench = try RedisBench()
        let engine = try bench.redisEngine()
        let runs = Atomic(0)
        try engine.write { transaction throws in
            runs.add(1, ordering: .relaxed)
            _ = try transaction.counter(.usedSpace)
            _ = try transaction.directoryStat(of: .root)
            _ = try transaction.sliceReference(5, size: 6)
            try bench.ask("INCRBY", "usedSpace", "7")
            try bench.ask("HINCRBY", "dirUsedSpace", "1", "7")
            try bench.ask("HINCRBY", "sliceRef", "k5_6", "7")
            try transaction.add(1, to: .usedSpace)
            try transaction.adjustSliceReference(5, size: 6, by: 1)
        }
        #expect(runs.load(ordering: .relaxed) == 1)
        #expect(try bench.ask("GET", "usedSpace") == "8")
        #expect(try bench.ask("HGET", "sliceRef", "k5_6") == "8")
    }

    @Test("A commit whose answer is lost is looked up, and done exactly once", arguments: Cut.allCases)
    func lostCommit(_ cut: Cut) throws {
        let bench = try RedisBench()
        let plan = CutPlan(cut)
        let engine = try openRedis(
            SocketConnector(path: bench.server.socket, prefix: "") { CutSocket($0, plan) }
        )
        try engine.write { try $0.insertNode(.root, Self.file) }
        plan.arm()
        let runs = Atomic(0)
        try engine.write { transaction throws in
            runs.add(1, ordering: .relaxed)
            try transaction.touch(.root, linkDelta: 1, time: nil)
            try transaction.add(4096, to: .usedSpace)
        }
        #expect(runs.load(ordering: .relaxed) == (cut == .before ? 2 : 1))
        #expect(try engine.read { try $0.node(.root) }?.linkCount == 2)
        #expect(try bench.ask("GET", "usedSpace") == "4096")
    }

    @Test("A commit that never left runs again, also without evidence")
    func unsentCommit() throws {
        let bench = try RedisBench()
        let plan = CutPlan(.before)
        let engine = try openRedis(
            SocketConnector(path: bench.server.socket, prefix: "") { CutSocket($0, plan) }
        )
        plan.arm()
        try engine.write { try $0.add(4096, to: .usedSpace) }
        #expect(try bench.ask("GET", "usedSpace") == "4096")
    }

    @Test("A lost commit without evidence is reported, never repeated")
    func unknownOutcome() throws {
        let bench = try RedisBench()
        let plan = CutPlan(.after)
        let engine = try openRedis(
            SocketConnector(path: bench.server.socket, prefix: "") { CutSocket($0, plan) }
        )
        plan.arm()
        let runs = Atomic(0)
        let error = #expect(throws: EngineError.self) {
            try engine.write { transaction throws in
                runs.add(1, ordering: .relaxed)
                try transaction.add(4096, to: .usedSpace)
            }
        }
        #expect(error?.code == .unreachable)
        #expect(error?.reason.contains("not known") == true)
        #expect(runs.load(ordering: .relaxed) == 1)
    }

    @Test("Filling needs few round trips and leaves what a transaction would")
    func fill() throws {
        let bench = try RedisBench()
        let engine = try bench.redisEngine()
        let count = try trips(engine) {
            try engine.fill { transaction throws in
                for number in UInt64(2)...5001 {
                    try transaction.insertNode(Inode(number), Self.file)
                    let entry = NamedEntry(name: FileName("f\(number)"), inode: Inode(number), type: .file)
                    try transaction.insertEntry(entry, in: .root)
                    try transaction.setChunk(
                        ChunkRecord(
                            inode: Inode(number),
                            index: 0,
                            slices: Slice.hole(position: 0, length: 1).encoded
                        )
                    )
                }
                try transaction.setCounter(.nextInode, to: 5002)
            }
        }
        #expect(count < 20)
        try engine.snapshot { scanner throws in
            #expect(try scanner.entries(of: .root, after: nil, limit: 9999).count == 5000)
            #expect(try scanner.node(Inode(5001)) == Self.file)
            #expect(try scanner.chunks(of: Inode(77)).count == 1)
        }
        #expect(try bench.ask("GET", "nextinode") == "5001")
    }

    @Test("A new volume has no counters, as those of format have none")
    func format() throws {
        let bench = try RedisBench()
        let engine = try bench.redisEngine()
        let volume = try prepareVolume(on: engine, settings: VolumeSettings(), clock: TestClock())
        #expect(
            try bench.keys().filter { $0.hasPrefix("next") || $0 == "usedSpace" || $0 == "totalInodes" } == []
        )
        let first = try volume.makeDirectory("a", in: .root, mode: 0o755)
        #expect(first.inode == Inode(2))
        #expect(try bench.ask("GET", "nextinode") == "1024")
        #expect(try bench.ask("GET", "usedSpace") == "4096")
    }

    @Test("Large directories are listed page by page in few looks")
    func listing() throws {
        let bench = try RedisBench()
        let engine = try bench.redisEngine()
        try engine.fill { transaction throws in
            for number in UInt64(1)...20_000 {
                let entry = NamedEntry(name: FileName("\(number)"), inode: Inode(number), type: .file)
                try transaction.insertEntry(entry, in: .root)
            }
        }
        var names: [FileName] = []
        let count = try trips(engine) {
            while true {
                let page = try engine.read { try $0.entries(of: .root, after: names.last, limit: 100) }
                if page.isEmpty { break }
                names += page.map(\.name)
            }
        }
        #expect(names == (1...20_000).map { FileName("\($0)") }.sorted())
        #expect(count < 12)
    }

    @Test("Behind a full page that was the last one the directory is not looked at again")
    func fullPage() throws {
        let bench = try RedisBench()
        let engine = try bench.redisEngine()
        let script = "for i = 1, 1000 do redis.call('HSET', 'd1', i, struct.pack('>BI8', 1, i)) end"
        _ = try bench.ask("EVAL", script, "0")
        let page = try engine.read { try $0.entries(of: .root, after: nil, limit: 1000) }
        #expect(page.count == 1000)
        let count = try trips(engine) {
            let rest = try engine.read { try $0.entries(of: .root, after: page.last?.name, limit: 1000) }
            #expect(rest == [])
        }
        #expect(count == 0)
    }

    @Test("A directory of any size costs two looks at all of it, however many pages it has")
    func largeListing() throws {
        let bench = try RedisBench()
        let engine = try bench.redisEngine()
        let entries = 350_000
        let script = "for i = 1, \(entries) do redis.call('HSET', 'd1', i, struct.pack('>BI8', 1, i)) end"
        _ = try bench.ask("EVAL", script, "0")
        var last: FileName?
        var found = 0
        var isInOrder = true
        let count = try trips(engine) {
            while true {
                let page = try engine.read { try $0.entries(of: .root, after: last, limit: 1000) }
                for entry in page {
                    isInOrder = isInOrder && last.map { $0 < entry.name } ?? true
                    last = entry.name
                }
                found += page.count
                if page.count < 1000 { break }
            }
        }
        #expect(found == entries)
        #expect(isInOrder)
        // Each look asks for 10 000 entries at a time; the pages beyond cost nothing.
        #expect(count < 100)
    }
}

/// Where a connection is cut when a transaction is written.
enum Cut: CaseIterable {
    /// The server gets nothing.
    case before
    /// The server gets everything, its answer is lost.
    case after
}

/// Cuts one connection once, when it sends EXEC after having been armed.
final class CutPlan: Sendable {
    let cut: Cut
    private let isArmed = Atomic(false)

    init(_ cut: Cut) {
        self.cut = cut
    }

    func arm() {
        isArmed.store(true, ordering: .relaxed)
    }

    func fires(on bytes: [UInt8]) -> Bool {
        let exec = Array("EXEC\r\n".utf8)
        guard bytes.suffix(exec.count) == exec[...] else { return false }
        return isArmed.exchange(false, ordering: .relaxed)
    }
}

final class CutSocket: RedisSocket {
    private let socket: any RedisSocket
    private let plan: CutPlan
    private var isCut = false

    init(_ socket: any RedisSocket, _ plan: CutPlan) {
        self.socket = socket
        self.plan = plan
    }

    func write(_ bytes: [UInt8]) throws(EngineError) {
        let isLast = plan.fires(on: bytes)
        if isLast, plan.cut == .before {
            socket.close()
            throw EngineError(.unreachable, "send", reason: "cut")
        }
        try socket.write(bytes)
        isCut = isLast
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(EngineError) -> Int {
        let count = unsafe try socket.read(into: buffer)
        guard isCut else { return count }
        socket.close()
        throw EngineError(.unreachable, "receive", reason: "cut")
    }

    var isQuiet: Bool { socket.isQuiet }

    func close() {
        socket.close()
    }
}

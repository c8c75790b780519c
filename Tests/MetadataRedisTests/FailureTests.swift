// SPDX-License-Identifier: Apache-2.0
// What transactions do while servers die, move, fill up or turn into replicas.

import Metadata
import MetadataRedis
import SluiceBase
import SluiceTestSupport
import Synchronization
import Testing
import VolumeModel

@Suite("Failing Redis servers", .enabled(if: RedisServer.program != nil, "needs redis-server"))
struct FailureTests {
    private static let counters: [Counter] = [.usedSpace, .totalInodes]

    private func open(_ address: String) throws -> RedisEngine {
        try openRedis(address: address) { _ in nil }
    }

    /// One more in two places, read before it is written, as one transaction.
    private func count(in engine: RedisEngine, then deed: () -> Void = {}) throws {
        try engine.write { transaction in
            for counter in Self.counters {
                let value = try transaction.counter(counter) ?? 0
                try transaction.setCounter(counter, to: value + 1)
            }
            deed()
        }
    }

    private func counts(_ engine: RedisEngine) throws -> [Int64] {
        try engine.read { reader in try Self.counters.map { try reader.counter($0) ?? 0 } }
    }

    @Test("A loop of transactions survives a failover, and none is done by half")
    func failover() throws {
        let group = try RedisSentinels()
        let engine = try open(group.address(database: 1))
        defer { engine.close() }
        for _ in 0..<20 { try count(in: engine) }
        // WAIT would speak of the writes of its own connection only.
        let written = try offset("master_repl_offset", of: group.master)
        try #require(written > 0)
        #expect(try retrying { try offset("slave_repl_offset", of: group.replica) >= written })
        group.master.kill()
        for _ in 0..<20 { try count(in: engine) }
        let found = try counts(engine)
        #expect(found[0] == found[1])
        // Nothing can be lost here: the replica had everything.
        #expect(found[0] == 40)
        #expect(try group.replica.command("GET", "usedSpace") == "$-1", "database 0 is not the volume's")
    }

    /// How far a server is with the stream of changes.
    private func offset(_ field: String, of server: RedisServer) throws -> Int {
        let lines = try server.command("INFO", "replication").split(whereSeparator: \.isNewline)
        let line = try #require(lines.first { $0.hasPrefix("\(field):") })
        return try #require(Int(line.dropFirst(field.count + 1)))
    }

    @Test("A server that dies between WATCH and EXEC and comes back gets the transaction once")
    func deathInside() throws {
        let server = try RedisServer(.init("appendonly yes", "appendfsync always"))
        let engine = try open(server.address())
        defer { engine.close() }
        try count(in: engine)
        let hasDied = Atomic(false)
        let restart = Mutex<WorkerThread?>(nil)
        try count(in: engine) {
            guard !hasDied.exchange(true, ordering: .relaxed) else { return }
            server.kill()
            restart.withLock { $0 = try? WorkerThread(name: "restart") { try? server.restart() } }
        }
        restart.withLock { $0?.join() }
        #expect(try counts(engine) == [2, 2])
    }

    @Test("A server without memory for more is a full engine, and what it holds can be read")
    func outOfMemory() throws {
        let server = try RedisServer()
        let engine = try open(server.address())
        defer { engine.close() }
        try count(in: engine)
        try server.command("CONFIG", "SET", "maxmemory", "1mb")
        let error = #expect(throws: EngineError.self) { try count(in: engine) }
        #expect(error?.code == .noSpace)
        #expect(error?.reason.hasPrefix("OOM") == true)
        #expect(try counts(engine) == [1, 1])
        try server.command("CONFIG", "SET", "maxmemory", "0")
        try count(in: engine)
        #expect(try counts(engine) == [2, 2])
    }

    @Test("A replica can be read, and says that it cannot be written")
    func replica() throws {
        var options = RedisServer.Options()
        options.hasPort = true
        let master = try RedisServer(options)
        let replica = try RedisServer(.init("replicaof 127.0.0.1 \(master.port)"))
        let isLinked = try retrying {
            try replica.command("INFO", "replication").contains("master_link_status:up")
        }
        #expect(isLinked)
        try count(in: open(master.address()))
        try master.command("WAIT", "1", "0")
        let connector = try RedisAddress(replica.address()).connector()
        let engine = RedisEngine(RedisPool(connector), warnings: [], maximumTries: 3)
        defer { engine.close() }
        #expect(try counts(engine) == [1, 1])
        let error = #expect(throws: EngineError.self) { try count(in: engine) }
        #expect(error?.code == .readOnly, "\(String(describing: error))")
    }

    @Test("A master that is made a replica behind our back is left for the new one")
    func demotion() throws {
        let group = try RedisSentinels()
        let engine = try open(group.address())
        defer { engine.close() }
        try count(in: engine)
        try group.sentinels[0].command("SENTINEL", "FAILOVER", RedisSentinels.masterName)
        // Until the old master knows, it takes writes that will be lost; that is Redis' promise, not ours.
        let isMoved = retrying {
            // A server that changes its role drops those who ask.
            (try? isMaster(group.replica)) == true && (try? isMaster(group.master)) == false
        }
        #expect(isMoved)
        for _ in 0..<5 { try count(in: engine) }
        let found = try counts(engine)
        #expect(found == [6, 6])
    }

    private func isMaster(_ server: RedisServer) throws -> Bool {
        try server.command("INFO", "replication").contains("role:master")
    }

    @Test("A cluster keeps the promises of a metadata engine")
    func clusterConformance() throws {
        let cluster = try RedisCluster()
        for (database, promise) in MetadataConformance.cases.enumerated() {
            let node = try #require(try cluster.owner(database: database))
            #expect(throws: Never.self, "\(promise.testDescription), database \(database)") {
                try promise.check(RedisBench(cluster, node: node, database: database))
            }
        }
    }

    @Test("A volume in a cluster goes on when its slot moves, and a dead node is named")
    func clusterMoves() throws {
        let cluster = try RedisCluster()
        let engine = try open(cluster.address(database: 7))
        defer { engine.close() }
        try count(in: engine)
        let owner = try #require(try cluster.owner(database: 7))
        let target = try #require(cluster.nodes.first { $0.port != owner.port })
        try cluster.move(database: 7, from: owner, to: target)
        try count(in: engine)
        #expect(try counts(engine) == [2, 2])
        target.kill()
        let error = #expect(throws: EngineError.self) {
            try open(cluster.address(database: 7))
        }
        #expect(error?.code == .unreachable)
        #expect(error?.reason.contains(":\(target.port)") == true)
    }
}

// SPDX-License-Identifier: Apache-2.0
// A server that was started again, or a replica that gets everything anew, refuses commands while it reads
// its data into memory. Delays that Redis has for its own tests make that last as long as wanted.

import Metadata
@testable import MetadataRedis
import SluiceBase
import SluiceTestSupport
import Synchronization
import Testing
import VolumeModel

@Suite("Redis servers that load their data", .enabled(if: RedisServer.program != nil, "needs redis-server"))
struct LoadingTests {
    /// Makes every server of the kind slow to load: 10 s or more for what `fill` stores.
    private static let slow = [
        "key-load-delay 5000", "loading-process-events-interval-bytes 1024", "rdbcompression no",
        "repl-diskless-sync-delay 0",
    ]

    private func slowServer(_ change: (inout RedisServer.Options) -> Void = { _ in }) throws -> RedisServer {
        var options = RedisServer.Options()
        options.lines = Self.slow
        change(&options)
        return try RedisServer(options)
    }

    private func fill(_ server: RedisServer, hashTag: String = "") throws {
        let script = """
            for i = 1, 2000 do
                redis.call('SET', KEYS[1] .. i, string.rep('x', 1100))
            end
            """
        #expect(try server.command("EVAL", script, "1", "\(hashTag)fill") == "$-1")
        try server.command("SAVE")
    }

    private func finishLoading(_ server: RedisServer) throws {
        #expect(try server.command("CONFIG", "SET", "key-load-delay", "0") == "+OK")
    }

    private func refusals(_ server: RedisServer) throws -> Int {
        let facts = try server.command("INFO", "errorstats")
        let count = facts.split(separator: "\r\n").first { $0.hasPrefix("errorstat_LOADING:count=") }
        return count.flatMap { Int($0.drop { $0 != "=" }.dropFirst()) } ?? 0
    }

    /// Runs `body` on a thread, lets the server finish only when it has refused something of it, and waits.
    private func whileLoading<Result: Sendable>(
        _ server: RedisServer,
        _ body: @escaping @Sendable () throws -> Result
    ) throws -> Result {
        #expect(try server.command("PING").hasPrefix("-LOADING"))
        let before = try refusals(server)
        let outcome = Mutex<Swift.Result<Result, any Error>?>(nil)
        let thread = try WorkerThread(name: "client") {
            let result = Swift.Result { try body() }
            outcome.withLock { $0 = result }
        }
        #expect(try retrying { try refusals(server) > before })
        try finishLoading(server)
        thread.join()
        return try #require(try outcome.withLock { $0 }?.get())
    }

    private func open(_ address: String) throws -> RedisEngine {
        try openRedis(address: address) { _ in nil }
    }

    private func setting(_ engine: RedisEngine) throws -> String? {
        try engine.read { try $0.setting() }.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("Opening waits until the server has its data")
    func opening() throws {
        let server = try slowServer()
        try server.command("SET", "setting", "kept")
        try fill(server)
        try server.restart(isLoading: true)
        let found = try whileLoading(server) { try setting(open(server.address())) }
        #expect(found == "kept")
    }

    @Test("Opening gives up on a server that goes on loading, and says what it does")
    func endless() throws {
        let server = try slowServer()
        try fill(server)
        try server.restart(isLoading: true)
        let error = #expect(throws: EngineError.self) {
            try open(server.address(database: 0, "&min-retry-backoff=1ms&max-retry-backoff=2ms"))
        }
        #expect(error?.code == .starting)
        #expect(error?.isTransient == true)
        #expect(error?.reason.hasPrefix("LOADING") == true, "\(String(describing: error))")
        #expect(try refusals(server) > 10)
    }

    @Test("What was open when the server was started again reads and writes when it has its data")
    func goingOn() throws {
        let server = try slowServer()
        let engine = try open(server.address())
        defer { engine.close() }
        try engine.write { try $0.setSetting(Array("kept".utf8)) }
        try fill(server)
        try server.restart(isLoading: true)
        #expect(try whileLoading(server) { try setting(engine) } == "kept")
        try server.restart(isLoading: true)
        try whileLoading(server) {
            try engine.write { transaction in
                let value = try transaction.counter(.usedSpace) ?? 0
                try transaction.setCounter(.usedSpace, to: value + 1)
            }
        }
        #expect(try engine.read { try $0.counter(.usedSpace) } == 1)
    }

    @Test("A replica that gets everything anew keeps its connections, and its readers wait")
    func fullCopy() throws {
        let master = try slowServer { $0.hasPort = true }
        try master.command("SET", "setting", "master's")
        try fill(master)
        let replica = try slowServer()
        try replica.command("SET", "setting", "old")
        let engine = try open(replica.address())
        defer { engine.close() }
        #expect(try setting(engine) == "old")
        try replica.command("REPLICAOF", "127.0.0.1", "\(master.port)")
        #expect(try retrying { try replica.command("PING").hasPrefix("-LOADING") })
        #expect(try whileLoading(replica) { try setting(engine) } == "master's")
    }

    @Test("A node of a cluster is taken for one also while it loads")
    func node() throws {
        let server = try slowServer { $0.isNode = true }
        try server.command("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
        #expect(try retrying { try server.command("CLUSTER", "INFO").contains("cluster_state:ok") })
        try fill(server, hashTag: "{1}")
        try server.restart(isLoading: true)
        let address = try RedisAddress("redis://127.0.0.1:\(server.port)/1")
        let prefix = try whileLoading(server) { try address.connector().keyPrefix }
        #expect(prefix == Array("{1}".utf8))
    }
}

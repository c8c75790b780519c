// SPDX-License-Identifier: Apache-2.0

import Metadata
import MetadataRedis
import SluiceBase
import SluiceTestSupport
import Testing

@Suite("Connections to one Redis server", .enabled(if: RedisServer.program != nil, "needs redis-server"))
struct ConnectionTests {
    private func connect(_ text: String) throws -> RedisConnection {
        try RedisAddress(text).connector().connect(for: .writing)
    }

    private func failure(_ text: String) throws -> EngineError {
        try #require(throws: EngineError.self) { try connect(text) }
    }

    @Test("The database of the address is selected, over a socket and over TCP")
    func databases() throws {
        var options = RedisServer.Options()
        options.hasPort = true
        let server = try RedisServer(options)
        try connect(server.address(database: 3)).run(
            "SET",
            Array("k".utf8),
            Array("v".utf8),
            operation: "set"
        )
        let other = try connect("redis://127.0.0.1:\(server.port)/3")
        #expect(try other.run("GET", Array("k".utf8), operation: "get") == .bytes(Array("v".utf8)))
        let none = try connect("127.0.0.1:\(server.port)")
        #expect(try none.run("GET", Array("k".utf8), operation: "get") == .null)
        let error = try failure(server.address(database: 16))
        #expect(error.reason.contains("out of range"), "\(error)")
    }

    @Test("A wrong or missing password is denied, with and without a user")
    func passwords() throws {
        let server = try RedisServer(
            .init("requirepass secret", "user reader on >p@ss ~* +@all", "user blind on nopass ~* +get")
        )
        let host = "\(server.socket)?db=1"
        for good in [
            "unix://:secret@\(host)", "unix://default:secret@\(host)", "unix://reader:p%40ss@\(host)",
        ] {
            #expect(try connect(good).run("PING", operation: "ping") == .status("PONG"))
        }
        for bad in [
            "unix://:wrong@\(host)", "unix://reader:secret@\(host)", "unix://nobody:p@\(host)",
            "unix://\(host)",
        ] {
            let error = try failure(bad)
            #expect(error.code == .denied, "\(error)")
            #expect(!"\(error)".contains("wrong@"))
        }
    }

    @Test("A server that is not there is reported at once, with its address and the reason")
    func nothingThere() throws {
        let port = try LoopbackPort.free()
        let refused = try failure("redis://127.0.0.1:\(port)/1")
        #expect(refused.code == .unreachable)
        #expect(refused.description.contains("127.0.0.1:\(port)"))
        #expect(refused.reason == "Connection refused")
        let noSocket = try failure("unix:///nowhere/redis.sock")
        #expect(noSocket.code == .unreachable)
        #expect(noSocket.description.contains("/nowhere/redis.sock"))
        let noHost = try failure("redis://no-such-host.invalid/1")
        #expect(noHost.code == .unreachable)
        #expect(noHost.description.contains("no-such-host.invalid"))
    }

    @Test("A server that does not answer is given up after the time of the address")
    func silence() throws {
        let server = try RedisServer()
        server.signal(19)
        defer { server.signal(18) }
        let error = try failure(server.address(database: 0, "&read-timeout=50ms"))
        #expect(error.code == .unreachable)
        #expect(error.reason == "no answer in time")
    }

    @Test("A pool waits for a server that comes back, and never lends a broken connection")
    func comingBack() throws {
        let server = try RedisServer()
        let pool = RedisPool(try RedisAddress(server.address()).connector())
        try pool.withConnection(for: .writing) { _ = try $0.run("PING", operation: "ping") }
        server.kill()
        let error = try #require(throws: EngineError.self) {
            try pool.withConnection(for: .writing) { _ = try $0.run("PING", operation: "ping") }
        }
        #expect(error.code == .unreachable)
        let restart = try WorkerThread(name: "restart") { try? server.restart() }
        let answer = try pool.withConnection(for: .writing) { try $0.run("PING", operation: "ping") }
        #expect(answer == .status("PONG"))
        restart.join()
    }

    @Test("A pool gives up on a server that does not come back")
    func staysAway() throws {
        let server = try RedisServer()
        var backoff = RetryBackoff()
        backoff.minimum = .milliseconds(1)
        backoff.maximum = .milliseconds(2)
        let pool = RedisPool(try RedisAddress(server.address()).connector(), backoff: backoff)
        try pool.withConnection(for: .writing) { _ = try $0.run("PING", operation: "ping") }
        server.kill()
        let error = try #require(throws: EngineError.self) {
            try pool.withConnection(for: .writing, fresh: true) { _ = try $0.run("PING", operation: "ping") }
        }
        #expect(error.code == .unreachable)
    }

    @Test("Idle connections are closed after their time")
    func expiry() throws {
        let server = try RedisServer()
        var limits = PoolLimits()
        limits.idleTime = .zero
        let pool = RedisPool(try RedisAddress(server.address()).connector(), limits: limits)
        func number() throws -> Int64 { try pool.withConnection(for: .writing) { $0.clientID } }
        let first = try number()
        #expect(try number() > first)
        let keeping = RedisPool(try RedisAddress(server.address()).connector())
        #expect(
            try keeping.withConnection(for: .writing) { $0.clientID }
                == keeping.withConnection(for: .writing) { $0.clientID }
        )
    }

    @Test("The server is looked at: eviction is turned off, missing persistence is told")
    func checks() throws {
        let server = try RedisServer(.init("maxmemory 100mb", "maxmemory-policy allkeys-lru"))
        let connection = try connect(server.address())
        let reading = try RedisServerChecks.run(on: connection, isReading: true)
        #expect(reading.warnings.contains { $0.contains("set it to noeviction") })
        let report = try RedisServerChecks.run(on: connection)
        #expect(
            report.version.hasPrefix("7.") || report.version.hasPrefix("6.") || report.version.hasPrefix("8.")
        )
        #expect(report.warnings.contains { $0.contains("append-only") })
        #expect(report.warnings.contains { $0.contains("noeviction now") })
        #expect(try RedisServerChecks.run(on: connection).warnings.count == 1)
        let safe = try RedisServer(.init("appendonly yes"))
        #expect(try RedisServerChecks.run(on: connect(safe.address())).warnings == [])
    }
}

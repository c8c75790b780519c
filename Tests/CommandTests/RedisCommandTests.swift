// SPDX-License-Identifier: Apache-2.0

import SluiceBase
import SluiceTestSupport
import Testing

@Suite("Commands on volumes in Redis", .enabled(if: RedisServer.program != nil, "needs redis-server"))
struct RedisCommandTests {
    private let place: Workplace

    init() throws {
        place = try Workplace()
    }

    private func format(_ address: String, environment: [String: String] = [:]) throws -> ProgramResult {
        try place.sluice(
            "format",
            address,
            "vol",
            "--bucket",
            place.path("store"),
            environment: environment
        )
    }

    @Test("A volume is made, filled, looked at, checked and removed")
    func life() throws {
        let server = try RedisServer(.init("appendonly yes"))
        let address = server.address(database: 2)
        let formatted = try format(address)
        #expect(formatted.status == 0, "\(formatted.story)")
        #expect(!formatted.errorText.contains("warning"), "\(formatted.story)")
        try place.script("mkdir -p in/d; echo hello > in/d/f")
        let copied = try place.sluice("sync", "\(place.folder)/in/", "jfs://R/", environment: ["R": address])
        #expect(copied.status == 0, "\(copied.story)")
        for arguments in [
            ["status", address], ["info", address, "--path", "/d"], ["fsck", address], ["gc", address],
        ] {
            let result = try place.program(arguments).run()
            #expect(result.status == 0, "\(arguments) \(result.story)")
        }
        let status = try place.sluice("status", address).json()
        let uuid = try #require(status["Setting"]?["UUID"]?.stringValue)
        let destroyed = try place.sluice("destroy", address, uuid, "--yes")
        #expect(destroyed.status == 0, "\(destroyed.story)")
        #expect(try server.command("DBSIZE") == ":0")
    }

    @Test("Passwords come from the environment and are never printed")
    func passwords() throws {
        let server = try RedisServer(.init("requirepass SECRET1", "appendonly yes"))
        let address = server.address()
        #expect(try format(address, environment: ["META_PASSWORD": "SECRET1"]).status == 0)
        #expect(try place.sluice("status", address, environment: ["REDIS_PASSWORD": "SECRET1"]).status == 0)
        let own = "unix://:SECRET1@\(server.socket)"
        #expect(try place.sluice("status", own).status == 0)
        let wrong = "unix://:SECRET2@\(server.socket)"
        for (text, environment) in [(wrong, [:]), (address, [:]), (address, ["META_PASSWORD": "SECRET3"])] {
            let result = try place.sluice("status", text, environment: environment)
            #expect(result.status == 12, "\(result.story)")
            #expect(result.errorText.contains("hint: check the user, the password"))
            #expect(!result.story.contains("SECRET"))
        }
    }

    @Test("A server that is not there, and one without a volume, have exit codes of their own")
    func notThere() throws {
        let port = try LoopbackPort.free()
        let gone = try place.sluice("status", "127.0.0.1:\(port)/1")
        #expect(gone.status == 13, "\(gone.story)")
        #expect(gone.errorText.contains("127.0.0.1:\(port)"))
        #expect(gone.errorText.contains("Connection refused"))
        let server = try RedisServer(.init("appendonly yes"))
        let empty = try place.sluice("status", server.address())
        #expect(empty.status == 10, "\(empty.story)")
    }

    @Test("A server that may lose metadata is told of")
    func warnings() throws {
        let server = try RedisServer(.init("maxmemory-policy allkeys-lru"))
        let result = try format(server.address())
        #expect(result.status == 0)
        #expect(result.errorText.contains("warning: Redis had maxmemory-policy allkeys-lru"))
        #expect(result.errorText.contains("append-only file"))
    }
}

// SPDX-License-Identifier: Apache-2.0

import Metadata
import MetadataRedis
import SluiceTestSupport
import Testing

@Suite("Where the volume's server is", .enabled(if: RedisServer.program != nil, "needs redis-server"))
struct TopologyTests {
    @Test("Sentinels name the master, also with passwords of their own, and after it was killed the next")
    func sentinels() throws {
        let group = try RedisSentinels()
        let connector = try RedisAddress(group.address(database: 2)).connector()
        let key = Array("k".utf8)
        let first = try connector.connect(for: .writing)
        #expect(first.address.hasSuffix(":\(group.master.port)"))
        try first.run("SET", key, Array("1".utf8), operation: "set")
        try first.run("WAIT", Array("1".utf8), Array("0".utf8), operation: "wait")
        group.master.kill()
        var next: RedisConnection?
        let isFound = retrying {
            next = try? connector.connect(for: .writing)
            return next != nil
        }
        #expect(isFound)
        #expect(next?.address.hasSuffix(":\(group.replica.port)") == true)
        #expect(try next?.run("GET", key, operation: "get") == .bytes(Array("1".utf8)))
    }

    @Test("A group of Sentinels that is down, or does not know the master, is told with each reason")
    func sentinelFailures() throws {
        let group = try RedisSentinels(password: "s3")
        let text = group.address()
        let denied = try #require(throws: EngineError.self) {
            try RedisAddress(text).connector().connect(for: .writing)
        }
        #expect(denied.code == .denied, "\(denied)")
        let address = try RedisAddress(text).withSecrets { $0 == "SENTINEL_PASSWORD" ? "s3" : nil }
        #expect(try address.connector().connect(for: .writing).address.hasSuffix(":\(group.master.port)"))
        let port = group.sentinels[0].port
        let other = try RedisAddress("redis://unknown,127.0.0.1:\(port)").withSecrets {
            $0 == "SENTINEL_PASSWORD" ? "s3" : nil
        }
        let unknown = try #require(throws: EngineError.self) { try other.connector().connect(for: .writing) }
        #expect(unknown.code == .unreachable)
        #expect(unknown.description.contains("unknown"))
        for sentinel in group.sentinels { sentinel.kill() }
        let down = try #require(throws: EngineError.self) { try address.connector().connect(for: .writing) }
        #expect(down.code == .unreachable)
        for sentinel in group.sentinels { #expect(down.reason.contains(":\(sentinel.port)"), "\(down)") }
    }

    @Test("Reads go to a replica only when the address says so and the engine only reads")
    func sentinelReplica() throws {
        let group = try RedisSentinels()
        let address = try RedisAddress(group.address(database: 0, "?route-read=replica"))
        let writing = try address.connector()
        #expect(try writing.connect(for: .reading).address.hasSuffix(":\(group.master.port)"))
        let reading = try address.connector(isReading: true)
        #expect(try reading.connect(for: .reading).address.hasSuffix(":\(group.replica.port)"))
        #expect(try reading.connect(for: .writing).address.hasSuffix(":\(group.master.port)"))
    }

    @Test("The node of a volume's slot is found from any node, and the prefix of its keys is the database")
    func cluster() throws {
        let cluster = try RedisCluster()
        for database in [0, 1, 7, 12] {
            for text in [cluster.address(database: database), cluster.addressOfOne(database: database)] {
                let connector = try RedisAddress(text).connector()
                #expect(connector.keyPrefix == Array("{\(database)}".utf8))
                let connection = try connector.connect(for: .writing)
                let key = connector.keyPrefix + Array("setting".utf8)
                #expect(try connection.run("SET", key, [0], operation: "set") == .status("OK"))
                let owner = try #require(try cluster.owner(database: database))
                #expect(connection.address.hasSuffix(":\(owner.port)"))
            }
        }
    }

    @Test("A slot that moves is followed, a node that is gone is named")
    func moving() throws {
        let cluster = try RedisCluster()
        let connector = try RedisAddress(cluster.address(database: 7)).connector()
        let key = Array("{7}setting".utf8)
        let old = try connector.connect(for: .writing)
        let owner = try #require(try cluster.owner(database: 7))
        let target = try #require(cluster.nodes.first { $0.port != owner.port })
        let slot = String(try owner.command("CLUSTER", "KEYSLOT", "{7}setting").dropFirst())
        let id = try target.command("CLUSTER", "MYID")
        for node in [target] + cluster.nodes { try node.command("CLUSTER", "SETSLOT", slot, "NODE", id) }
        let moved = try #require(throws: EngineError.self) { try old.run("GET", key, operation: "get") }
        #expect(moved.code == .conflict)
        let new = try connector.connect(for: .writing)
        #expect(new.address.hasSuffix(":\(target.port)"))
        #expect(try new.run("SET", key, [1], operation: "set") == .status("OK"))
        target.kill()
        let gone = try #require(throws: EngineError.self) { try connector.connect(for: .writing) }
        #expect(gone.code == .unreachable)
        #expect(gone.reason.contains(":\(target.port)"), "\(gone)")
    }
}

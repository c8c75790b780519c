// SPDX-License-Identifier: Apache-2.0
// Objects in Redis over its Unix socket: the promises of a store, and what is particular to Redis.

import DatabaseObjects
import MetadataRedis
import ObjectStorage
import SluiceBase
import SluiceTestSupport
import Testing

@Suite(
    "Objects in a Redis database",
    .enabled(if: RedisServer.program != nil, "there is no redis-server")
)
struct RedisStoreTests {
    private let server: RedisServer

    init() throws {
        server = try RedisServer()
    }

    private func store(_ address: String, user: String = "", password: String = "") throws -> any ObjectStore
    {
        try StorageDriver.redis.open(
            StorageRequest(storage: "redis", bucket: address, accessKey: user, secretKey: password)
        )
    }

    @Test("keeps every promise of a store", arguments: ObjectStorageConformance.cases)
    func conforms(_ promise: ObjectStorageCase) throws {
        try promise.check(try store(server.address()))
    }

    @Test("An object is a string under its own key, without end of life, in the database of the address")
    func layout() throws {
        let store = try store(server.address(database: 3))
        try store.put("vol/chunks/0/0/1_0_3", Array("abc".utf8))
        #expect(try keys(self.store(server.address(database: 4))).isEmpty)
        #expect(try keys(store) == ["vol/chunks/0/0/1_0_3"])
        let plain = try self.store(server.address())
        try plain.put("vol/a", Array("abc".utf8))
        #expect(try server.elements("KEYS", "*") == ["vol/a"])
        #expect(try server.command("GET", "vol/a") == "abc")
        #expect(try server.command("TTL", "vol/a") == ":-1")
    }

    @Test("A put proves what it stored, and counts as unproven where the user may run no scripts")
    func receipt() throws {
        let bytes = pattern(100_000, seed: 4)
        let proven = try store(server.address()).put("a", bytes)
        #expect(proven == PutReceipt(size: 100_000, crc32c: Crc32c.checksum(bytes)))
        try server.command("ACL", "SETUSER", "poor", "on", ">secret", "~*", "+@all", "-@scripting")
        let poor = try store(server.address(), user: "poor", password: "secret")
        #expect(try poor.put("a", bytes) == PutReceipt(size: 100_000))
        #expect(try poor.bytes(of: "a") == bytes)
    }

    @Test("Keys that are no strings are no objects, and signs of patterns mean themselves")
    func foreignKeys() throws {
        try server.command("LPUSH", "p/list", "1")
        try server.command("HSET", "p/hash", "f", "1")
        let store = try store(server.address())
        for key in ["p/*", "p/a", "p/[a]", "p?", "p/\\"] as [ObjectKey] {
            try store.put(key, Array(key.bytes))
        }
        #expect(try keys(store, ListRequest(prefix: "p/")) == ["p/*", "p/[a]", "p/\\", "p/a"])
        #expect(try keys(store, ListRequest(prefix: "p/*")) == ["p/*"])
        #expect(try keys(store, ListRequest(prefix: "p/[")) == ["p/[a]"])
        #expect(code { try store.head("p/list") } == .corrupt)
    }

    @Test("Logins that the server refuses, and servers that are not there, are errors of their own")
    func refusals() throws {
        try server.command("ACL", "SETUSER", "reader", "on", ">secret", "~*", "+@read", "+@connection")
        let reader = try store(server.address(), user: "reader", password: "secret")
        #expect(code { try reader.put("a", [1]) } == .denied)
        #expect(code { try store(server.address(), user: "reader", password: "wrong") } == .denied)
        #expect(code { try store("unix:///nowhere/at/all") } == .unreachable)
        #expect(code { try store("http://127.0.0.1") } == .unsupported)
        let shown = reason { try store("redis://u:geheim@127.0.0.1/x") } ?? ""
        #expect(!shown.isEmpty && !shown.contains("geheim"))
    }

    @Test("A full server says so, and a server that went away is tried again")
    func faults() throws {
        let store = try store(server.address())
        try store.put("a", [1])
        try server.command("CONFIG", "SET", "maxmemory", "1000")
        #expect(code { try store.put("b", pattern(100_000, seed: 1)) } == .noSpace)
        try server.command("CONFIG", "SET", "maxmemory", "0")
        server.kill()
        let error = #expect(throws: StorageError.self) { try store.head("a") }
        #expect(error?.isTransient == true)
        try server.restart()
        try RetryingStore(store).put("a", [2])
        #expect(try store.bytes(of: "a") == [2])
    }

    @Test("A cluster is refused by name")
    func cluster() throws {
        let cluster = try RedisCluster()
        let shown = reason { try store(cluster.address()) } ?? ""
        #expect(shown.contains("cluster"))
        #expect(reason { try store(cluster.addressOfOne()) } == shown)
    }
}

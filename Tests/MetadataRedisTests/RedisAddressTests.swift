// SPDX-License-Identifier: Apache-2.0

import Metadata
import MetadataRedis
import SluiceBase
import SluiceTestSupport
import Testing

@Suite("Redis addresses")
struct RedisAddressTests {
    private static func tcp(_ host: String, _ port: UInt16) -> RedisEndpoint { .tcp(host: host, port: port) }

    @Test(
        "Servers are those that JuiceFS would connect to",
        arguments: [
            ("redis://127.0.0.1:1/2", .one(tcp("127.0.0.1", 1)), 2),
            ("localhost", .one(tcp("localhost", 6379)), 0),
            ("h:7/1", .one(tcp("h", 7)), 1), ("redis://h:/", .one(tcp("h", 6379)), 0),
            ("redis:///1", .one(tcp("localhost", 6379)), 1), ("rediss://h/3/", .one(tcp("h", 6379)), 3),
            ("redis://[::1]:7/0", .one(tcp("::1", 7)), 0),
            ("redis://[fe80::1%25eth0]", .one(tcp("fe80::1%eth0", 6379)), 0),
            ("unix:///run/r.sock?db=4", .one(.unix(path: "/run/r.sock")), 4),
            ("unix://u:p@/run/@r%20.sock", .one(.unix(path: "/run/@r .sock")), 0),
            ("redis://h/1?db=5", .one(tcp("h", 6379)), 5),
            ("redis://m,a,b:5/1", .sentinels([tcp("a", 5), tcp("b", 5)], master: "m"), 1),
            ("redis://m,a:3,b/1", .sentinels([tcp("a", 3), tcp("b", 26379)], master: "m"), 1),
            ("redis://:p@m,[::1]:3,b:4", .sentinels([tcp("::1", 3), tcp("b", 4)], master: "m"), 0),
            ("redis://a:1,b:2/7", .cluster([tcp("a", 1), tcp("b", 2)]), 7),
            ("redis://[::1]:1,[::2]:2/7", .cluster([tcp("::1", 1), tcp("::2", 2)]), 7),
        ] as [(String, RedisAddress.Servers, Int)]
    )
    func servers(_ text: String, _ servers: RedisAddress.Servers, _ database: Int) throws {
        let address = try RedisAddress(text)
        #expect(address.servers == servers)
        #expect(address.database == database)
        #expect((address.tls != nil) == text.hasPrefix("rediss://"))
    }

    @Test(
        "Users and passwords are percent-decoded",
        arguments: [
            ("redis://h", "", ""), ("redis://:p%40%2F%23w@h", "", "p@/#w"), ("redis://u:p@w@h", "u", "p@w"),
            ("redis://u@h", "u", ""), ("redis://u:p:q@h", "u", "p:q"), ("unix://u%3A:p@/s", "u:", "p"),
        ]
    )
    func logins(_ text: String, _ user: String, _ password: String) throws {
        let login = try RedisAddress(text).login
        #expect(login.user == Array(user.utf8))
        #expect(login.password == Array(password.utf8))
    }

    @Test("Options of JuiceFS are understood, in both spellings where it has both")
    func options() throws {
        var wanted = try RedisAddress("rediss://h/1")
        wanted.backoff.minimum = .milliseconds(30)
        wanted.backoff.maximum = .seconds(3)
        wanted.limits.read = .seconds(60)
        wanted.limits.write = .milliseconds(1500)
        wanted.limits.connect = .seconds(7)
        wanted.readRoute = .replica
        wanted.pool.idle = 3
        wanted.pool.idleTime = .seconds(60)
        wanted.pool.lifeTime = .seconds(3600)
        var tls = TLSOptions()
        tls.authorityFile = "/a b.pem"
        tls.certificateFile = "/c"
        tls.keyFile = "/k"
        tls.serverName = "n"
        tls.isInsecure = true
        wanted.tls = tls
        for (first, second) in [("-", "_"), ("_", "-")] {
            let found = try RedisAddress(
                """
                rediss://h/1?min\(first)retry\(first)backoff=30ms&max\(second)retry\(second)backoff=3s\
                &read\(first)timeout=1m&write\(second)timeout=1.5s&dial_timeout=7&route-read=replica\
                &max_idle_conns=3&conn_max_idle_time=1m&conn_max_lifetime=1h&client-cache=true\
                &client-cache-size=10&client-cache-expire=1m&client-cache-preload=0\
                &tls-ca-cert-file=/a+b.pem&tls-cert-file=%2Fc&tls-key-file=/k&tls-server-name=n\
                &insecure-skip-verify=true
                """
            )
            var comparable = wanted
            comparable.readRoute = found.readRoute
            #expect(found.limits == wanted.limits)
            #expect(found.backoff == wanted.backoff)
            #expect(found.pool == wanted.pool)
            #expect(found.tls == wanted.tls)
            #expect(found.readRoute == .replica)
        }
    }

    @Test("Options that are not given have the values of JuiceFS")
    func defaults() throws {
        let address = try RedisAddress("redis://h/?read-timeout=&insecure-skip-verify=")
        #expect(address.limits.read == .seconds(30))
        #expect(address.limits.write == .seconds(5))
        #expect(address.backoff.minimum == .milliseconds(20))
        #expect(address.backoff.maximum == .seconds(10))
        #expect(address.tls == nil)
        #expect(address.readRoute == nil)
    }

    @Test(
        "What makes no sense is refused with a reason",
        arguments: [
            ("http://h", "redis://"), ("redis://h/x", "database"), ("redis://h/-1", "database"),
            ("redis://h/1/2", "more than a database"), ("redis://h:a/1", "port"), ("redis://h:0", "port"),
            ("redis://h:70000", "port"), ("redis://h:+1", "port"), ("redis://::1", "[ and ]"),
            ("redis://[::1", "]"), ("redis://[h]:1", "IPv6"), ("redis://m,h1,h2/1", "port"),
            ("redis://a:1,b/1", "port"), ("redis://a:1,,b:2", "empty"), ("redis://a b", "%20"),
            ("unix://run/s", "absolute"), ("unix://", "socket"), ("redis://:p%zz@h", "%25"),
            ("redis://h?foo=1", "foo"), ("redis://h?insecure_skip_verify=1", "insecure_skip_verify"),
            ("redis://h?foo", "foo"), ("redis://h?read-timeout=abc", "read-timeout"),
            ("redis://h?read-timeout=0s", "read-timeout"),
            ("redis://h?read-timeout=1s&read_timeout=2s", "twice"),
            ("redis://h?route-read=nonsense", "route-read"), ("redis://h?db=x", "db"),
            ("rediss://h?insecure-skip-verify=false", "insecure-skip-verify"),
            ("redis://h?tls-server-name=n", "rediss://"), ("redis://h?insecure-skip-verify=1", "rediss://"),
            ("rediss://h?tls-cert-file=/c", "tls-key-file"),
            ("redis://h?min-retry-backoff=2s&max-retry-backoff=1s", "longer"), ("redis://h?a%zz=1", "%25"),
        ]
    )
    func refused(_ text: String, _ word: String) throws {
        let error = try #require(throws: EngineError.self) { try RedisAddress(text) }
        #expect(error.code == .invalidAddress)
        #expect(error.reason.contains(word), "\(error)")
    }

    @Test(
        "No part of a password is ever shown",
        arguments: [
            "redis://:SECRET@h:1/1", "redis://u:a@SECRET@h:1/1", "redis://:SECRET/SECRET@h/1",
            "redis://:SECRET?SECRET=SECRET@h/1", "redis://:1?SECRET@h", "redis://:SECRET#SECRET@h",
            "redis://:SECRET%zz@h", "redis://:SECRET @h", ":SECRET@h/x", "rediss://:SECRET@h/?foo=1",
            "unix://:SECRET@/s?db=x", "unix://u:SECRET@run/s", "redis://:12/SECRET@h",
        ]
    )
    func secrets(_ text: String) {
        do {
            let address = try RedisAddress(text)
            #expect(!address.shown.contains("SECRET"))
        } catch {
            #expect(!"\(error)".contains("SECRET"), "\(error)")
        }
    }

    @Test("Passwords come from the address, then from variables in their order, then from a file")
    func passwords() throws {
        let folder = try Posix.makeTemporaryDirectory(prefix: "sluice-password-")
        defer { try? Posix.removeTree(folder) }
        let file = folder + "/p"
        try Posix.replaceFile(file, with: Array("\n  from file \r\n".utf8))
        var variables = [
            "REDIS_PASSWORD": "redis", "META_PASSWORD": "meta", "META_PASSWORD_FILE": "\(file)",
            "SENTINEL_PASSWORD": "sentinel",
        ]
        func password(_ text: String) throws -> String {
            let address = try RedisAddress(text).withSecrets { variables[$0] }
            #expect(address.sentinelLogin.password == Array("sentinel".utf8))
            return String(decoding: address.login.password, as: UTF8.self)
        }
        #expect(try password("redis://:own@h") == "own")
        #expect(try password("redis://u@h") == "redis")
        variables["REDIS_PASSWORD"] = ""
        #expect(try password("redis://h") == "meta")
        variables["META_PASSWORD"] = nil
        #expect(try password("redis://h") == "from file")
        variables["META_PASSWORD_FILE"] = "\(folder)/none"
        let error = #expect(throws: EngineError.self) { try password("redis://h") }
        #expect(error?.code == .denied)
    }
}

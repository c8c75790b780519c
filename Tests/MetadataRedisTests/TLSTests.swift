// SPDX-License-Identifier: Apache-2.0

import Metadata
import MetadataRedis
import SluiceTestSupport
import Testing

@Suite("Encrypted connections", .enabled(if: RedisServer.program != nil, "needs redis-server"))
struct TLSTests {
    private let certificates: TestCertificates
    private let server: RedisServer
    private let strictServer: RedisServer

    init() throws {
        certificates = try TestCertificates()
        var options = RedisServer.Options()
        options.hasPort = true
        options.certificates = certificates
        server = try RedisServer(options)
        options.asksForCertificate = true
        strictServer = try RedisServer(options)
    }

    private func connect(_ text: String) throws -> RedisReply {
        let connector = try RedisAddress(text).connector()
        return try connector.connect(for: .writing).run("PING", operation: "ping")
    }

    private func failure(_ text: String) throws -> EngineError {
        try #require(throws: EngineError.self) { try connect(text) }
    }

    @Test("A trusted certificate with the right name is taken, by name and by address")
    func trusted() throws {
        let options = "tls-ca-cert-file=\(certificates.path("ca.pem"))"
        #expect(try connect("rediss://localhost:\(server.port)/1?\(options)") == .status("PONG"))
        #expect(try connect("rediss://127.0.0.1:\(server.port)/1?\(options)") == .status("PONG"))
        #expect(
            try connect("rediss://127.0.0.1:\(server.port)?\(options)&tls-server-name=localhost")
                == .status("PONG")
        )
    }

    @Test("Long requests and answers pass")
    func long() throws {
        let address = "rediss://localhost:\(server.port)/?tls-ca-cert-file=\(certificates.path("ca.pem"))"
        let connection = try RedisAddress(address).connector().connect(for: .writing)
        let value = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        try connection.run("SET", Array("k".utf8), value, operation: "set")
        #expect(try connection.run("GET", Array("k".utf8), operation: "get") == .bytes(value))
    }

    @Test("A certificate of an unknown authority is refused with the reason")
    func unknownAuthority() throws {
        for file in [nil, certificates.path("other.pem")] {
            let options = file.map { "?tls-ca-cert-file=\($0)" } ?? ""
            let error = try failure("rediss://localhost:\(server.port)/\(options)")
            #expect(error.code == .denied)
            #expect(error.reason.contains("not trusted"), "\(error)")
            #expect(error.reason.contains("issuer") || error.reason.contains("self-signed"), "\(error)")
        }
    }

    @Test("A certificate of another name is refused with the reason")
    func wrongName() throws {
        let options = "tls-ca-cert-file=\(certificates.path("ca.pem"))&tls-server-name=elsewhere"
        let error = try failure("rediss://localhost:\(server.port)/?\(options)")
        #expect(error.code == .denied)
        #expect(error.reason.contains("hostname mismatch"), "\(error)")
    }

    @Test("The name and the authority matter not when the address says so")
    func insecure() throws {
        let options = "insecure-skip-verify=true&tls-server-name=elsewhere"
        #expect(try connect("rediss://localhost:\(server.port)/?\(options)") == .status("PONG"))
    }

    @Test("A server that asks for a certificate gets it, or says that it wants one")
    func clientCertificate() throws {
        let authority = "tls-ca-cert-file=\(certificates.path("ca.pem"))"
        func own(_ name: String) -> String {
            let path = certificates.path(name)
            return "&tls-cert-file=\(path).pem&tls-key-file=\(path).key"
        }
        let address = "rediss://localhost:\(strictServer.port)/?\(authority)"
        #expect(try connect(address + own("client")) == .status("PONG"))
        for without in [address, address + own("other")] {
            let error = try failure(without)
            #expect(error.code == .denied)
            #expect(error.reason.contains("certificate"), "\(error)")
        }
    }

    @Test("Files that hold no certificate or key are named")
    func files() throws {
        let missing = try failure("rediss://localhost:\(server.port)/?tls-ca-cert-file=/nowhere.pem")
        #expect(missing.code == .invalidAddress)
        #expect(missing.description.contains("/nowhere.pem"))
        let pem = certificates.path("client.pem")
        let noKey = try failure("rediss://localhost:\(server.port)/?tls-cert-file=\(pem)&tls-key-file=\(pem)")
        #expect(noKey.code == .invalidAddress)
        #expect(noKey.description.contains("tls-key-file"))
    }

    @Test("TLS to a server without it, and the reverse, are told apart from other failures")
    func mixedUp() throws {
        var options = RedisServer.Options()
        options.hasPort = true
        let plain = try RedisServer(options)
        let toPlain = try failure("rediss://127.0.0.1:\(plain.port)/?insecure-skip-verify=1&dial_timeout=2")
        #expect(toPlain.code == .unreachable)
        #expect(toPlain.reason.contains("TLS"), "\(toPlain)")
        let toTLS = try failure("redis://127.0.0.1:\(server.port)/")
        #expect(toTLS.code == .unreachable)
        #expect(toTLS.reason.contains("TLS"), "\(toTLS)")
    }
}

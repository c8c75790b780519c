// SPDX-License-Identifier: Apache-2.0

import Metadata
@testable import MetadataSQL
import SluiceBase
import SluiceTestSupport
import Testing

@Suite("Addresses of PostgreSQL")
struct PostgresAddressTests {
    private func value(_ key: String, _ address: PostgresAddress) -> String? {
        address.parameters.last { $0.key == key }?.value
    }

    @Test("say where the database is, how to connect and how many connections to keep")
    func whole() throws {
        let address = try PostgresAddress(
            """
            postgres://me:p%40ss@db.example:6432/vol?sslmode=verify-full&sslrootcert=/ca.pem&max_open_conns=9\
            &max_idle_conns=3&max_idle_time=20&max_life_time=50&table_prefix=p&search_path=a%20b\
            &connect_timeout=4
            """
        )
        let wanted = [
            "user": "me", "password": "p@ss", "host": "db.example", "port": "6432", "dbname": "vol",
            "sslmode": "verify-full", "sslrootcert": "/ca.pem", "options": "-c search_path=a\\ b",
        ]
        for (key, expected) in wanted { #expect(value(key, address) == expected) }
        #expect(address.options.tablePrefix == "jfs_p_")
        #expect(address.options.pool == PoolLimits(open: 9, idle: 3, idleTime: 20, lifeTime: 50))
        #expect(address.timeout == 4)
        #expect(!address.text.contains("p%40ss"))
    }

    @Test("name sockets and services too")
    func others() throws {
        let socket = try PostgresAddress("postgresql://me@/vol?host=/run/pg&port=5433&passfile=/p")
        #expect(value("host", socket) == "/run/pg")
        #expect(value("passfile", socket) == "/p")
        #expect(value("service", try PostgresAddress("postgres://?service=vol")) == "vol")
    }

    @Test(
        "are refused for what would be ignored",
        arguments: [
            "sqlite3://x", "postgres://me@h/db?sslmod=require", "postgres://me@h/db?search_path=a,b",
            "postgres://me@h/db?search_path=a%2Cb", "postgres://me@h/db?max_open_conns=-1",
            "postgres://me@h/db?table_prefix=a-b", "postgres://me@h/db?connect_timeout=soon",
            "postgres://me@h/db?search_path=%4", "postgres://me:sec%ret@h/db",
            "postgres://me@h/db?fallback_application_name=x",
        ]
    )
    func refused(text: String) {
        let error = #expect(throws: EngineError.self) { try PostgresAddress(text) }
        #expect(error?.code == .invalidAddress)
        #expect("\(error.map { "\($0)" } ?? "")".contains("sec%ret") == false)
    }

    @Test("take the password from the environment for a user without one")
    func passwords() throws {
        let environment = ["META_PASSWORD": "from outside"]
        var open = try PostgresAddress("postgres://me@h/db")
        try open.takePassword { environment[$0] }
        #expect(value("password", open) == "from outside")
        var closed = try PostgresAddress("postgres://me:inside@h/db")
        try closed.takePassword { environment[$0] }
        #expect(value("password", closed) == "inside")
        var nobody = try PostgresAddress("postgres://h/db")
        #expect(throws: EngineError.self) { try nobody.takePassword { environment[$0] } }
        try nobody.takePassword { _ in nil }
        #expect(value("password", nobody) == nil)
    }

    @Test("take it from a file that the environment names, without the end of its line")
    func passwordFile() throws {
        let directory = try Posix.makeTemporaryDirectory(prefix: "sluice-password-")
        let path = "\(directory)/secret"
        try Posix.replaceFile(ByteString(path), with: Array(" in a file \n".utf8))
        var address = try PostgresAddress("postgres://me@h/db")
        try address.takePassword { $0 == "META_PASSWORD_FILE" ? path : nil }
        #expect(value("password", address) == "in a file")
        try Posix.removeTree(directory)
        #expect(throws: EngineError.self) {
            var address = try PostgresAddress("postgres://me@h/db")
            try address.takePassword { $0 == "META_PASSWORD_FILE" ? path : nil }
        }
    }
}

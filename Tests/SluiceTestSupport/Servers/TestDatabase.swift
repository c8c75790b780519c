// SPDX-License-Identifier: Apache-2.0
// An empty database for commands, whatever the engine: its address, and how many names are in it.

import Glibc

/// The engines that commands are tried on.
package enum TestDatabaseKind: String, Sendable, CaseIterable {
    case sqlite = "SQLite"
    case redis = "Redis"
    case postgres = "PostgreSQL"

    /// Those whose server this machine has.
    package static var present: [TestDatabaseKind] {
        allCases.filter { kind in
            switch kind {
            case .sqlite: true
            case .redis: RedisServer.program != nil
            case .postgres: PostgresServer.programs != nil
            }
        }
    }
}

/// A database in a workplace or on a server of its own.
package final class TestDatabase: Sendable {
    private enum Server {
        case file(Workplace, name: String)
        case redis(RedisServer)
        case postgres(PostgresServer, database: String)
    }

    private let server: Server
    package let address: String

    package init(_ kind: TestDatabaseKind, in place: Workplace, named name: String) throws {
        switch kind {
        case .sqlite:
            server = .file(place, name: name)
            address = place.address(name)
        case .redis:
            let redis = try RedisServer()
            server = .redis(redis)
            address = "unix://\(redis.socket)"
        case .postgres:
            let postgres = try PostgresServer.shared
            let database = try postgres.makeDatabase()
            server = .postgres(postgres, database: database)
            address = postgres.address(database: database)
        }
    }

    /// Records so far: names of files, on Redis all keys; 0 before there are tables.
    package func size() throws -> Int {
        let names = "select count(*) from jfs_edge"
        switch server {
        case .file(let place, let name): return Self.number((try? place.sql(names, in: name)) ?? "")
        case .postgres(let postgres, let database):
            return Self.number((try? postgres.run(names, in: database)) ?? "")
        case .redis(let redis): return Self.number(try redis.command("DBSIZE"))
        }
    }

    private static func number(_ text: String) -> Int {
        Int(text.filter(\.isNumber)) ?? 0
    }
}

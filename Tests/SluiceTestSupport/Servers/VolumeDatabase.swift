// SPDX-License-Identifier: Apache-2.0
// Where a volume keeps its metadata when programs work on it by an address: a file, a server of its own, or a
// database in the server that all tests share.

package import Metadata
import MetadataRedis
import MetadataSQL
import SluiceBase
import Testing

/// A kind of engine as the command line knows it.
package enum EngineKind: String, Sendable, CaseIterable, CustomTestStringConvertible {
    case sqlite = "SQLite"
    case redis = "Redis"
    case postgres = "PostgreSQL"

    package var testDescription: String { rawValue }

    /// Whether this machine has every kind.
    package static var areAllInstalled: Bool {
        RedisServer.program != nil && PostgresServer.programs != nil
    }
}

/// An empty database of one kind, which is gone when its object goes.
package final class VolumeDatabase: Sendable {
    package let kind: EngineKind
    /// What both programs take for its address.
    package let address: String
    /// Takes away what is not in the folder.
    private let leave: @Sendable () -> Void

    /// - Parameter file: of the database, where it is a file; whoever owns its folder removes it.
    /// - Throws: `ProgramError` when a server does not start.
    package init(_ kind: EngineKind, file: String) throws {
        self.kind = kind
        switch kind {
        case .sqlite:
            address = "sqlite3://\(file)"
            leave = {}
        case .redis:
            // The append-only file keeps both programs from warning.
            var options = RedisServer.Options("appendonly yes", "appendfsync no")
            options.hasPort = true
            let server = try RedisServer(options)
            address = "redis://127.0.0.1:\(server.port)/1"
            leave = { server.kill() }
        case .postgres:
            let server = try PostgresServer.shared
            let name = try server.makeDatabase()
            address = "postgres://postgres@127.0.0.1:\(server.port)/\(name)?sslmode=disable"
            // The server goes with its folder anyway.
            leave = { _ = try? server.run("DROP DATABASE \(name) WITH (FORCE)") }
        }
    }

    deinit {
        leave()
    }

    /// Entries of all directories; 0 before there are tables, and while they are removed.
    package func entryCount() throws -> Int {
        do {
            let engine = try open()
            defer { engine.close() }
            return try engine.snapshot { scanner in
                let entries = try scanner.scanEdges()
                var count = 0
                while try entries.next() != nil { count += 1 }
                return count
            }
        } catch let error as EngineError where [.missing, .notAVolume, .incompatible].contains(error.code) {
            return 0
        }
    }

    /// Opens the database as our library does.
    package func open(creating: Bool = false) throws -> any MetadataEngine {
        switch kind {
        case .sqlite: try openSQLite(address: address, creating: creating)
        case .redis: try openRedis(address: address, environment: { _ in nil })
        case .postgres: try openPostgres(address: address)
        }
    }
}

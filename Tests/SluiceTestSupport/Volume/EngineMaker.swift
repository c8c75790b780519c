// SPDX-License-Identifier: Apache-2.0

package import Metadata
import MetadataRedis
import MetadataSQL
import SluiceBase
import Testing

/// Makes empty metadata engines of one kind, for tests that all kinds must pass.
package struct EngineMaker: Sendable, CustomTestStringConvertible {
    package let testDescription: String
    /// Makes an engine, and what must live as long as it.
    private typealias Make = @Sendable (ByteString) throws -> (any MetadataEngine, server: RedisServer?)
    private let make: Make
    /// Whether records are left when the directory is gone.
    private let needsDestroying: Bool

    private init(_ name: String, needsDestroying: Bool = false, _ make: @escaping Make) {
        testDescription = name
        self.needsDestroying = needsDestroying
        self.make = make
    }

    /// Every kind that this machine has.
    package static let all =
        embedded + (PostgresServer.programs == nil ? [] : [postgres])
        + (RedisServer.program == nil ? [] : [redis])

    private static let postgres = EngineMaker("PostgreSQL", needsDestroying: true) { _ in
        let server = try PostgresServer.shared
        let options = "&max_idle_conns=4&table_prefix=\(server.freshName())"
        return (try openPostgres(address: server.address(options)), nil)
    }

    private static let redis = EngineMaker("Redis") { _ in
        let server = try RedisServer()
        return (try openRedis(address: server.address(), environment: { _ in nil }), server)
    }

    private static let embedded = [
        EngineMaker("memory") { _ in (MemoryEngine(), nil) },
        EngineMaker("memory like Redis") { _ in (MemoryEngine(likeRedis: true), nil) },
        EngineMaker("SQLite") { directory in
            (try openSQLite(address: "sqlite3://\(directory)/volume.db", creating: true), nil)
        },
    ]

    /// Runs `body` with a way to open engines on one empty PostgreSQL database.
    package static func withSharedDatabase(_ body: (() throws -> any MetadataEngine) throws -> Void) throws {
        let server = try PostgresServer.shared
        let address = server.address("&table_prefix=\(server.freshName())")
        try body { try openPostgres(address: address) }
        let last = try openPostgres(address: address)
        try last.destroy()
        last.close()
    }

    /// Runs `body` with an empty engine; what it stored on disk is removed afterwards.
    package func withEngine(_ body: (any MetadataEngine) throws -> Void) throws {
        let directory = try Posix.makeTemporaryDirectory(prefix: "sluice-engine-")
        defer {
            #expect(throws: Never.self) { try Posix.removeTree(directory) }
        }
        let (engine, server) = try make(directory)
        defer { engine.close() }
        try withExtendedLifetime(server) { try body(engine) }
        if needsDestroying { try engine.destroy() }
    }
}

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

    private init(_ name: String, _ make: @escaping Make) {
        testDescription = name
        self.make = make
    }

    /// Every kind there is; Redis only where there is a server, which `MetadataRedisTests` asks for.
    package static let all =
        [
            EngineMaker("memory") { _ in (MemoryEngine(), nil) },
            EngineMaker("memory like Redis") { _ in (MemoryEngine(likeRedis: true), nil) },
            EngineMaker("SQLite") { directory in
                (try openSQLite(address: "sqlite3://\(directory)/volume.db", creating: true), nil)
            },
        ] + (RedisServer.program == nil ? [] : [redis])

    private static let redis = EngineMaker("Redis") { _ in
        let server = try RedisServer()
        return (try openRedis(address: server.address(), environment: { _ in nil }), server)
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
    }
}

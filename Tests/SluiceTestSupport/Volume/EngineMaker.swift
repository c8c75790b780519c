// SPDX-License-Identifier: Apache-2.0

package import Metadata
import MetadataSQL
import SluiceBase
import Testing

/// Makes empty metadata engines of one kind, for tests that all kinds must pass.
package struct EngineMaker: Sendable, CustomTestStringConvertible {
    package let testDescription: String
    private let make: @Sendable (ByteString) throws -> any MetadataEngine
    /// Whether records are left when the directory is gone.
    private let needsDestroying: Bool

    private init(
        _ name: String,
        needsDestroying: Bool = false,
        _ make: @escaping @Sendable (ByteString) throws -> any MetadataEngine
    ) {
        testDescription = name
        self.needsDestroying = needsDestroying
        self.make = make
    }

    /// Every kind that this machine has.
    package static let all = embedded + (PostgresServer.programs == nil ? [] : [postgres])

    private static let postgres = EngineMaker("PostgreSQL", needsDestroying: true) { directory in
        // The same directory means the same tables; its last letters are random.
        let prefix = "t" + Hex.encode(Array(directory.bytes.suffix(6)))
        return try openPostgres(
            address: PostgresServer.shared.address("&max_idle_conns=4&table_prefix=\(prefix)")
        )
    }

    private static let embedded = [
        EngineMaker("memory") { _ in MemoryEngine() },
        EngineMaker("memory like Redis") { _ in MemoryEngine(likeRedis: true) },
        EngineMaker("SQLite") { directory in
            try openSQLite(address: "sqlite3://\(directory)/volume.db", creating: true)
        },
    ]

    /// Runs `body` with two engines on one empty database, as two clients have them.
    package func withTwoEngines(_ body: (any MetadataEngine, any MetadataEngine) throws -> Void) throws {
        try withDirectory { directory in
            let first = try make(directory)
            defer { first.close() }
            // Memory cannot be opened twice: there the clients share the engine itself.
            guard !(first is MemoryEngine) else { return try body(first, first) }
            let second = try make(directory)
            defer { second.close() }
            try body(first, second)
            if needsDestroying { try first.destroy() }
        }
    }

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
        try withDirectory { directory in
            let engine = try make(directory)
            defer { engine.close() }
            try body(engine)
            if needsDestroying { try engine.destroy() }
        }
    }

    private func withDirectory(_ body: (ByteString) throws -> Void) throws {
        let directory = try Posix.makeTemporaryDirectory(prefix: "sluice-engine-")
        defer {
            #expect(throws: Never.self) { try Posix.removeTree(directory) }
        }
        try body(directory)
    }
}

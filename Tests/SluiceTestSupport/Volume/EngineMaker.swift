// SPDX-License-Identifier: Apache-2.0

package import Metadata
import MetadataSQL
import SluiceBase
import Testing

/// Makes empty metadata engines of one kind, for tests that all kinds must pass.
package struct EngineMaker: Sendable, CustomTestStringConvertible {
    package let testDescription: String
    private let make: @Sendable (ByteString) throws -> any MetadataEngine

    private init(_ name: String, _ make: @escaping @Sendable (ByteString) throws -> any MetadataEngine) {
        testDescription = name
        self.make = make
    }

    /// Every kind there is.
    package static let all = [
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
        }
    }

    /// Runs `body` with an empty engine; what it stored on disk is removed afterwards.
    package func withEngine(_ body: (any MetadataEngine) throws -> Void) throws {
        try withDirectory { directory in
            let engine = try make(directory)
            defer { engine.close() }
            try body(engine)
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

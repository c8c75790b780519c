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

    /// Runs `body` with an empty engine; what it stored on disk is removed afterwards.
    package func withEngine(_ body: (any MetadataEngine) throws -> Void) throws {
        let directory = try Posix.makeTemporaryDirectory(prefix: "sluice-engine-")
        defer {
            #expect(throws: Never.self) { try Posix.removeTree(directory) }
        }
        let engine = try make(directory)
        defer { engine.close() }
        try body(engine)
    }
}

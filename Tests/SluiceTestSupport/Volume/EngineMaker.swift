// SPDX-License-Identifier: Apache-2.0
// The engines that every rule and every damage is tried on. An engine that joins gives a line in `all` and says
// in `OpenedEngine` how it is opened, copied and damaged.

package import Metadata
import SluiceBase
import Synchronization
import Testing

/// Makes metadata engines of one kind, for tests that all kinds must pass.
package struct EngineMaker: Sendable, CustomTestStringConvertible {
    package let testDescription: String
    private let make: @Sendable (ByteString) throws -> OpenedEngine
    private let base: BaseVolume

    /// - Parameter make: opens an empty engine; its files, where it has any, go into the folder.
    private init(_ name: String, _ make: @escaping @Sendable (ByteString) throws -> OpenedEngine) {
        testDescription = name
        self.make = make
        base = BaseVolume(make)
    }

    /// Every kind that this machine has.
    package static let all =
        [
            EngineMaker("memory") { _ in .memory(likeRedis: false) },
            EngineMaker("memory like Redis") { _ in .memory(likeRedis: true) },
            EngineMaker("SQLite") { try .sqlite(in: $0) },
        ]
        + (PostgresServer.programs == nil ? [] : [EngineMaker("PostgreSQL") { _ in try .postgres() }])
        + (RedisServer.program == nil ? [] : [EngineMaker("Redis") { try .redis(in: $0) }])

    /// Runs `body` with an empty engine; what it stored is removed afterwards.
    package func withEngine(_ body: (any MetadataEngine) throws -> Void) throws {
        try Self.withDirectory { directory in
            try make(directory).use { try body($0.engine) }
        }
    }

    /// Runs `body` with two engines on one empty database, as two clients have them.
    package func withTwoEngines(_ body: (any MetadataEngine, any MetadataEngine) throws -> Void) throws {
        try Self.withDirectory { directory in
            try make(directory).use { first in
                // Memory cannot be opened twice: there the clients share the engine itself.
                guard let second = try first.again?() else { return try body(first.engine, first.engine) }
                defer { second.close() }
                try body(first.engine, second)
            }
        }
    }

    /// Runs `body` with a copy of the base volume (`VolumeBuilder.base`) and the means to damage it.
    package func withBase(_ body: (VolumeBuilder, any RecordDamage) throws -> Void) throws {
        try Self.withDirectory { directory in
            let (volume, copy) = try base.prepared()
            try copy(directory).use { try body(try volume.builder(on: $0.engine), $0.damage) }
        }
    }

    fileprivate static func withDirectory<Result>(_ body: (ByteString) throws -> Result) throws -> Result {
        let directory = try Posix.makeTemporaryDirectory(prefix: "sluice-engine-")
        defer {
            #expect(throws: Never.self) { try Posix.removeTree(directory) }
        }
        return try body(directory)
    }
}

/// An engine that a test works on.
struct OpenedEngine: Sendable {
    /// Opens a copy of an engine; its files, where it has any, go into the folder.
    typealias Copy = @Sendable (ByteString) throws -> OpenedEngine

    let engine: any MetadataEngine
    /// How its records are damaged.
    let damage: any RecordDamage
    /// Opens another engine on the same database; nil where that is not possible.
    var again: (@Sendable () throws -> any MetadataEngine)?
    /// Takes what the engine holds; the engine is not used any more.
    let keep: @Sendable () throws -> Copy
    /// Removes what would be left when the engine is closed and its folder gone; keeps a server until then.
    var leave: @Sendable () throws -> Void = {}

    fileprivate func use(_ body: (OpenedEngine) throws -> Void) throws {
        defer { engine.close() }
        try body(self)
        try leave()
    }
}

/// The base volume in one kind of engine, built when the first test asks for it.
private final class BaseVolume: Sendable {
    private let make: @Sendable (ByteString) throws -> OpenedEngine
    private let built = Mutex<(PreparedVolume, OpenedEngine.Copy)?>(nil)

    init(_ make: @escaping @Sendable (ByteString) throws -> OpenedEngine) {
        self.make = make
    }

    func prepared() throws -> (PreparedVolume, OpenedEngine.Copy) {
        try built.withLock { built in
            if let built { return built }
            let prepared = try EngineMaker.withDirectory { directory in
                let opened = try make(directory)
                let volume = try PreparedVolume(try VolumeBuilder.base(on: opened.engine))
                return (volume, try opened.keep())
            }
            built = prepared
            return prepared
        }
    }
}

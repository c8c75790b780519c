// SPDX-License-Identifier: Apache-2.0
// The engines that every rule and every damage is tried on. An engine that joins gives one line here, with
// how it is opened, how the base volume in it is kept for the next test, and how its records are damaged.

package import Metadata
import MetadataSQL
import SluiceBase
import Synchronization
import Testing

/// Makes metadata engines of one kind, for tests that all kinds must pass.
package struct EngineMaker: Sendable, CustomTestStringConvertible {
    package let testDescription: String
    private let make: @Sendable (ByteString) throws -> any MetadataEngine
    private let damage: @Sendable (any MetadataEngine, ByteString) throws -> any RecordDamage
    private let base: BaseVolume

    /// - Parameters:
    ///   - make: opens an empty engine; its files, where it has any, go into the folder.
    ///   - keep: takes what an engine of that folder holds, and answers how another one is filled with it.
    ///     The engine is not used any more.
    ///   - damage: how the records of an engine of that folder are damaged.
    private init<Engine: MetadataEngine>(
        _ name: String,
        make: @escaping @Sendable (ByteString) throws -> Engine,
        keep: @escaping @Sendable (Engine, ByteString) throws -> @Sendable (ByteString) throws -> Engine,
        damage: @escaping @Sendable (Engine, ByteString) throws -> any RecordDamage,
    ) {
        testDescription = name
        self.make = make
        self.damage = { engine, directory in
            guard let engine = engine as? Engine else {
                throw ProgramError(description: "\(name) is another kind of engine")
            }
            return try damage(engine, directory)
        }
        base = BaseVolume { directory in
            let engine = try make(directory)
            let builder = try VolumeBuilder.base(on: engine)
            let prepared = try PreparedVolume(builder)
            let copy = try keep(engine, directory)
            return (prepared, copy)
        }
    }

    /// Every kind there is.
    package static let all = [
        memory("memory", likeRedis: false),
        memory("memory like Redis", likeRedis: true),
        EngineMaker("SQLite") { directory in
            try openSQLite(address: sqliteAddress(directory), creating: true)
        } keep: { engine, directory in
            // The last connection moves everything from the log into the file.
            engine.close()
            let file = try Posix.readWholeFile(directory + "/volume.db", limit: 1 << 26)
            return { directory in
                try Posix.replaceFile(directory + "/volume.db", with: file)
                return try openSQLite(address: sqliteAddress(directory))
            }
        } damage: { _, directory in
            SQLDamage.sqlite(directory + "/volume.db")
        },
    ]

    private static func memory(_ name: String, likeRedis: Bool) -> EngineMaker {
        EngineMaker(name) { _ in
            MemoryEngine(likeRedis: likeRedis)
        } keep: { engine, _ in
            let records = engine.current
            return { _ in MemoryEngine(likeRedis: likeRedis, records: records) }
        } damage: { engine, _ in
            engine
        }
    }

    private static func sqliteAddress(_ directory: ByteString) -> String {
        "sqlite3://\(directory)/volume.db?_synchronous=off"
    }

    /// Runs `body` with an empty engine; what it stored on disk is removed afterwards.
    package func withEngine(_ body: (any MetadataEngine) throws -> Void) throws {
        try withDirectory { directory in
            let engine = try make(directory)
            defer { engine.close() }
            try body(engine)
        }
    }

    /// Runs `body` with a copy of the base volume (`VolumeBuilder.base`) and the means to damage it.
    package func withBase(_ body: (VolumeBuilder, any RecordDamage) throws -> Void) throws {
        try withDirectory { directory in
            let (prepared, copy) = try base.prepared()
            let engine = try copy(directory)
            defer { engine.close() }
            try body(try prepared.builder(on: engine), try damage(engine, directory))
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

/// The base volume in one kind of engine, built when the first test asks for it.
private final class BaseVolume: Sendable {
    typealias Prepared = (PreparedVolume, @Sendable (ByteString) throws -> any MetadataEngine)

    private let build: @Sendable (ByteString) throws -> Prepared
    private let built = Mutex<Prepared?>(nil)

    init(_ build: @escaping @Sendable (ByteString) throws -> Prepared) {
        self.build = build
    }

    func prepared() throws -> Prepared {
        try built.withLock { built in
            if let built { return built }
            let directory = try Posix.makeTemporaryDirectory(prefix: "sluice-base-")
            defer {
                #expect(throws: Never.self) { try Posix.removeTree(directory) }
            }
            let prepared = try build(directory)
            built = prepared
            return prepared
        }
    }
}

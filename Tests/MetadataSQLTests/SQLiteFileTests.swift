// SPDX-License-Identifier: Apache-2.0
// What becomes of files that are missing, foreign, locked, full or not ours to write.

import Metadata
@testable import MetadataSQL
import SluiceBase
import SluiceTestSupport
import Synchronization
import Testing
import VolumeModel

@Suite("SQLite files")
struct SQLiteFileTests {
    private func code<Result>(_ body: () throws -> Result) throws -> EngineError.Code? {
        do {
            _ = try body()
            return nil
        } catch let error as EngineError {
            return error.code
        }
    }

    @Test("A missing file is missing and stays so")
    func missing() throws {
        let bench = try SQLiteBench()
        #expect(try code { try openSQLite(address: bench.address) } == .missing)
        let engine = try openSQLite(address: bench.address, creating: true)
        #expect(try !engine.isFormatted())
        #expect(try code { try engine.read { try $0.setting() } } == .missing)
        #expect(try code { try engine.write { try $0.setSetting([]) } } == .missing)
        #expect(try Posix.listDirectory(bench.directory).isEmpty)
        try engine.createSchema()
        #expect(try !engine.isFormatted())
        engine.close()
        try bench.cleanUp()
    }

    @Test("Without leave to create nothing makes a file")
    func notCreated() throws {
        let bench = try SQLiteBench()
        let engine = try openSQLite(address: bench.address, creating: true)
        try engine.createSchema()
        engine.close()
        let second = try openSQLite(address: bench.address)
        try Posix.removeTree(ByteString(bench.path))
        #expect(try code { try second.createSchema() } == .missing)
        #expect(try code { try second.isFormatted() } == .missing)
        second.close()
        #expect(try Posix.statusIfPresent(ByteString(bench.path)) == nil)
        try bench.cleanUp()
    }

    @Test("Files of other kinds are no volumes")
    func foreign() throws {
        let bench = try SQLiteBench()
        try Posix.replaceFile(ByteString(bench.path), with: [UInt8](repeating: 0x41, count: 5000))
        #expect(try code { try openSQLite(address: bench.address) } == .notAVolume)
        #expect(try code { try openSQLite(address: "sqlite3://\(bench.directory)") } == .notAVolume)
        try Posix.replaceFile(ByteString(bench.path), with: [])
        let empty = try openSQLite(address: bench.address)
        #expect(try !empty.isFormatted())
        #expect(try code { try empty.read { try $0.node(.root) } } == .notAVolume)
        #expect(try Posix.status(ByteString(bench.path)).size == 0)
        empty.close()
        try bench.cleanUp()
    }

    @Test("A table that lacks a column is of another version")
    func oldTables() throws {
        let bench = try SQLiteBench()
        let engine = try bench.engine()
        try engine.createSchema()
        try bench.execute("ALTER TABLE jfs_node DROP COLUMN tier_id")
        #expect(try code { try engine.read { try $0.node(.root) } } == .incompatible)
        engine.close()
        try bench.cleanUp()
    }

    @Test("A volume opened for reading refuses writes and gives reads")
    func readOnly() throws {
        let bench = try SQLiteBench()
        let writer = try bench.engine()
        try writer.createSchema()
        try writer.write { try $0.setCounter(.usedSpace, to: 5) }
        let reader = try openSQLite(address: "sqlite://\(bench.path)?mode=ro")
        #expect(try reader.read { try $0.counter(.usedSpace) } == 5)
        #expect(try code { try reader.write { try $0.setCounter(.usedSpace, to: 6) } } == .readOnly)
        #expect(try code { try reader.createSchema() } == .readOnly)
        #expect(try code { try reader.destroy() } == .readOnly)
        try writer.write { try $0.setCounter(.usedSpace, to: 7) }
        #expect(try reader.read { try $0.counter(.usedSpace) } == 7)
        reader.close()
        writer.close()
        try bench.cleanUp()
    }

    @Test("A writer that another client keeps out is busy in the end")
    func busy() throws {
        let bench = try SQLiteBench()
        let holder = try bench.engine()
        try holder.createSchema()
        let waiting = try openSQLite(SQLiteAddress("sqlite3://\(bench.path)?_timeout=1"), maximumTries: 3)
        let seen = Mutex<EngineError.Code?>(nil)
        try holder.write { transaction throws in
            try transaction.setCounter(.usedSpace, to: 1)
            try runThreads(1) { _ in
                do {
                    try waiting.write { try $0.setCounter(.usedSpace, to: 2) }
                } catch {
                    seen.withLock { $0 = (error as? EngineError)?.code }
                }
            }
        }
        #expect(seen.withLock { $0 } == .busy)
        #expect(try waiting.read { try $0.counter(.usedSpace) } == 1)
        waiting.close()
        holder.close()
        try bench.cleanUp()
    }

    @Test("A transaction that ran into a full database is undone, whatever its closure makes of it")
    func full() throws {
        let bench = try SQLiteBench()
        let connector = SQLiteConnector(address: try SQLiteAddress(bench.address), mayCreate: true)
        try bench.engine().createSchema()
        let connection = try connector.connect(creating: false)
        try connection.execute("PRAGMA max_page_count = 1", operation: "limit the file")
        let engine = SQLEngine(
            address: bench.address,
            dialect: .sqlite,
            prefix: "jfs_",
            pool: ConnectionPool(OneConnection(connection), PoolLimits())
        )
        let value = [UInt8](repeating: 1, count: 60_000)
        func fill(_ transaction: any MetadataTransaction) throws {
            for number in UInt64(1)...100 {
                try transaction.setExtendedAttribute(named: "user.k", of: Inode(number), to: value)
            }
        }
        #expect(try code { try engine.write(fill) } == .noSpace)
        let swallowed = try code {
            try engine.write { transaction throws in
                _ = try code { try fill(transaction) }
                // Would be committed by itself if the engine let it through.
                _ = try code { try transaction.setCounter(.usedSpace, to: 9) }
            }
        }
        #expect(swallowed == .failed)
        #expect(try engine.read { try $0.counter(.usedSpace) } == nil)
        #expect(try engine.read { try $0.extendedAttributes(of: Inode(1)) } == [])
        engine.close()
        try bench.cleanUp()
    }

    @Test("Destroying a volume leaves its neighbours alone")
    func destroy() throws {
        let bench = try SQLiteBench()
        let neighbour = try openSQLite(address: bench.address + "?table_prefix=x", creating: true)
        let engine = try bench.engine()
        for volume in [engine, neighbour] {
            try volume.createSchema()
            try volume.write { try $0.setSetting([0x7B, 0x7D]) }
        }
        try bench.execute("CREATE TABLE jfs_notes (a); CREATE TABLE jfs_session (sid)")
        try engine.destroy()
        #expect(try !engine.isFormatted())
        #expect(try neighbour.isFormatted())
        let left = try bench.texts(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'jfs_x_%' ORDER BY name"
        )
        #expect(left == ["jfs_notes", "sqlite_sequence"])
        engine.close()
        neighbour.close()
        try bench.cleanUp()
    }
}

/// Hands out one prepared connection.
private struct OneConnection: Connector {
    let connection: any SQLConnection

    init(_ connection: any SQLConnection) {
        self.connection = connection
    }

    func databaseExists() -> Bool { true }

    func connect(creating _: Bool) throws(EngineError) -> any SQLConnection { connection }
}

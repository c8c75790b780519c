// SPDX-License-Identifier: Apache-2.0

package import Metadata
import MetadataRedis
import MetadataSQL
import SluiceBase

extension OpenedEngine {
    static func memory(likeRedis: Bool, _ records: MemoryRecords = MemoryRecords()) -> OpenedEngine {
        let engine = MemoryEngine(likeRedis: likeRedis, records: records)
        return OpenedEngine(engine: engine, damage: engine) {
            let records = engine.current
            return { _ in memory(likeRedis: likeRedis, records) }
        }
    }

    /// - Parameter content: of the file; nil for none yet.
    static func sqlite(in directory: ByteString, _ content: [UInt8]? = nil) throws -> OpenedEngine {
        let path = directory + "/volume.db"
        if let content { try Posix.replaceFile(path, with: content) }
        let address = "sqlite3://\(path)?_synchronous=off"
        let engine = try openSQLite(address: address, creating: content == nil)
        return OpenedEngine(
            engine: engine,
            damage: SQLDamage.sqlite(path),
            again: { try openSQLite(address: address, creating: true) }
        ) {
            // The last connection moves everything from the log into the file.
            engine.close()
            let content = try Posix.readWholeFile(path, limit: 1 << 26)
            return { try sqlite(in: $0, content) }
        }
    }

    /// Tables of their own in the server that all tests share.
    /// - Parameter source: the name in the tables that are copied; nil for none.
    static func postgres(_ source: String? = nil) throws -> OpenedEngine {
        let server = try PostgresServer.shared
        let name = server.freshName()
        if let source { try server.run(copyTables(from: "jfs_\(source)_", to: "jfs_\(name)_")) }
        let address = server.address("&max_idle_conns=4&table_prefix=\(name)")
        let engine = try openPostgres(address: address)
        let damage = SQLDamage(prefix: "jfs_\(name)_") {
            "'\\x\(Hex.encode($0))'::bytea"
        } run: { statements in
            try server.run("BEGIN;\n\(statements)\nCOMMIT;\n")
        }
        return OpenedEngine(
            engine: engine,
            damage: damage,
            again: { try openPostgres(address: address) }
        ) {
            engine.close()
            return { _ in try postgres(name) }
        } leave: {
            try engine.destroy()
        }
    }

    /// A server of its own.
    /// - Parameter content: of the file that the server starts with; nil for none.
    static func redis(in directory: ByteString, _ content: [UInt8]? = nil) throws -> OpenedEngine {
        if let content { try Posix.replaceFile(directory + "/dump.rdb", with: content) }
        let server = try RedisServer(RedisServer.Options("dir \(directory)"))
        let engine = try openRedis(address: server.address(), environment: { _ in nil })
        return OpenedEngine(
            engine: engine,
            damage: RedisDamage(server: server),
            again: { try openRedis(address: server.address(), environment: { _ in nil }) }
        ) {
            engine.close()
            try server.command("SAVE")
            let content = try Posix.readWholeFile(directory + "/dump.rdb", limit: 1 << 26)
            return { try redis(in: $0, content) }
        } leave: {
            withExtendedLifetime(server) {}
        }
    }

    private static func copyTables(from source: String, to target: String) -> String {
        """
        DO $$ DECLARE source text; target text; BEGIN
            FOR source IN SELECT tablename FROM pg_tables WHERE starts_with(tablename, '\(source)') LOOP
                target := replace(source, '\(source)', '\(target)');
                EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', target, source);
                EXECUTE format('INSERT INTO %I SELECT * FROM %I', target, source);
            END LOOP;
        END $$;
        """
    }
}

extension EngineMaker {
    /// Runs `body` with a way to open engines on one empty PostgreSQL database.
    package static func withSharedDatabase(_ body: (() throws -> any MetadataEngine) throws -> Void) throws {
        let server = try PostgresServer.shared
        let address = server.address("&table_prefix=\(server.freshName())")
        try body { try openPostgres(address: address) }
        let last = try openPostgres(address: address)
        try last.destroy()
        last.close()
    }
}

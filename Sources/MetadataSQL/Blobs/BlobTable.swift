// SPDX-License-Identifier: Apache-2.0
// Objects in rows: the table `jfs_blob` of JuiceFS 1.4.2 (data-format §2.4), which shares with the tables of
// metadata nothing but the connections. What an error means to a store of objects is not known here.
//
// Lock order: `writing`, then the pool, which is a leaf.

package import Metadata
import SluiceBase
import Synchronization

/// A row without its bytes.
package struct Blob: Hashable, Sendable {
    package var key: [UInt8]
    /// Bytes that the row really holds, whatever its column `size` says.
    package var size: UInt64
    /// Seconds since the epoch; nil where the row does not tell it.
    package var modifiedSeconds: Int64?
}

/// The objects of one database.
///
/// Thread-safe.
package final class BlobTable: Sendable {
    /// The database, without secrets.
    package let address: String
    /// Bytes of the largest object.
    package var largestBlob: UInt64 { dialect.largestBlob }

    private let dialect: Dialect
    private let pool: ConnectionPool
    /// Where the database has one writer, those of this process wait here and not in its busy handler.
    private let writing = Mutex<Void>(())

    init(address: String, dialect: Dialect, pool: ConnectionPool) {
        self.address = address
        self.dialect = dialect
        self.pool = pool
    }

    /// Makes the table, and with SQLite the file; succeeds when they exist.
    package func create() throws(EngineError) {
        do throws(EngineError) {
            try write("make the table", creating: true, makeTable)
        } catch {
            // PostgreSQL tells one of two who make it at a time that it exists, or its index.
            guard dialect.writesConcurrently, hasTable == true else { throw error }
        }
    }

    /// Whether there is the table; nil when the database does not say.
    private var hasTable: Bool? {
        try? pool.withConnection { connection in
            try connection.withStatement(dialect.tableExists) { statement in
                try statement.bind(text: Array("jfs_blob".utf8), at: 0)
                guard try statement.step(), let count = try statement.integer(0) else { return false }
                return count > 0
            }
        }
    }

    private func makeTable(_ connection: any SQLConnection) throws {
        for statement in dialect.blobSchema {
            try connection.execute(dialect.render(statement, prefix: "jfs_"), operation: "make the table")
        }
    }

    /// What is known of one object, nil when there is none.
    package func find(_ key: [UInt8]) throws(EngineError) -> Blob? {
        try read("look up an object") { connection in
            try connection.withStatement(.findBlob) { statement in
                try statement.bind(bytes: key, at: 0)
                return try statement.step() ? Blob(key: key, from: statement, at: 0) : nil
            }
        }
    }

    /// Bytes of an object from `offset` on, at most `count`; nil when there is no such object.
    package func bytes(
        of key: [UInt8],
        from offset: UInt64 = 0,
        count: UInt64 = .max,
    ) throws(EngineError) -> [UInt8]? {
        // Places count from 1 and are numbers of 32 bits; no object reaches farther.
        let last = UInt64(Int32.max)
        let start = min(offset, last - 1) + 1
        let length = offset < last - 1 ? min(count, last - start) : 0
        return try read("read an object") { connection in
            try connection.withStatement(.readBlob) { statement in
                try statement.bind(Int64(start), at: 0)
                try statement.bind(Int64(length), at: 1)
                try statement.bind(bytes: key, at: 2)
                guard try statement.step() else { return nil }
                return try statement.bytes(0) ?? []
            }
        }
    }

    /// Stores an object.
    /// - Parameter proving: asks the database what it has then.
    /// - Returns: the MD5 of that, in hexadecimal digits; nil where it does not tell.
    package func put(_ key: [UInt8], _ bytes: [UInt8], proving: Bool) throws(EngineError) -> String? {
        try write("store an object") { connection in
            try connection.withStatement(proving ? .putProvenBlob : .putBlob) { statement in
                try statement.bind(bytes: key, at: 0)
                try statement.bind(Int64(bytes.count), at: 1)
                try statement.bind(bytes: bytes, at: 2)
                guard try statement.step() else { return nil }
                return try statement.bytes(0).map { String(decoding: $0, as: UTF8.self) }
            }
        }
    }

    /// Removes an object; one that does not exist is success.
    package func delete(_ key: [UInt8]) throws(EngineError) {
        try write("delete an object") { connection in
            try connection.withStatement(.deleteBlob) { statement in
                try statement.bind(bytes: key, at: 0)
                while try statement.step() {}
            }
        }
    }

    /// The first objects in byte order whose keys are `key` or greater.
    package func list(from key: [UInt8], limit: Int) throws(EngineError) -> [Blob] {
        try read("list objects") { connection in
            try connection.withStatement(.listBlobs) { statement in
                try statement.bind(bytes: key, at: 0)
                try statement.bind(Int64(limit), at: 1)
                var found: [Blob] = []
                while try statement.step() {
                    found.append(try Blob(key: statement.bytes(2) ?? [], from: statement, at: 0))
                }
                return found
            }
        }
    }
}

extension BlobTable {
    private func read<Result>(
        _ operation: String,
        _ body: (any SQLConnection) throws -> Result,
    ) throws(EngineError) -> Result {
        try run(operation) { connection in
            try connection.beginReading()
            return try finish(connection, body)
        }
    }

    private func write<Result>(
        _ operation: String,
        creating: Bool = false,
        _ body: (any SQLConnection) throws -> Result,
    ) throws(EngineError) -> Result {
        func once() throws(EngineError) -> Result {
            try run(operation, creating: creating) { connection in
                guard !connection.isReadOnly else {
                    throw EngineError(.readOnly, operation, address: address)
                }
                try connection.beginWriting()
                return try finish(connection, body)
            }
        }
        guard !dialect.writesConcurrently else { return try once() }
        var result: Result?
        try writing.withLock { _ throws(EngineError) in result = try once() }
        guard let result else { throw EngineError(.failed, operation, address: address) }
        return result
    }

    private func finish<Result>(
        _ connection: any SQLConnection,
        _ body: (any SQLConnection) throws -> Result,
    ) throws -> Result {
        do {
            let result = try body(connection)
            try connection.commit()
            return result
        } catch {
            connection.rollback()
            throw error
        }
    }

    private func run<Result>(
        _ operation: String,
        creating: Bool = false,
        _ body: (any SQLConnection) throws -> Result,
    ) throws(EngineError) -> Result {
        do {
            return try pool.withConnection(creating: creating, body)
        } catch let error as EngineError where error.code == .notAVolume || error.code == .incompatible {
            throw withoutTable(error)
        } catch let error as EngineError {
            throw error
        } catch let damage as RowDamage {
            throw EngineError(.corrupt, operation, address: address, reason: damage.reason)
        } catch {
            throw EngineError(.failed, operation, address: address, reason: "\(error)")
        }
    }

    /// A database that is none, or has no table of objects; whether it holds a volume does not matter.
    private func withoutTable(_ error: EngineError) -> EngineError {
        let isThere = hasTable
        let reason: String
        switch isThere {
        case .some(true): reason = "the table jfs_blob has other columns: \(error.reason)"
        case .some(false): reason = "the database has no table jfs_blob"
        case .none: reason = error.reason.isEmpty ? "it is no database" : error.reason
        }
        let code: EngineError.Code = isThere == false ? .missing : .failed
        return EngineError(code, error.operation, address: address, reason: reason)
    }
}

extension SQLConnection {
    /// Runs `body` with the statement of a query, which is ready for the next user afterwards.
    fileprivate func withStatement<Result>(
        _ query: Query,
        _ body: (any SQLStatement) throws -> Result,
    ) throws -> Result {
        let statement = try statement(query)
        defer { statement.reset() }
        return try body(statement)
    }
}

extension Blob {
    /// Reads two columns: size, time.
    fileprivate init(key: [UInt8], from row: any SQLStatement, at start: Int) throws(RowDamage) {
        self.init(
            key: key,
            size: try row.numberOrZero(start),
            modifiedSeconds: try row.integer(start + 1)
        )
    }
}

extension Query {
    fileprivate static let findBlob = Query(
        "look up an object",
        "SELECT CAST(length(data) AS BIGINT), {{blob time}} FROM {blob} WHERE \"key\" = ?"
    )
    fileprivate static let readBlob = Query(
        "read an object",
        """
        SELECT substr(data, CAST(? AS INTEGER), CAST(? AS INTEGER)) FROM {blob} WHERE "key" = ?
        """
    )
    private static let putText = """
        INSERT INTO {blob} ("key", size, modified, data) VALUES (?, ?, {{blob now}}, ?) \
        ON CONFLICT ("key") DO UPDATE \
        SET size = excluded.size, modified = excluded.modified, data = excluded.data
        """
    fileprivate static let putBlob = Query("store an object", putText)
    fileprivate static let putProvenBlob = Query("store an object", putText + "{{blob proof}}")
    fileprivate static let deleteBlob = Query("delete an object", "DELETE FROM {blob} WHERE \"key\" = ?")
    fileprivate static let listBlobs = Query(
        "list objects",
        """
        SELECT CAST(length(data) AS BIGINT), {{blob time}}, "key" FROM {blob} WHERE "key" >= ? \
        ORDER BY "key" LIMIT ?
        """
    )
}

// SPDX-License-Identifier: Apache-2.0
// Transactions over pooled connections: who may write, when to try again, what happens when a closure throws.
//
// Lock order: `writing`, then the pool, which is a leaf. Where the database has one writer, `writing` is held
// for a whole write transaction on purpose: writers of one process queue here instead of in its busy handler.

import Glibc
package import Metadata
import SluiceBase
import Synchronization

/// Metadata in a relational database.
///
/// Thread-safe; a thread runs one transaction at a time.
package final class SQLEngine: MetadataEngine {
    package let address: String
    package let countsUsageInTransactions = false

    private let dialect: Dialect
    private let prefix: String
    private let pool: ConnectionPool
    private let maximumTries: Int
    private let writing = Mutex<Void>(())
    private let ownTransaction = ThreadMark()

    /// - Parameter maximumTries: how often a write transaction runs before it counts as failed
    ///   (metadata-format §3.4).
    init(address: String, dialect: Dialect, prefix: String, pool: ConnectionPool, maximumTries: Int = 50) {
        self.address = address
        self.dialect = dialect
        self.prefix = prefix
        self.pool = pool
        self.maximumTries = maximumTries
    }

    package func isFormatted() throws -> Bool {
        guard try pool.databaseExists() else { return false }
        return try reading("look for a volume") { connection in
            let tables = try connection.statement(dialect.tableExists)
            defer { tables.reset() }
            try tables.bind(text: Array((prefix + "setting").utf8), at: 0)
            guard try tables.step(), let count = try? tables.integer(0), count > 0 else { return false }
            return try SQLReader(connection, address: address).setting() != nil
        }
    }

    package func createSchema() throws {
        try writing("make the tables", creating: true) { connection in
            for statement in dialect.schema {
                try connection.execute(
                    dialect.render(statement, prefix: prefix),
                    operation: "make the tables"
                )
            }
        }
    }

    package func destroy() throws {
        try writing("remove the tables") { connection in
            for table in Tables.all + Tables.legacy {
                try connection.execute(
                    dialect.render("DROP TABLE IF EXISTS {\(table)}", prefix: prefix),
                    operation: "remove table \(prefix)\(table)"
                )
            }
        }
    }

    package func read<Result>(_ body: (any MetadataReader) throws -> Result) throws -> Result {
        try reading("read") { connection in
            let reader = SQLReader(connection, address: address)
            defer { reader.end() }
            return try body(reader)
        }
    }

    package func snapshot<Result>(_ body: (any MetadataScanner) throws -> Result) throws -> Result {
        try reading("scan") { connection in
            let scanner = SQLScanner(connection, address: address)
            defer { scanner.end() }
            return try body(scanner)
        }
    }

    package func write<Result>(_ body: (any MetadataTransaction) throws -> Result) throws -> Result {
        try writing("write") { connection in
            let transaction: SQLTransaction =
                dialect.writesConcurrently
                ? ConcurrentTransaction(connection, address: address)
                : SQLTransaction(connection, address: address)
            defer { transaction.end() }
            let result = try body(transaction)
            try transaction.complete()
            return result
        }
    }

    package func close() {
        pool.close()
    }
}

extension SQLEngine {
    /// Runs `body` in a transaction that reads one consistent state.
    private func reading<Result>(
        _ operation: String,
        _ body: (any SQLConnection) throws -> Result,
    ) throws -> Result {
        try ownTransaction.alone(operation, on: address) {
            do {
                return try pool.withConnection { connection in
                    try connection.beginReading()
                    do {
                        let result = try body(connection)
                        try connection.commit()
                        return result
                    } catch {
                        connection.rollback()
                        throw error
                    }
                }
            } catch let error as EngineError where error.code == .conflict {
                throw self.busy(operation, after: error)
            }
        }
    }

    /// Runs `body` as a write transaction, again on conflicts.
    private func writing<Result>(
        _ operation: String,
        creating: Bool = false,
        _ body: (any SQLConnection) throws -> Result,
    ) throws -> Result {
        try ownTransaction.alone(operation, on: address) {
            var attempt = 1
            while true {
                do {
                    return try writeOnce(operation, creating: creating, body)
                } catch let error as EngineError where mayPass(error, attempt) {
                    guard attempt < maximumTries else {
                        throw error.code == .conflict ? busy(operation, after: error) : error
                    }
                    // i² milliseconds, as live peers pause.
                    usleep(UInt32(attempt * attempt * 1000))
                    attempt += 1
                }
            }
        }
    }

    /// Whether a transaction that failed may succeed when it runs again.
    private func mayPass(_ error: EngineError, _ attempt: Int) -> Bool {
        switch error.code {
        case .conflict, .starting: true
        // A server that was there comes up again.
        case .unreachable: attempt > 1
        // What another client made or removed since it was looked for; the next look sees it.
        case .exists, .vanished: dialect.writesConcurrently && attempt < 3
        case .missing, .denied, .notAVolume, .incompatible, .readOnly, .noSpace, .busy, .corrupt, .overflow,
            .unstorable, .invalidAddress, .failed:
            false
        }
    }

    /// Runs `body` as a write transaction once.
    private func writeOnce<Result>(
        _ operation: String,
        creating: Bool,
        _ body: (any SQLConnection) throws -> Result,
    ) throws -> Result {
        func run() throws -> Result {
            try pool.withConnection(creating: creating) { connection in
                try write(operation, on: connection, body)
            }
        }
        guard !dialect.writesConcurrently else { return try run() }
        var result: Result?
        try writing.withLock { _ in result = try run() }
        guard let result else { throw EngineError(.failed, operation, address: address) }
        return result
    }

    private func write<Result>(
        _ operation: String,
        on connection: any SQLConnection,
        _ body: (any SQLConnection) throws -> Result,
    ) throws -> Result {
        guard !connection.isReadOnly else { throw EngineError(.readOnly, operation, address: address) }
        try connection.beginWriting()
        do {
            let result = try body(connection)
            guard connection.isInTransaction else {
                let reason = "the database gave the transaction up"
                throw EngineError(.failed, operation, address: address, reason: reason)
            }
            try connection.commit()
            return result
        } catch {
            connection.rollback()
            throw error
        }
    }

    private func busy(_ operation: String, after error: EngineError) -> EngineError {
        let reason = error.reason.isEmpty ? error.code.sentence : error.reason
        return EngineError(.busy, operation, address: address, reason: "gave up after waiting: \(reason)")
    }
}

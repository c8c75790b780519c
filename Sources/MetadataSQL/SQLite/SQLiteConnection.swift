// SPDX-License-Identifier: Apache-2.0

import CSQLite
import Metadata

/// One connection with its prepared statements.
///
/// Unchecked: the pool lends a connection to one thread at a time, which is all that SQLite asks for.
final class SQLiteConnection: SQLConnection, @unchecked Sendable {
    private let database: SQLiteHandle
    private let options: SQLiteOptions
    let dialect = Dialect.sqlite
    /// By the number of the query.
    private var statements: [SQLiteStatement?] = []
    private var isReadyForWriting = false
    private var isClosed = false
    let isReadOnly: Bool
    /// Asked before each transaction; throws when the file may not be read any more.
    private let admission: @Sendable () throws(EngineError) -> Void

    init(
        _ database: SQLiteHandle,
        _ options: SQLiteOptions,
        admission: @escaping @Sendable () throws(EngineError) -> Void = { () throws(EngineError) in },
    ) throws(EngineError) {
        self.database = database
        self.options = options
        self.admission = admission
        isReadOnly = database.isReadOnly
        unsafe sqlite3_busy_timeout(database.pointer, options.busyTimeout)
        // The first look into the file: this is where a file of another kind shows.
        try execute("SELECT COUNT(*) FROM sqlite_master", operation: "open")
        try execute("PRAGMA synchronous = \((options.synchronous ?? .normal).rawValue)", operation: "open")
        if let pages = options.cacheSize { try execute("PRAGMA cache_size = \(pages)", operation: "open") }
    }

    var isInTransaction: Bool { database.isInTransaction }

    func statement(_ query: Query) throws(EngineError) -> any SQLStatement {
        if query.id < statements.count, let known = statements[query.id] { return known }
        let made = try prepare(query)
        while statements.count <= query.id { statements.append(nil) }
        statements[query.id] = made
        return made
    }

    func freshStatement(_ query: Query) throws(EngineError) -> any SQLStatement {
        try prepare(query)
    }

    private func prepare(_ query: Query) throws(EngineError) -> SQLiteStatement {
        guard !isClosed else {
            throw EngineError(
                .failed,
                query.operation,
                address: database.address,
                reason: "the database is closed"
            )
        }
        return try SQLiteStatement(
            database,
            dialect.render(query.text, prefix: options.tablePrefix),
            operation: query.operation
        )
    }

    func execute(_ text: String, operation: String) throws(EngineError) {
        let code = unsafe sqlite3_exec(database.pointer, text, nil, nil, nil)
        guard code == SQLITE_OK else { throw database.failure(code, operation) }
    }

    // MARK: Transactions

    func beginReading() throws(EngineError) {
        try admission()
        try run(.sqliteBegin)
        database.expectsTransaction = true
    }

    func beginWriting() throws(EngineError) {
        if !isReadyForWriting {
            try setJournalMode()
            isReadyForWriting = true
        }
        try run(.sqliteBeginImmediate)
        database.expectsTransaction = true
    }

    func commit() throws(EngineError) {
        try run(.sqliteCommit)
        database.endTransaction()
    }

    func rollback() {
        database.endTransaction()
        guard isInTransaction else { return }
        // Whether it worked shows in `isInTransaction`.
        try? run(.sqliteRollback)
    }

    private func run(_ query: Query) throws(EngineError) {
        let statement = try statement(query)
        defer { statement.reset() }
        while try statement.step() {}
    }

    /// Brings the file into the journal mode that the address asks for, as JuiceFS does whenever it opens
    /// one.
    private func setJournalMode() throws(EngineError) {
        guard let wanted = options.journal?.rawValue else { return }
        let current = try SQLiteStatement(database, "PRAGMA journal_mode", operation: "read the journal mode")
        let isRight = try current.step() && (try? current.bytes(0)) == Array(wanted.utf8)
        current.finish()
        guard !isRight else { return }
        // Where the file system cannot share memory SQLite keeps the old mode, which works too.
        try execute("PRAGMA journal_mode = \(wanted)", operation: "set the journal mode")
    }

    func close() {
        isClosed = true
        for statement in statements { statement?.finish() }
        statements = []
    }
}

extension Query {
    fileprivate static let sqliteBegin = Query("begin to read", "BEGIN")
    fileprivate static let sqliteBeginImmediate = Query("begin to write", "BEGIN IMMEDIATE")
    fileprivate static let sqliteCommit = Query("commit", "COMMIT")
    fileprivate static let sqliteRollback = Query("roll back", "ROLLBACK")
}

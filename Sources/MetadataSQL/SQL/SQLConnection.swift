// SPDX-License-Identifier: Apache-2.0
// The little that the record layer needs from a database client library. A connection and its statements
// belong to one thread at a time: the pool hands each to one borrower.

import Metadata

/// One session with a database.
protocol SQLConnection: AnyObject, Sendable {
    var dialect: Dialect { get }

    /// Whether the database refuses changes.
    var isReadOnly: Bool { get }

    /// Whether a transaction is running, or the connection is of no use any more.
    var isInTransaction: Bool { get }

    /// The statement of a query, prepared once per connection. The caller resets it after use.
    func statement(_ query: Query) throws(EngineError) -> any SQLStatement

    /// Announces that a bound statement is going to be run in this transaction, before anything is changed:
    /// with round trips it goes out with the next statement.
    func expect(_ statement: any SQLStatement) throws(EngineError)

    /// A statement of its own, for a scan that runs beside others.
    func freshStatement(_ query: Query) throws(EngineError) -> any SQLStatement

    /// Runs a statement without parameters and results.
    func execute(_ text: String, operation: String) throws(EngineError)

    /// Begins a transaction that reads one consistent state.
    func beginReading() throws(EngineError)

    /// Begins a transaction that may write.
    /// - Throws: `EngineError.conflict` when another client writes for longer than the connection waits.
    func beginWriting() throws(EngineError)

    func commit() throws(EngineError)

    /// Gives the transaction up, whatever state it is in. When that fails the connection stays in it, and the
    /// pool drops the connection.
    func rollback()

    func close()
}

/// A prepared statement: parameters and columns count from 0.
protocol SQLStatement: AnyObject {
    func bind(_ value: Int64, at parameter: Int) throws(EngineError)

    func bind(bytes: [UInt8], at parameter: Int) throws(EngineError)

    /// Binds a value for a column of text.
    func bind(text: [UInt8], at parameter: Int) throws(EngineError)

    /// Binds numbers for a condition `{{in list}}`.
    func bind(list: [Int64], at parameter: Int) throws(EngineError)

    /// Runs the bound statement, whose answer nobody waits for.
    ///
    /// With round trips it goes out with the next statement or the commit, which throws its error: nothing is
    /// committed then.
    /// - Parameter missing: the error when no row changed; nil when that is well.
    func post(orElse missing: EngineError?) throws(EngineError)

    /// Moves to the next row; false at the end.
    func step() throws(EngineError) -> Bool

    /// Rows that the last step inserted, changed or removed.
    var changes: Int { get }

    /// Makes the statement ready to run again and releases what it holds.
    func reset()

    /// Releases the statement for good; a later step throws.
    func finish()

    /// The number in a column, nil for NULL.
    /// - Throws: `RowDamage` when the column holds something else.
    func integer(_ column: Int) throws(RowDamage) -> Int64?

    /// The bytes of a column of bytes or text, nil for NULL.
    /// - Throws: `RowDamage` when the column holds a number.
    func bytes(_ column: Int) throws(RowDamage) -> [UInt8]?

    /// Whether the column holds text, of which binary comparisons know nothing.
    func isText(_ column: Int) -> Bool

    /// The column's name, for messages.
    func name(_ column: Int) -> String
}

extension SQLConnection {
    func expect(_: any SQLStatement) throws(EngineError) {}
}

extension SQLStatement {
    func post(orElse missing: EngineError?) throws(EngineError) {
        while try step() {}
        if let missing, changes == 0 { throw missing }
    }
}

/// A column that does not hold what it must.
struct RowDamage: Error {
    let reason: String
}

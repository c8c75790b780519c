// SPDX-License-Identifier: Apache-2.0
// Statements: those that are prepared once per connection, and scans, which are cursors of the server from
// which rows come in batches of bounded size.

import CLibpq
import Metadata
import SluiceBase

/// Parameters and rows of a statement.
///
/// One thread at a time.
class PostgresRows {
    /// The words of an error.
    let operation: String
    /// Before numbers were put in.
    let text: String
    private(set) var parameters: [PostgresValue] = []
    /// The rows at hand.
    var result: PostgresResult?
    /// The current row.
    var row = -1
    private(set) var isFinished = false

    init(_ text: String, operation: String) {
        self.text = text
        self.operation = operation
    }

    private func bind(_ value: PostgresValue, at parameter: Int) {
        while parameters.count <= parameter { parameters.append(.number(0)) }
        parameters[parameter] = value
    }

    func bind(_ value: Int64, at parameter: Int) throws(EngineError) { bind(.number(value), at: parameter) }

    func bind(bytes: [UInt8], at parameter: Int) throws(EngineError) { bind(.bytes(bytes), at: parameter) }

    func bind(text: [UInt8], at parameter: Int) throws(EngineError) { bind(.text(text), at: parameter) }

    func bind(list: [Int64], at parameter: Int) throws(EngineError) { bind(.list(list), at: parameter) }

    /// Moves to the next row at hand.
    func advance() -> Bool {
        row += 1
        return row < result?.rowCount ?? 0
    }

    var changes: Int { result?.changes ?? 0 }

    func reset() {
        result = nil
        row = -1
        parameters.removeAll(keepingCapacity: true)
    }

    func finish() {
        reset()
        isFinished = true
    }

    // MARK: Columns

    func integer(_ column: Int) throws(RowDamage) -> Int64? {
        guard let result else { return nil }
        let type = result.type(column)
        switch type {
        case PostgresType.int64: return result.integer(row, column, as: Int64.self)
        case PostgresType.int32: return result.integer(row, column, as: Int32.self)
        case PostgresType.int16: return result.integer(row, column, as: Int16.self)
        default: throw RowDamage(reason: "\(name(column)) has the type \(type), which is no integer")
        }
    }

    func bytes(_ column: Int) throws(RowDamage) -> [UInt8]? {
        guard let result else { return nil }
        let type = result.type(column)
        guard type == PostgresType.bytes || type == PostgresType.text || type == PostgresType.varchar else {
            throw RowDamage(reason: "\(name(column)) has the type \(type), which is neither bytes nor text")
        }
        return result.bytes(row, column)
    }

    func isText(_ column: Int) -> Bool {
        guard let type = result?.type(column) else { return false }
        return type == PostgresType.text || type == PostgresType.varchar
    }

    func name(_ column: Int) -> String {
        result?.name(column) ?? "column \(column)"
    }
}

/// A statement that the connection prepares at its first use.
final class PostgresStatement: PostgresRows, SQLStatement {
    /// Under which it is prepared.
    let name: String
    private unowned let connection: PostgresConnection

    init(_ connection: PostgresConnection, _ query: Query, _ text: String) {
        self.connection = connection
        name = "q\(query.id)"
        super.init(text, operation: query.operation)
    }

    func step() throws(EngineError) -> Bool {
        if result == nil {
            result = try connection.answer(to: PostgresRequest(self))
            row = -1
        }
        return advance()
    }

    func post(orElse missing: EngineError?) throws(EngineError) {
        try connection.post(PostgresRequest(self, orElse: missing))
        reset()
    }
}

/// A scan.
final class PostgresCursor: PostgresRows, SQLStatement {
    private unowned let connection: PostgresConnection
    private let name: String
    private let address: String
    private var isOpen = false
    /// Rows of the next batch: as many as fill about a megabyte.
    private var batch = 100

    private static let largestBatch = 10_000
    private static let wantedMemory = 1 << 20

    init(_ connection: PostgresConnection, number: Int, _ query: Query, _ text: String, address: String) {
        self.connection = connection
        self.address = address
        name = "scan\(number)"
        super.init(text, operation: query.operation)
    }

    func step() throws(EngineError) -> Bool {
        guard !isFinished else {
            throw EngineError(.failed, operation, address: address, reason: "the transaction is over")
        }
        if advance() { return true }
        // A batch that was not full was the last.
        if isOpen, let rows = result?.rowCount, rows < batch { return false }
        try fetch()
        return advance()
    }

    private func fetch() throws(EngineError) {
        if let used = result?.memory {
            batch = used < Self.wantedMemory ? min(batch * 2, Self.largestBatch) : max(batch / 2, 1)
        }
        let fetch = PostgresRequest(once: "FETCH FORWARD \(batch) FROM \(name)", operation: operation)
        let open = PostgresRequest(
            once: "DECLARE \(name) NO SCROLL CURSOR FOR \(text)",
            parameters: parameters,
            operation: operation
        )
        result = try connection.run(isOpen ? [fetch] : [open, fetch]).last
        isOpen = true
        row = -1
    }
}

/// A statement with its parameters, on its way to the server.
struct PostgresRequest {
    let operation: String
    /// Under which it is prepared; nil for what is used once.
    var name: String?
    let text: String
    var parameters: [PostgresValue] = []
    /// The error when no row changes.
    var missing: EngineError?

    /// Tells requests apart that have different answers.
    struct Key: Hashable {
        let name: String?
        let parameters: [PostgresValue]
    }

    var key: Key { Key(name: name, parameters: parameters) }

    /// Whether it changes nothing.
    var isReading: Bool { text.hasPrefix("SELECT") }

    /// Whether it waits for others to let go of its rows.
    var isLocking: Bool { text.hasSuffix("FOR UPDATE") }

    init(once text: String, parameters: [PostgresValue] = [], operation: String) {
        self.operation = operation
        self.text = text
        self.parameters = parameters
    }

    /// - Parameter missing: the error when no row changes. The server itself has to notice, since the commit
    ///   may follow in the same batch: it divides by the number of rows.
    init(_ statement: PostgresStatement, orElse missing: EngineError? = nil) {
        operation = statement.operation
        parameters = statement.parameters
        self.missing = missing
        name = missing == nil ? statement.name : statement.name + "_some"
        text =
            missing == nil
            ? statement.text
            : "WITH changed AS (\(statement.text) RETURNING 1) SELECT 1 / COUNT(*) FROM changed"
    }
}

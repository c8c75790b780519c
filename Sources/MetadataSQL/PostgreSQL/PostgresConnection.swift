// SPDX-License-Identifier: Apache-2.0
// One session with a server. Round trips are what costs: BEGIN goes out with the first statement, changes
// whose answers nobody waits for with the next one, and nobody waits for the end of a transaction that only
// read.
//
// A connection that is found dead before anything of a transaction was answered is opened anew. One that
// breaks later ends the transaction: a writing one runs again, unless the COMMIT was on its way. Then a new
// connection asks the server what became of it.

import CLibpq
import Glibc
import Metadata

/// One connection with its prepared statements.
///
/// Unchecked: the pool lends a connection to one thread at a time.
final class PostgresConnection: SQLConnection, @unchecked Sendable {
    private enum Mode {
        case idle, reading, writing
    }

    let dialect = Dialect.postgres
    /// The server refuses changes statement by statement.
    let isReadOnly = false
    let address: String

    private let connector: PostgresConnector
    private var handle: PostgresHandle
    /// By the number of the query.
    private var statements: [PostgresStatement?] = []
    private var prepared: Set<String> = []
    private var scans = 0
    private var mode = Mode.idle
    /// Whether the transaction has been begun on the server.
    private var hasBegun = false
    /// Whether the server has given the transaction up.
    private var isAborted = false
    /// The server's number of the running transaction, when it writes.
    private var transactionID: Int64?
    private var posted: [PostgresRequest] = []
    /// Statements that go out with the next one, and answers of such that nobody asked for yet.
    private var expected: [PostgresRequest] = []
    private var ahead: [PostgresRequest.Key: PostgresResult] = [:]
    /// What the server refused last.
    private var refused: PostgresRequest?
    private var isClosed = false

    /// Changes that are gathered before they are sent.
    private static let postedLimit = 64
    /// Asks the server what became of a commit, with i² milliseconds between: 20 s in all.
    private static let outcomeTries = 39

    init(_ connector: PostgresConnector, _ handle: PostgresHandle) {
        self.connector = connector
        self.handle = handle
        address = connector.address.text
    }

    var isInTransaction: Bool { mode != .idle || handle.isBroken }

    // MARK: Statements

    func statement(_ query: Query) throws(EngineError) -> any SQLStatement {
        if query.id < statements.count, let known = statements[query.id] { return known }
        let made = try point(query)
        while statements.count <= query.id { statements.append(nil) }
        statements[query.id] = made
        return made
    }

    func freshStatement(_ query: Query) throws(EngineError) -> any SQLStatement {
        scans += 1
        return PostgresCursor(self, number: scans, query, try render(query), address: address)
    }

    private func point(_ query: Query) throws(EngineError) -> PostgresStatement {
        PostgresStatement(self, query, try render(query))
    }

    private func render(_ query: Query) throws(EngineError) -> String {
        guard !isClosed else { throw failure(.failed, query.operation, "the connection is closed") }
        return dialect.render(query.text, prefix: connector.address.options.tablePrefix)
    }

    func execute(_ text: String, operation: String) throws(EngineError) {
        try run([PostgresRequest(once: text, operation: operation)])
    }

    func expect(_ statement: any SQLStatement) throws(EngineError) {
        guard let statement = statement as? PostgresStatement else { return }
        let request = PostgresRequest(statement)
        guard ahead[request.key] == nil, !expected.contains(where: { $0.key == request.key }) else { return }
        expected.append(request)
    }

    /// The answer to one statement, which may have come already.
    func answer(to request: PostgresRequest) throws(EngineError) -> PostgresResult? {
        let isExpected = expected.contains { $0.key == request.key }
        if isExpected { try run([]) }
        if let known = ahead.removeValue(forKey: request.key) { return known }
        if !request.isReading { forgetExpected() }
        // What was read before a lock may have changed while it was waited for; what is expected goes out
        // behind it.
        if request.isLocking { ahead = [:] }
        return try run([request]).last
    }

    /// What was fetched ahead holds until the transaction changes something.
    private func forgetExpected() {
        expected = []
        ahead = [:]
    }

    /// Takes a change to be sent with the next batch.
    func post(_ request: PostgresRequest) throws(EngineError) {
        guard mode != .idle else {
            try run([request])
            return
        }
        try requireUse(request.operation)
        forgetExpected()
        posted.append(request)
        if posted.count >= Self.postedLimit { try run([]) }
    }

    // MARK: Transactions

    func beginReading() throws(EngineError) {
        mode = .reading
    }

    func beginWriting() throws(EngineError) {
        mode = .writing
    }

    func commit() throws(EngineError) {
        guard !isAborted else { throw failure(.failed, "commit", "the transaction is over") }
        if mode == .writing {
            try commitChanges()
        } else if hasBegun {
            // What was read is here. When the connection breaks now, its next user finds out.
            try? handle.send([.query(text: "COMMIT", parameters: [])])
        }
        end()
    }

    private func commitChanges() throws(EngineError) {
        guard hasBegun || !posted.isEmpty else { return }
        forgetExpected()
        // Before the COMMIT goes out the number of the transaction has to be known.
        if !hasBegun { try run([]) }
        let commit = PostgresRequest(once: "COMMIT", operation: "commit")
        let tag: String?
        do throws(PostgresFault) {
            tag = try exchange([commit]).last?.tag
        } catch {
            guard case .lost(let message) = error else { throw translated(error, [commit]) }
            return try findOutcome(after: message)
        }
        guard tag == "COMMIT" else { throw failure(.failed, "commit", "the server gave the transaction up") }
    }

    func rollback() {
        if hasBegun { try? handle.send([.query(text: "ROLLBACK", parameters: [])]) }
        end()
    }

    func close() {
        isClosed = true
        statements = []
    }

    private func end() {
        mode = .idle
        hasBegun = false
        isAborted = false
        transactionID = nil
        posted = []
        forgetExpected()
    }

    private func requireUse(_ operation: String) throws(EngineError) {
        guard !isClosed, !isAborted else { throw failure(.failed, operation, "the transaction is over") }
    }

    private func failure(_ code: EngineError.Code, _ operation: String, _ reason: String) -> EngineError {
        EngineError(code, operation, address: address, reason: reason)
    }
}

extension PostgresConnection {
    /// Sends what was posted and these requests.
    /// - Returns: the answers of these requests.
    @discardableResult
    func run(_ requests: [PostgresRequest]) throws(EngineError) -> [PostgresResult] {
        try requireUse(requests.last?.operation ?? "write")
        do throws(PostgresFault) {
            return try exchange(requests)
        } catch {
            guard case .lost = error, mode != .idle, !hasBegun else { throw translated(error, requests) }
        }
        // Nothing of this transaction was answered: the connection may have been dead for long.
        try reconnect()
        do throws(PostgresFault) {
            return try exchange(requests)
        } catch {
            throw translated(error, requests)
        }
    }

    private func exchange(_ requests: [PostgresRequest]) throws(PostgresFault) -> [PostgresResult] {
        let all = beginning + posted + requests + expected
        var commands: [PostgresCommand] = []
        /// By the places of their commands: which request it belongs to.
        var owners: [Int] = []
        var preparing: [Int: String] = [:]
        for (place, request) in all.enumerated() {
            guard let name = request.name else {
                commands.append(.query(text: request.text, parameters: request.parameters))
                owners.append(place)
                continue
            }
            if !prepared.contains(name), !preparing.values.contains(name) {
                preparing[commands.count] = name
                let types = request.parameters.map(\.type)
                commands.append(.prepare(name: name, text: request.text, types: types))
                owners.append(place)
            }
            commands.append(.run(name: name, parameters: request.parameters))
            owners.append(place)
        }
        let (answers, refusal) = try handle.exchange(commands)
        for (place, name) in preparing where place < answers.count { prepared.insert(name) }
        hasBegun = mode != .idle
        if let refusal {
            if case .refused(_, _, let command) = refusal { refused = all[owners[command]] }
            throw refusal
        }
        if mode == .writing, transactionID == nil { transactionID = Self.number(answers[1]) }
        posted = []
        let results = zip(answers, commands.indices).filter { preparing[$0.1] == nil }.map(\.0)
        for (request, result) in zip(expected, results.suffix(expected.count)) { ahead[request.key] = result }
        defer { expected = [] }
        return Array(results.dropLast(expected.count).suffix(requests.count))
    }

    /// What begins the transaction, when that is still to be done.
    private var beginning: [PostgresRequest] {
        guard !hasBegun else { return [] }
        switch mode {
        case .idle: return []
        case .reading:
            let text = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
            return [PostgresRequest(once: text, operation: "begin to read")]
        case .writing:
            return [
                PostgresRequest(once: "BEGIN ISOLATION LEVEL READ COMMITTED", operation: "begin to write"),
                PostgresRequest(once: "SELECT txid_current()", operation: "begin to write"),
            ]
        }
    }

    private static func number(_ result: PostgresResult) -> Int64? {
        guard result.rowCount > 0 else { return nil }
        return result.integer(0, 0, as: Int64.self)
    }

    private func reconnect() throws(EngineError) {
        handle = try connector.open()
        prepared = []
    }

    // MARK: Errors

    /// The error that a fault stands for; the transaction is over.
    private func translated(_ fault: PostgresFault, _ requests: [PostgresRequest]) -> EngineError {
        let wasTransaction = mode != .idle
        isAborted = wasTransaction
        switch fault {
        case .lost(let message):
            let operation = requests.last?.operation ?? "write"
            // What was not committed runs again.
            return failure(mode == .writing ? .conflict : .unreachable, operation, message)
        case .refused(let state, let message, _):
            let operation = refused?.operation ?? "write"
            if state == SQLState.divisionByZero, let missing = refused?.missing { return missing }
            guard SQLState.isAboutTables(state) else {
                return failure(SQLState.code(for: state), operation, message)
            }
            return schemaMismatch(operation, message)
        }
    }

    /// The error of a statement that does not fit the tables: they are of another version, or no volume's.
    private func schemaMismatch(_ operation: String, _ message: String) -> EngineError {
        let table = connector.address.options.tablePrefix + "setting"
        let question = dialect.render(dialect.tableExists.text, prefix: "")
        let answer = try? handle.exchange([
            .query(text: "ROLLBACK", parameters: []),
            .query(text: question, parameters: [.text(Array(table.utf8))]),
        ])
        hasBegun = false
        guard let count = answer?.answers.last.flatMap(Self.number), count > 0 else {
            return failure(.notAVolume, operation, message)
        }
        let remedy = "the tables are of another version; a mount with JuiceFS 1.4 completes them"
        return failure(.incompatible, operation, "\(message): \(remedy)")
    }

    /// Learns from the server whether a commit happened whose answer was lost (PostgreSQL 10 and later know).
    /// - Throws: `EngineError.conflict` when it did not, `.failed` when nobody knows.
    private func findOutcome(after message: String) throws(EngineError) {
        guard let transactionID else { throw failure(.failed, "commit", message) }
        isAborted = true
        for attempt in 1...Self.outcomeTries {
            switch try? outcome(of: transactionID) {
            case .committed: return
            case .rolledBack: throw failure(.conflict, "commit", message)
            case .forgotten: break
            case .undecided, nil:
                usleep(UInt32(attempt * attempt * 1000))
                continue
            }
            break
        }
        throw failure(
            .failed,
            "commit",
            "the connection broke, and nobody knows whether transaction \(transactionID) was made: \(message)"
        )
    }

    private enum Outcome {
        case committed, rolledBack, undecided, forgotten
    }

    private func outcome(of transaction: Int64) throws -> Outcome {
        try reconnect()
        let question = "SELECT txid_status($1)"
        let (answers, refusal) = try handle.exchange([
            .query(text: question, parameters: [.number(transaction)])
        ])
        // A server that came up again without the transaction takes its number for one of the future.
        if case .refused(let state, _, _) = refusal, state == SQLState.invalidParameter { return .rolledBack }
        guard let answer = answers.last, answer.rowCount > 0 else { return .undecided }
        switch answer.bytes(0, 0).map({ String(decoding: $0, as: UTF8.self) }) {
        case "committed": return .committed
        case "aborted": return .rolledBack
        case nil: return .forgotten
        default: return .undecided
        }
    }
}

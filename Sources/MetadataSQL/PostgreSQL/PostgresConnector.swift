// SPDX-License-Identifier: Apache-2.0
// Opens connections to one database. The database itself is never made: that takes rights and decisions
// (owner, encoding, tablespace) which are its administrator's.

import Glibc
package import Metadata

/// Opens the metadata of a volume in a PostgreSQL database.
/// - Parameters:
///   - environment: where `META_PASSWORD` and `META_PASSWORD_FILE` are looked up.
///   - durable: a commit that was reported survives a power cut of the server.
/// - Throws: `EngineError.unreachable`, `.denied`, `.missing` when there is no such database,
///   `.invalidAddress`.
package func openPostgres(
    address: String,
    environment: (String) -> String? = { _ in nil },
    durable: Bool = false,
) throws(EngineError) -> SQLEngine {
    var parsed = try PostgresAddress(address)
    try parsed.takePassword(from: environment)
    return try openPostgres(parsed, durable: durable)
}

/// Opens a parsed address.
/// - Parameter maximumTries: how often a write transaction runs before it counts as failed.
func openPostgres(
    _ address: PostgresAddress,
    durable: Bool = false,
    maximumTries: Int = 50,
) throws(EngineError) -> SQLEngine {
    let connector = PostgresConnector(address: address, isDurable: durable)
    let pool = ConnectionPool(connector, address.options.pool)
    // The first connection tells early what is wrong, and is kept.
    do {
        try pool.withConnection { _ in }
    } catch {
        throw error as? EngineError ?? EngineError(.failed, "open", address: address.text, reason: "\(error)")
    }
    return SQLEngine(
        address: address.text,
        dialect: .postgres,
        prefix: address.options.tablePrefix,
        pool: pool,
        maximumTries: maximumTries
    )
}

/// Opens connections to one database.
struct PostgresConnector: Connector {
    let address: PostgresAddress
    var isDurable = false

    /// 10: `txid_status` tells what became of a commit.
    private static let oldestVersion: Int32 = 100_000

    func databaseExists() throws(EngineError) -> Bool { true }

    func connect(creating _: Bool) throws(EngineError) -> any SQLConnection {
        PostgresConnection(self, try open())
    }

    /// Opens a connection of the C library.
    func open() throws(EngineError) -> PostgresHandle {
        do {
            let handle = try PostgresHandle(connecting: address.parameters, timeout: address.timeout)
            guard handle.serverVersion >= Self.oldestVersion else {
                throw failure(.incompatible, "the server is older than PostgreSQL 10")
            }
            if isDurable { try makeDurable(handle) }
            return handle
        } catch let fault as PostgresFault {
            switch fault {
            case .lost(let message): throw failure(.unreachable, message)
            case .refused(let state, let message, _): throw failure(SQLState.code(for: state), message)
            }
        } catch let error as EngineError {
            throw error
        } catch {
            throw failure(.failed, "\(error)")
        }
    }

    /// A server that reports commits before they are on disk is asked not to; one that waits for more than
    /// that is left alone.
    private func makeDurable(_ handle: PostgresHandle) throws(PostgresFault) {
        let text = """
            SELECT set_config('synchronous_commit', 'on', false)
            WHERE current_setting('synchronous_commit') = 'off'
            """
        let (_, refusal) = try handle.exchange([.query(text: text, parameters: [])])
        if let refusal { throw refusal }
    }

    private func failure(_ code: EngineError.Code, _ reason: String) -> EngineError {
        EngineError(code, "open", address: address.text, reason: reason)
    }
}

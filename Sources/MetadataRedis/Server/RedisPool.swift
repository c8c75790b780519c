// SPDX-License-Identifier: Apache-2.0
// Connections are opened when needed and kept for the next borrower; the last one used goes first. One that
// broke is closed when it comes back.

import Synchronization

/// Lends connections, each to one thread at a time.
///
/// Thread-safe; nothing is called while the lock is held.
package final class RedisPool: Sendable {
    /// Connections kept for either use.
    private static let maximumIdle = 16

    // Connections are no Sendable type: they belong to whoever took them out of here.
    private struct State: ~Copyable {
        var idle: [ConnectionUse: [RedisConnection]] = [:]
        var isClosed = false
    }

    package let connector: any RedisConnector
    private let state = Mutex(State())
    private let exchanged = Atomic(0)

    package init(_ connector: any RedisConnector) {
        self.connector = connector
    }

    /// Round trips of all connections that came back so far.
    package var roundTrips: Int { exchanged.load(ordering: .relaxed) }

    /// Runs `body` with a connection that nobody else uses.
    /// - Parameter fresh: a new connection, because those that lay idle may all have been lost.
    package func withConnection<Result>(
        for use: ConnectionUse,
        fresh: Bool = false,
        _ body: (RedisConnection) throws -> Result,
    ) throws -> Result {
        let connection = try (fresh ? nil : takeIdle(use)) ?? connector.connect(for: use)
        let before = connection.roundTrips
        defer {
            exchanged.add(connection.roundTrips - before, ordering: .relaxed)
            giveBack(connection, use)
        }
        return try body(connection)
    }

    /// Closes idle connections; lent ones close when they come back.
    package func close() {
        let idle = state.withLock { state in
            state.isClosed = true
            defer { state.idle = [:] }
            return Lent(state.idle.values.flatMap(\.self))
        }
        for connection in idle.connections { connection.close() }
    }

    /// Closes idle connections, which a server that went away took with it.
    package func dropIdle() {
        let idle = state.withLock { state in
            defer { state.idle = [:] }
            return Lent(state.idle.values.flatMap(\.self))
        }
        for connection in idle.connections { connection.close() }
    }

    private func takeIdle(_ use: ConnectionUse) -> RedisConnection? {
        state.withLock { state in Lent(state.idle[use]?.popLast().map { [$0] } ?? []) }.connections.first
    }

    private func giveBack(_ connection: RedisConnection, _ use: ConnectionUse) {
        let lent = Lent([connection])
        let isKept =
            !connection.isBroken
            && state.withLock { state in
                guard !state.isClosed, state.idle[use, default: []].count < Self.maximumIdle else {
                    return false
                }
                state.idle[use, default: []] += lent.connections
                return true
            }
        if !isKept { connection.close() }
    }
}

/// Connections on their way through the pool's lock.
///
/// Unchecked: a connection is either in the pool's table, under its lock, or with one borrower, and the lock
/// orders what the one did before what the next does.
private struct Lent: @unchecked Sendable {
    let connections: [RedisConnection]

    init(_ connections: [RedisConnection]) {
        self.connections = connections
    }
}

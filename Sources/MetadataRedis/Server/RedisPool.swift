// SPDX-License-Identifier: Apache-2.0
// Connections are opened when needed and kept for the next borrower; the last one used goes first. One that
// broke is closed when it comes back. Once there was a connection, a server that is gone is waited for: a
// restart or a failover takes some seconds. A server that never answered is reported at once.

import Glibc
import Metadata
import SluiceBase
import Synchronization

/// Bounds of a pool.
package struct PoolLimits: Hashable, Sendable {
    /// Connections that nobody uses, for each use.
    package var idle = 16
    /// After which a connection that nobody used is closed.
    package var idleTime = Duration.seconds(1800)
    /// After which a connection is not used again; nil means for ever.
    package var lifeTime: Duration?

    package init() {}
}

/// Lends connections, each to one thread at a time.
///
/// Thread-safe; nothing is called while the lock is held.
package final class RedisPool: Sendable {
    /// Tries with a server that was there before; with the usual pauses they take 20 s.
    private static let maximumTries = 10

    // Connections are no Sendable type: they belong to whoever took them out of here.
    private struct State: ~Copyable {
        var idle: [ConnectionUse: [Idle]] = [:]
        var isClosed = false
    }

    package let connector: any RedisConnector
    private let limits: PoolLimits
    private let backoff: RetryBackoff
    private let state = Mutex(State())
    private let exchanged = Atomic(0)
    private let hasConnected = Atomic(false)

    package init(
        _ connector: any RedisConnector,
        limits: PoolLimits = PoolLimits(),
        backoff: RetryBackoff = RetryBackoff(),
    ) {
        self.connector = connector
        self.limits = limits
        self.backoff = backoff
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
        let idle = fresh ? nil : takeIdle(use)
        let lent = try idle ?? Idle(connection: connect(for: use), opened: .now, since: .now)
        let before = lent.connection.roundTrips
        defer {
            exchanged.add(lent.connection.roundTrips - before, ordering: .relaxed)
            giveBack(lent, use)
        }
        return try body(lent.connection)
    }

    /// Closes idle connections; lent ones close when they come back.
    package func close() {
        let idle = state.withLock { state in
            state.isClosed = true
            defer { state.idle = [:] }
            return Lent(state.idle.values.flatMap(\.self))
        }
        for entry in idle.entries { entry.connection.close() }
    }

    /// Closes idle connections, which a server that went away took with it.
    package func dropIdle() {
        let idle = state.withLock { state in
            defer { state.idle = [:] }
            return Lent(state.idle.values.flatMap(\.self))
        }
        for entry in idle.entries { entry.connection.close() }
    }

    // MARK: Opening

    /// Waits before a question is asked again that the server has refused for a moment.
    /// - Parameter tries: so far, from 1.
    /// - Returns: false when there were enough.
    func waits(after tries: Int) -> Bool {
        guard tries < Self.maximumTries else { return false }
        backoff.wait(after: tries)
        return true
    }

    private func connect(for use: ConnectionUse) throws(EngineError) -> RedisConnection {
        var tries = 1
        while true {
            do throws(EngineError) {
                let connection = try connector.connect(for: use)
                hasConnected.store(true, ordering: .relaxed)
                return connection
            } catch {
                let mayReturn = error.code == .unreachable || error.code == .conflict
                guard mayReturn, hasConnected.load(ordering: .relaxed), waits(after: tries) else {
                    throw error
                }
            }
            tries += 1
        }
    }

    // MARK: Keeping

    private func takeIdle(_ use: ConnectionUse) -> Idle? {
        while let entry = state.withLock({ state in
            Lent(state.idle[use]?.popLast().map { [$0] } ?? [])
        }).entries.first {
            guard entry.isStale(limits, .now) || !entry.connection.isQuiet else { return entry }
            entry.connection.close()
        }
        return nil
    }

    private func giveBack(_ entry: Idle, _ use: ConnectionUse) {
        // The others lead to the same server.
        if entry.connection.isElsewhere { dropIdle() }
        let lent = Lent([Idle(connection: entry.connection, opened: entry.opened, since: .now)])
        let isKept =
            !entry.connection.isBroken && !entry.connection.isElsewhere && !entry.isTooOld(limits, .now)
            && state.withLock { state in
                guard !state.isClosed, state.idle[use, default: []].count < limits.idle else { return false }
                state.idle[use, default: []] += lent.entries
                return true
            }
        if !isKept { entry.connection.close() }
    }
}

/// A connection, since when it is open and since when nobody uses it.
private struct Idle {
    let connection: RedisConnection
    let opened: MonotonicTime
    let since: MonotonicTime

    func isStale(_ limits: PoolLimits, _ now: MonotonicTime) -> Bool {
        now - since > limits.idleTime || isTooOld(limits, now)
    }

    func isTooOld(_ limits: PoolLimits, _ now: MonotonicTime) -> Bool {
        limits.lifeTime.map { now - opened > $0 } ?? false
    }
}

/// Connections on their way through the pool's lock.
///
/// Unchecked: a connection is either in the pool's table, under its lock, or with one borrower, and the lock
/// orders what the one did before what the next does.
private struct Lent: @unchecked Sendable {
    let entries: [Idle]

    init(_ entries: [Idle]) {
        self.entries = entries
    }
}

extension RetryBackoff {
    /// Waits between the whole and the half of the pause after some tries, so that clients that lost the same
    /// server do not come back together.
    func wait(after tries: Int) {
        let longest = min(maximum, minimum * (1 << min(tries - 1, 20)))
        let nanoseconds = longest.wholeNanoseconds
        let chosen = nanoseconds - Int64.random(in: 0...nanoseconds / 2)
        var left = timespec(tv_sec: Int(chosen / 1_000_000_000), tv_nsec: Int(chosen % 1_000_000_000))
        var rest = timespec()
        // A signal ends the sleep early and says what is left.
        while unsafe nanosleep(&left, &rest) != 0, errno == EINTR { left = rest }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Connections are opened when needed and kept for the next borrower; the last one used goes first, because
// its statements and pages are warm. A connection whose borrower failed to end its transaction is closed.

import Glibc
import Metadata
import Synchronization

/// Bounds of a pool, as the address gives them (metadata-format §2).
struct PoolLimits: Hashable, Sendable {
    /// Connections at a time; 0 means as many as threads ask for.
    var open = 0
    var idle = 16
    /// Seconds; 0 means for ever.
    var idleTime: Int64 = 300
    /// Seconds; 0 means for ever.
    var lifeTime: Int64 = 0
}

/// What opens connections to one database.
protocol Connector: Sendable {
    /// Whether there is a database to connect to. False only where `connect(creating: true)` would make one.
    func databaseExists() throws(EngineError) -> Bool

    /// - Parameter creating: whether a missing database is made.
    func connect(creating: Bool) throws(EngineError) -> any SQLConnection
}

/// Lends connections, each to one thread at a time.
///
/// Thread-safe.
final class ConnectionPool: Sendable {
    private struct Idle {
        let connection: any SQLConnection
        let opened: Int64
        let since: Int64
    }

    private struct State {
        var idle: [Idle] = []
        var isClosed = false
    }

    private let connector: any Connector
    private let limits: PoolLimits
    private let places: Places?
    private let state = Mutex(State())

    init(_ connector: any Connector, _ limits: PoolLimits) {
        self.connector = connector
        self.limits = limits
        places = limits.open > 0 ? Places(limits.open) : nil
    }

    func databaseExists() throws(EngineError) -> Bool {
        try connector.databaseExists()
    }

    /// Runs `body` with a connection that nobody else uses.
    func withConnection<Result>(
        creating: Bool = false,
        _ body: (any SQLConnection) throws -> Result,
    ) throws -> Result {
        places?.take()
        defer { places?.giveBack() }
        let lent: Idle
        if let idle = takeIdle() {
            lent = idle
        } else {
            let now = monotonicSeconds()
            lent = Idle(connection: try connector.connect(creating: creating), opened: now, since: now)
        }
        defer { giveBack(lent) }
        return try body(lent.connection)
    }

    /// Closes idle connections; lent ones close when they come back.
    func close() {
        let idle = state.withLock { state in
            defer { state.idle = [] }
            state.isClosed = true
            return state.idle
        }
        for entry in idle { entry.connection.close() }
    }

    private func takeIdle() -> Idle? {
        let now = monotonicSeconds()
        while let entry = state.withLock({ $0.idle.popLast() }) {
            let isStale = limits.idleTime > 0 && now - entry.since > limits.idleTime
            guard isStale || isTooOld(entry, now) else { return entry }
            entry.connection.close()
        }
        return nil
    }

    private func giveBack(_ lent: Idle) {
        let now = monotonicSeconds()
        let isKept =
            !lent.connection.isInTransaction && !isTooOld(lent, now)
            && state.withLock { state in
                guard !state.isClosed, state.idle.count < limits.idle else { return false }
                state.idle.append(Idle(connection: lent.connection, opened: lent.opened, since: now))
                return true
            }
        if !isKept { lent.connection.close() }
    }

    private func isTooOld(_ entry: Idle, _ now: Int64) -> Bool {
        limits.lifeTime > 0 && now - entry.opened > limits.lifeTime
    }
}

/// A counting semaphore: how many connections may still be lent.
@safe private final class Places: Sendable {
    // Allocated once, freed in deinit; semaphores are made for use from several threads.
    private nonisolated(unsafe) let semaphore: UnsafeMutablePointer<sem_t>

    init(_ count: Int) {
        unsafe semaphore = .allocate(capacity: 1)
        unsafe sem_init(semaphore, 0, UInt32(clamping: count))
    }

    deinit {
        unsafe sem_destroy(semaphore)
        unsafe semaphore.deallocate()
    }

    func take() {
        while unsafe sem_wait(semaphore) != 0 && errno == EINTR {}
    }

    func giveBack() {
        unsafe sem_post(semaphore)
    }
}

private func monotonicSeconds() -> Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec)
}

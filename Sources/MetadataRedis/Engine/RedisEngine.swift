// SPDX-License-Identifier: Apache-2.0
// Transactions over pooled connections: when to try again, what happens when a closure throws, and what a
// lost connection means.

import Glibc
package import Metadata
import SluiceBase

/// Metadata in a Redis server.
///
/// Thread-safe; a thread runs one transaction at a time.
package final class RedisEngine: MetadataEngine {
    package let address: String
    package let countsUsageInTransactions = true
    /// What is not as it should be with the server, for people.
    package let warnings: [String]

    private let pool: RedisPool
    private let keys: Keys
    private let shared = SharedState()
    private let queue = KeyQueue()
    private let ownTransaction = ThreadMark()
    private let maximumTries: Int
    /// Bytes of a pipeline that `fill` lets gather.
    private static let fillBytes = 256 << 10

    /// - Parameter maximumTries: of a write transaction before it counts as failed (metadata-format §4.3).
    package init(_ pool: RedisPool, warnings: [String], maximumTries: Int = 50) {
        self.maximumTries = maximumTries
        self.pool = pool
        self.warnings = warnings
        address = pool.connector.address
        keys = Keys(prefix: pool.connector.keyPrefix)
    }

    /// What callers waited for the network so far, in exchanges.
    package var roundTrips: Int { pool.roundTrips }

    package func isFormatted() throws -> Bool {
        try read { try $0.setting() } != nil
    }

    /// Nothing: keys come to be when they are written.
    package func createSchema() throws {}

    package func read<Result>(_ body: (any MetadataReader) throws -> Result) throws -> Result {
        try reading("read") {
            try pool.withConnection(for: .reading) { connection in
                let store = PlainReader(connection, address: address, pool: pool)
                let reader = RedisReader(store, keys: keys, shared: shared)
                defer { reader.end() }
                return try body(reader)
            }
        }
    }

    package func snapshot<Result>(_ body: (any MetadataScanner) throws -> Result) throws -> Result {
        try reading("scan") {
            try pool.withConnection(for: .reading) { connection in
                let scanner = RedisScanner(
                    KeyReader(connection, address: address),
                    keys: keys,
                    shared: shared
                )
                defer { scanner.end() }
                return try body(scanner)
            }
        }
    }

    package func write<Result>(_ body: (any MetadataTransaction) throws -> Result) throws -> Result {
        try ownTransaction.alone("write", on: address) {
            var attempt = 1
            while true {
                do {
                    return try writeOnce(body)
                } catch let error as EngineError where error.code == .conflict {
                    guard attempt < maximumTries else { throw busy("write", after: error) }
                    // A random part of i² milliseconds, so that those who met do not meet again.
                    usleep(UInt32.random(in: 0...UInt32(attempt * attempt) * 1000))
                    attempt += 1
                }
            }
        }
    }

    /// Without WATCH and in pipelines of a bounded size: nobody else uses the database yet.
    package func fill<Result>(_ body: (any MetadataTransaction) throws -> Result) throws -> Result {
        try ownTransaction.alone("fill", on: address) {
            try pool.withConnection(for: .writing) { connection in
                let keys = KeyTransaction(connection, address: address)
                let transaction = FillTransaction(
                    keys,
                    keys: self.keys,
                    shared: shared,
                    limit: Self.fillBytes
                )
                defer { transaction.end() }
                let result = try body(transaction)
                try keys.flush()
                return result
            }
        }
    }

    package func destroy() throws {
        try ownTransaction.alone("remove the keys", on: address) {
            try pool.withConnection(for: .writing) { connection in
                try Destruction(KeyReader(connection, address: address), keys).run()
            }
        }
    }

    package func close() {
        pool.close()
    }
}

extension RedisEngine {
    /// Runs `body`; a server that refuses for a moment, and for longer than is waited, is busy to callers.
    private func reading<Result>(_ operation: String, _ body: () throws -> Result) throws -> Result {
        try ownTransaction.alone(operation, on: address) {
            do {
                return try body()
            } catch let error as EngineError where error.code == .conflict {
                throw busy(operation, after: error)
            }
        }
    }

    private func writeOnce<Result>(_ body: (any MetadataTransaction) throws -> Result) throws -> Result {
        var lost = LostConnection()
        var result: Result?
        do {
            try pool.withConnection(for: .writing) { connection in
                lost = LostConnection(id: connection.clientID, serverRun: connection.serverRun)
                let writes = KeyTransaction(connection, address: address, queue: queue)
                let transaction = RedisTransaction(writes, keys: keys, shared: shared)
                defer {
                    writes.leave()
                    transaction.end()
                }
                do {
                    result = try body(transaction)
                } catch let error as EngineError where error.code == .unreachable && connection.isBroken {
                    // Nothing was written yet; perhaps the server closed what had been idle for long.
                    pool.dropIdle()
                    throw EngineError(.conflict, "write", address: address, reason: error.reason)
                } catch {
                    // Keys are read one after the other: together they may show what never was.
                    if !connection.isBroken { try writes.confirm() }
                    throw error
                }
                try writes.commit()
            }
        } catch let outcome as UnknownOutcome {
            pool.dropIdle()
            try pool.withConnection(for: .writing) { connection in
                try outcome.resolve(over: connection, lost: lost, address: address)
            }
        }
        guard let result else { throw EngineError(.failed, "write", address: address) }
        return result
    }

    private func busy(_ operation: String, after error: EngineError) -> EngineError {
        let reason = error.reason.isEmpty ? error.code.sentence : error.reason
        // What a server says begins with its code.
        let isReplica = RedisFailure(error.reason).code == "READONLY"
        return EngineError(
            isReplica ? .readOnly : .busy,
            operation,
            address: address,
            reason: "gave up after waiting: \(reason)"
        )
    }
}

// SPDX-License-Identifier: Apache-2.0

import Metadata

/// Reads keys outside of transactions: a connection that was lost is replaced, and what a server refuses for
/// a moment is asked again, since each question can be.
///
/// Not for scans, whose cursors belong to one server.
final class PlainReader: KeyReader {
    private let pool: RedisPool
    private var isLost = false

    init(_ connection: RedisConnection, address: String, pool: RedisPool) {
        self.pool = pool
        super.init(connection, address: address)
    }

    override func exchange(_ batch: CommandBatch) throws(EngineError) -> [RedisReply] {
        var tries = 1
        while true {
            let replies = try exchangeOnce(batch)
            let isRefused = replies.contains { $0.failure?.isPassing == true }
            guard isRefused, pool.waits(after: tries) else { return replies }
            isLost = true
            tries += 1
        }
    }

    private func exchangeOnce(_ batch: CommandBatch) throws(EngineError) -> [RedisReply] {
        if isLost { return try ask(batch, fresh: false) }
        do throws(EngineError) {
            return try super.exchange(batch)
        } catch {
            guard error.code == .unreachable else { throw error }
            isLost = true
            // What lay idle was lost together with it.
            pool.dropIdle()
            return try ask(batch, fresh: true)
        }
    }

    private func ask(_ batch: CommandBatch, fresh: Bool) throws(EngineError) -> [RedisReply] {
        do {
            return try pool.withConnection(for: .reading, fresh: fresh) { try $0.exchange(batch) }
        } catch let error as EngineError {
            throw error
        } catch {
            throw failure(.failed, "read", "\(error)")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// The smallest engine that keeps the promises of the protocol: the yardstick for real ones and the ground for
// tests of the rules. Transactions run on a copy of the records and commit when nobody else did meanwhile.

import Glibc
package import Metadata
import Synchronization

/// A metadata engine in memory.
package final class MemoryEngine: MetadataEngine {
    package let address = "memory://"
    package let countsUsageInTransactions: Bool
    private let records: Mutex<MemoryRecords>
    private static let maximumTries = 50

    /// - Parameters:
    ///   - likeRedis: usage is counted inside transactions and parents come from counted links, as on Redis;
    ///     else usage is left to flushes and parents come from entries, as on SQL engines.
    ///   - records: what it holds from the start.
    package init(
        likeRedis: Bool = false,
        records: MemoryRecords = MemoryRecords(),
    ) {
        countsUsageInTransactions = likeRedis
        self.records = Mutex(records)
    }

    package func isFormatted() throws -> Bool {
        records.withLock { $0.setting != nil }
    }

    package func createSchema() throws {}

    package func read<Result>(_ body: (any MetadataReader) throws -> Result) throws -> Result {
        try body(MemoryTransaction(current, likeRedis: countsUsageInTransactions))
    }

    package func write<Result>(_ body: (any MetadataTransaction) throws -> Result) throws -> Result {
        for attempt in 0..<Self.maximumTries {
            let transaction = MemoryTransaction(current, likeRedis: countsUsageInTransactions)
            let result = try body(transaction)
            if commit(transaction.records) { return result }
            // The pause of metadata-format §3.4.
            usleep(UInt32(attempt * attempt) * 1000)
        }
        throw EngineError(.busy, "write", address: address)
    }

    package func snapshot<Result>(_ body: (any MetadataScanner) throws -> Result) throws -> Result {
        try body(MemoryTransaction(current, likeRedis: countsUsageInTransactions))
    }

    package func destroy() throws {
        edit { records in
            let version = records.version
            records = MemoryRecords()
            records.version = version
        }
    }

    package func close() {}

    /// A copy of everything stored now.
    package var current: MemoryRecords {
        records.withLock { $0 }
    }

    /// Changes records behind the back of every rule, as damage does.
    package func edit(_ change: (inout MemoryRecords) -> Void) {
        var changed = current
        change(&changed)
        records.withLock { [changed] stored in
            let version = stored.version
            stored = changed
            stored.version = version + 1
        }
    }

    /// Stores what a transaction made, unless another committed since it began.
    private func commit(_ changed: MemoryRecords) -> Bool {
        records.withLock { stored in
            guard stored.version == changed.version else { return false }
            stored = changed
            stored.version += 1
            return true
        }
    }
}

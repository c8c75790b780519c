// SPDX-License-Identifier: Apache-2.0
// What an engine family (SQL, Redis) supplies. Every rule of the file system is written once, above this
// line.

/// A transactional store of a volume's records.
///
/// Thread-safe; calls block.
package protocol MetadataEngine: AnyObject, Sendable {
    /// The address for people, without secrets.
    var address: String { get }

    /// Whether usedSpace and totalInodes change inside each transaction (Redis) or are flushed as deltas
    /// every second (SQL), as live peers do (metadata-format §8).
    var countsUsageInTransactions: Bool { get }

    /// Whether the database holds a volume's setting.
    func isFormatted() throws -> Bool

    /// Makes tables, where the engine has them. The only call that may create a database.
    func createSchema() throws

    /// Runs `body` on one consistent state.
    func read<Result>(_ body: (any MetadataReader) throws -> Result) throws -> Result

    /// Runs `body` as one transaction, again from the start on a conflict: up to 50 times, with growing
    /// pauses (metadata-format §3.4). `body` must have no effects outside the transaction.
    /// - Throws: what `body` throws, after rolling back; `EngineError.busy` when all tries failed.
    func write<Result>(_ body: (any MetadataTransaction) throws -> Result) throws -> Result

    /// Runs `body` once to fill a database that nobody else uses yet.
    ///
    /// An engine may leave out looking for what is there, and write before `body` returns: after an error the
    /// database holds a part.
    func fill<Result>(_ body: (any MetadataTransaction) throws -> Result) throws -> Result

    /// Runs `body` with scans over one snapshot, where the engine has snapshots.
    func snapshot<Result>(_ body: (any MetadataScanner) throws -> Result) throws -> Result

    /// Removes this volume's tables or keys and nothing else.
    func destroy() throws

    /// Ends connections; no call may follow.
    func close()
}

extension MetadataEngine {
    package func fill<Result>(_ body: (any MetadataTransaction) throws -> Result) throws -> Result {
        try write(body)
    }

    /// Whether the directories of a node come from its record and from counts beside it, as on Redis, and not
    /// from the entries themselves: then an entry that the node does not know of is found by scans only.
    package var countsParents: Bool { countsUsageInTransactions }

    /// Whether a slice without a reference record has one user, as on Redis (metadata-format §4.1).
    package var omitsSingleReferences: Bool { countsUsageInTransactions }

    /// Whether the change log tells with a write how many records its chunk has then; 0 stands there on Redis
    /// (metadata-format §5.12).
    package var logsRecordCounts: Bool { !countsUsageInTransactions }
}

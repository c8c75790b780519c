// SPDX-License-Identifier: Apache-2.0
// Adding what the ledger gathered to the stored totals, stats and quotas, every second as live peers do
// (metadata-format §5.8). What cannot be written goes back to the ledger.
//
// JuiceFS 1.4.2 recounts a directory without a stat and then adds its pending delta, which the count has in
// it already. Here the delta is dropped with the recount.

import SluiceBase
package import VolumeModel

extension Volume {
    /// Directories or quotas written in one transaction.
    private static var flushBatch: Int { 200 }

    /// Writes the usage that committed operations changed.
    ///
    /// Calls wait for each other; a failure leaves the rest for the next call.
    package func flushUsage() throws {
        try flushGate.closed {
            for directory in try flushPending() {
                if try isCountedByOthers(directory) {
                    _ = usage.takePending(of: directory)
                } else {
                    try recount(directory)
                }
            }
        }
    }

    /// Whether a directory without a stat is left to the other clients.
    ///
    /// Each of them counts the entries, ours included, as soon as it has something to add. Counted by us, the
    /// stat would get what they have pending twice, as clients of JuiceFS 1.4.2 do to each other.
    private func isCountedByOthers(_ directory: Inode) throws -> Bool {
        let now = clock.now().seconds
        return try engine.read { reader in
            guard try reader.directoryStat(of: directory) == nil else { return false }
            return try reader.sessions().count { $0.expires > now } > 1
        }
    }

    /// - Returns: directories that have to be counted, with their deltas in the ledger.
    private func flushPending() throws -> [Inode] {
        var rest = usage.drain()
        // Whatever is left, also when something throws, has not been committed.
        defer { usage.add(rest, countsTotals: true) }
        try flushTotals(&rest)
        let uncounted = try flushDirectories(&rest)
        try flushQuotas(&rest)
        return uncounted
    }

    private func flushTotals(_ rest: inout Effects) throws {
        guard rest.space != 0 || rest.inodes != 0 else { return }
        let (space, inodes) = (rest.space, rest.inodes)
        try engine.write { transaction in
            if space != 0 { try transaction.add(space, to: .usedSpace) }
            if inodes != 0 { try transaction.add(inodes, to: .totalInodes) }
        }
        rest.space = 0
        rest.inodes = 0
    }

    /// Adds to the stats of directories.
    /// - Returns: directories that have to be counted: without a stat (their delta stays in `rest` until
    ///   then), or with one that fell below zero.
    private func flushDirectories(_ rest: inout Effects) throws -> [Inode] {
        guard settings.dirStats else {
            rest.directories = [:]
            return []
        }
        rest.directories = rest.directories.filter { $0.key != .trash && !$0.value.isZero }
        let pending = rest.directories.sorted { $0.key < $1.key }
        var uncounted: [Inode] = []
        for start in stride(from: 0, to: pending.count, by: Self.flushBatch) {
            let batch = pending[start..<min(start + Self.flushBatch, pending.count)]
            let (missing, negative) = try engine.write { try Self.adjust(batch, $0) }
            for (inode, _) in batch where !missing.contains(inode) { rest.directories[inode] = nil }
            uncounted += missing.sorted() + negative
        }
        return uncounted
    }

    private static func adjust(
        _ batch: ArraySlice<(key: Inode, value: DirectoryStat)>,
        _ transaction: any MetadataTransaction,
    ) throws -> (missing: Set<Inode>, negative: [Inode]) {
        try transaction.expect(batch.map { .directoryStat(of: $0.key) })
        var missing: Set<Inode> = []
        var negative: [Inode] = []
        for (inode, delta) in batch {
            guard try transaction.adjustDirectoryStat(of: inode, by: delta) else {
                missing.insert(inode)
                continue
            }
            guard delta.hasNegative, let stat = try transaction.directoryStat(of: inode), stat.hasNegative
            else { continue }
            negative.append(inode)
        }
        return (missing, negative)
    }

    private func flushQuotas(_ rest: inout Effects) throws {
        let pending = rest.quotas.filter { $0.value.space != 0 || $0.value.inodes != 0 }
            .sorted { ($0.key.kind.rawValue, $0.key.key) < ($1.key.kind.rawValue, $1.key.key) }
        rest.quotas = Dictionary(uniqueKeysWithValues: pending)
        for start in stride(from: 0, to: pending.count, by: Self.flushBatch) {
            let batch = pending[start..<min(start + Self.flushBatch, pending.count)]
            try engine.write { transaction in
                try transaction.expect(batch.map { .quota($0.key.kind, $0.key.key) })
                for (key, delta) in batch { try Self.adjust(key, by: delta, transaction) }
            }
            for (key, _) in batch { rest.quotas[key] = nil }
        }
    }

    /// Adds to a quota's usage.
    ///
    /// A directory's quota that is gone stays gone; users and groups get a record without limits once they
    /// use something.
    private static func adjust(
        _ key: QuotaKey,
        by delta: QuotaUsage,
        _ transaction: any MetadataTransaction,
    ) throws {
        let isKnown = try transaction.adjustQuota(key.kind, key.key, space: delta.space, inodes: delta.inodes)
        guard !isKnown, key.kind != .directory else { return }
        let quota = Quota(maxSpace: -1, maxInodes: -1, usedSpace: delta.space, usedInodes: delta.inodes)
        try transaction.insertQuota(QuotaRecord(kind: key.kind, key: key.key, quota: quota))
    }
}

extension Volume {
    /// Counts a directory's stat anew and stores it, in place of what was pending for it.
    ///
    /// What other clients have not flushed yet cannot be known and is added by them again.
    /// - Returns: the stat, nil when the directory is gone.
    @discardableResult
    package func recountDirectory(_ directory: Inode) throws -> DirectoryStat? {
        // A flush may hold deltas that the count would contain.
        try flushGate.closed { try recount(directory) }
    }

    @discardableResult
    private func recount(_ directory: Inode) throws -> DirectoryStat? {
        try usageGate.closed {
            // No operation runs: what is pending has been committed, so the count contains it.
            let pending = usage.takePending(of: directory)
            do {
                return try engine.write { transaction in
                    guard let attributes = try transaction.node(directory), attributes.type == .directory
                    else { return nil }
                    // Read first, so that others wait with what they add until the count is stored.
                    _ = try transaction.directoryStat(of: directory)
                    let stat = try transaction.directoryStatFromEntries(of: directory)
                    try transaction.setDirectoryStat(stat, of: directory)
                    try log(.recount(directory, stat), in: transaction)
                    return stat
                }
            } catch {
                usage.add(pending, countsTotals: true)
                throw error
            }
        }
    }
}

extension DirectoryStat {
    var hasNegative: Bool { dataLength < 0 || usedSpace < 0 || usedInodes < 0 }
}

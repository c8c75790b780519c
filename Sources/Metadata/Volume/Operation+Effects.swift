// SPDX-License-Identifier: Apache-2.0
// How operations count what they use. Nothing here writes: deltas gather in `effects`, are recorded in the
// ledger after the commit and flushed in batches (metadata-format §5.8). Limits are checked against what is
// stored, what is waiting in the ledger and what this transaction did so far.

import VolumeModel

/// What one transaction has learnt about directory quotas, so that it asks once.
struct QuotaWalk {
    /// Nil until asked for; empty on volumes without directory quotas, which then pay nothing more.
    var quotas: [Inode: Quota]?
    /// Parents of the directories walked so far.
    var parents: [Inode: Inode] = [:]
}

extension Operation {
    /// Counts a change of a directory's direct children; the trash root has no stat, hourly directories have
    /// one.
    func charge(directory: Inode, _ stat: DirectoryStat) {
        guard settings.dirStats, directory != .trash, !stat.isZero else { return }
        effects.directories[directory] = (effects.directories[directory] ?? DirectoryStat()) + stat
    }

    /// Counts a change of the volume's bytes and nodes.
    func chargeVolume(space: Int64, inodes: Int64) {
        effects.space = effects.space.saturatingAdd(space)
        effects.inodes = effects.inodes.saturatingAdd(inodes)
    }

    /// Counts a change of what a user and a group own, on volumes with user and group quotas.
    /// - Parameters:
    ///   - uid: nil leaves the users alone.
    ///   - gid: nil leaves the groups alone.
    /// - Throws: `VolumeError.quotaExceeded` when growth passes a limit.
    func chargeOwner(uid: UInt32?, gid: UInt32?, space: Int64, inodes: Int64) throws {
        guard settings.userGroupQuota, space != 0 || inodes != 0 else { return }
        let owners = [
            uid.map { QuotaKey(kind: .user, key: UInt64($0)) },
            gid.map { QuotaKey(kind: .group, key: UInt64($0)) },
        ]
        for key in owners.compactMap(\.self) {
            if space > 0 || inodes > 0, let quota = try transaction.quota(key.kind, key.key) {
                try check(quota, key, space: space, inodes: inodes)
            }
            add(space: space, inodes: inodes, to: key)
        }
    }

    /// Counts a change below a directory in every directory quota from there up to the root.
    /// - Throws: `VolumeError.quotaExceeded` when growth passes a limit.
    func chargeQuotas(from directory: Inode, space: Int64, inodes: Int64) throws {
        guard space != 0 || inodes != 0 else { return }
        try charge(quotaChain(from: directory), space: space, inodes: inodes)
    }

    /// Counts a move between two directories: quotas above both see no change.
    /// - Parameter usage: what moves; asked for only when it crosses a quota's border.
    /// - Throws: `VolumeError.quotaExceeded` when growth passes a limit.
    func moveQuotas(from source: Inode, to destination: Inode, _ usage: () throws -> QuotaUsage) throws {
        let left = try quotaChain(from: source)
        let entered = try quotaChain(from: destination)
        guard left != entered else { return }
        let moved = try usage()
        try charge(left.filter { !entered.contains($0) }, space: -moved.space, inodes: -moved.inodes)
        try charge(entered.filter { !left.contains($0) }, space: moved.space, inodes: moved.inodes)
    }

    /// Checks growth against the volume's limits.
    /// - Throws: `VolumeError.noSpace`.
    func checkCapacity(space: Int64, inodes: Int64) throws {
        guard settings.capacity > 0 && space > 0 || settings.inodes > 0 && inodes > 0 else { return }
        let pending = volume.usage.pendingTotals
        if settings.capacity > 0, space > 0 {
            let used = try transaction.counter(.usedSpace) ?? 0
            let total = used.saturatingAdd(pending.space).saturatingAdd(effects.space).saturatingAdd(space)
            guard total <= Int64(clamping: settings.capacity) else {
                throw VolumeError(
                    .noSpace,
                    "use \(space) bytes of",
                    "the volume",
                    reason: "its capacity is used up"
                )
            }
        }
        if settings.inodes > 0, inodes > 0 {
            let used = try transaction.counter(.totalInodes) ?? 0
            let total = used.saturatingAdd(pending.inodes).saturatingAdd(effects.inodes).saturatingAdd(inodes)
            guard total <= Int64(clamping: settings.inodes) else {
                throw VolumeError(.noSpace, "create", "a node", reason: "the volume's inodes are used up")
            }
        }
    }

    /// Forgets what this transaction counted for a directory that is gone, and removes its stat and quota.
    func removeUsageRecords(ofDirectory inode: Inode) throws {
        effects.directories[inode] = nil
        effects.quotas[QuotaKey(kind: .directory, key: inode.number)] = nil
        if settings.dirStats { try transaction.deleteDirectoryStat(of: inode) }
        if try directoryQuotas()[inode] != nil {
            try transaction.deleteQuota(.directory, inode.number)
            quotaWalk.quotas?[inode] = nil
        }
    }

    /// Whether the volume has any directory quota; asks the engine once.
    private func directoryQuotas() throws -> [Inode: Quota] {
        if let known = quotaWalk.quotas { return known }
        var quotas: [Inode: Quota] = [:]
        for record in try transaction.quotas(.directory) { quotas[Inode(record.key)] = record.quota }
        quotaWalk.quotas = quotas
        return quotas
    }

    /// The directories with a quota from `directory` up to the root; none inside the trash, which quotas do
    /// not count.
    private func quotaChain(from directory: Inode) throws -> [Inode] {
        let quotas = try directoryQuotas()
        guard !quotas.isEmpty, !directory.isTrash else { return [] }
        var chain: [Inode] = []
        var visited: Set<Inode> = []
        var current = directory
        while !current.isTrash, visited.insert(current).inserted {
            if quotas[current] != nil { chain.append(current) }
            guard current != .root, let parent = try quotaParent(of: current) else { break }
            current = parent
        }
        return current.isTrash ? [] : chain
    }

    private func quotaParent(of directory: Inode) throws -> Inode? {
        if let known = quotaWalk.parents[directory] { return known }
        guard let parent = try transaction.node(directory)?.parent, parent.number > 0 else { return nil }
        quotaWalk.parents[directory] = parent
        return parent
    }

    private func charge(_ directories: [Inode], space: Int64, inodes: Int64) throws {
        guard space != 0 || inodes != 0 else { return }
        for directory in directories {
            let key = QuotaKey(kind: .directory, key: directory.number)
            if space > 0 || inodes > 0, let quota = try directoryQuotas()[directory] {
                try check(quota, key, space: space, inodes: inodes)
            }
            add(space: space, inodes: inodes, to: key)
        }
    }

    private func check(_ quota: Quota, _ key: QuotaKey, space: Int64, inodes: Int64) throws {
        var current = quota
        for more in [volume.usage.pendingUsage(of: key), effects.quotas[key]].compactMap(\.self) {
            current.usedSpace = current.usedSpace.saturatingAdd(more.space)
            current.usedInodes = current.usedInodes.saturatingAdd(more.inodes)
        }
        guard current.isExceeded(byAddingSpace: space, inodes: inodes) else { return }
        let owner =
            switch key.kind {
            case .directory: "directory \(key.key)"
            case .user: "user \(key.key)"
            case .group: "group \(key.key)"
            }
        throw VolumeError(.quotaExceeded, "use more of", "the quota of \(owner)")
    }

    private func add(space: Int64, inodes: Int64, to key: QuotaKey) {
        let old = effects.quotas[key] ?? QuotaUsage(space: 0, inodes: 0)
        effects.quotas[key] = QuotaUsage(
            space: old.space.saturatingAdd(space),
            inodes: old.inodes.saturatingAdd(inodes)
        )
    }
}

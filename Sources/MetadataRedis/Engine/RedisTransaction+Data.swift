// SPDX-License-Identifier: Apache-2.0
// Writes of statistics, quotas, sessions, queues, rules, locks and the change log.

import Metadata
import SluiceBase
import VolumeModel

extension RedisTransaction {
    // MARK: Statistics and quotas

    var statKeys: [Key] { [keys.dataLengths, keys.usedSpaces, keys.usedInodes] }

    func setDirectoryStat(_ stat: DirectoryStat, of inode: Inode) throws {
        let field = [UInt8](decimal: inode.number)
        for (key, number) in zip(statKeys, [stat.dataLength, stat.usedSpace, stat.usedInodes]) {
            try open.setField(field, of: key, to: [UInt8](decimal: number))
        }
    }

    func adjustDirectoryStat(of inode: Inode, by delta: DirectoryStat) throws -> Bool {
        guard try directoryStat(of: inode) != nil else { return false }
        let field = [UInt8](decimal: inode.number)
        for (key, number) in zip(statKeys, [delta.dataLength, delta.usedSpace, delta.usedInodes])
        where number != 0 {
            try open.add(number, toField: field, of: key)
        }
        return true
    }

    func deleteDirectoryStat(of inode: Inode) throws {
        for key in statKeys { try open.deleteField([UInt8](decimal: inode.number), of: key) }
    }

    func deleteDirectoryStats() throws {
        for key in statKeys { try open.deleteMapping(key) }
    }

    func setQuota(_ record: QuotaRecord) throws {
        let field = [UInt8](decimal: record.key)
        let names = keys.quotas(record.kind)
        try open.setField(field, of: names.limits, to: record.quota.encodedLimits)
        try open.setField(field, of: names.space, to: [UInt8](decimal: record.quota.usedSpace))
        try open.setField(field, of: names.inodes, to: [UInt8](decimal: record.quota.usedInodes))
    }

    func adjustQuota(_ kind: QuotaKind, _ key: UInt64, space: Int64, inodes: Int64) throws -> Bool {
        let field = [UInt8](decimal: key)
        let names = keys.quotas(kind)
        guard try open.value(.field(field, of: names.limits)) != nil else { return false }
        if space != 0 { try open.add(space, toField: field, of: names.space) }
        if inodes != 0 { try open.add(inodes, toField: field, of: names.inodes) }
        return true
    }

    func deleteQuota(_ kind: QuotaKind, _ key: UInt64) throws {
        let names = keys.quotas(kind)
        for name in [names.limits, names.space, names.inodes] {
            try open.deleteField([UInt8](decimal: key), of: name)
        }
    }

    // MARK: Sessions

    func setSession(_ record: SessionRecord) throws {
        let name = [UInt8](decimal: record.id)
        try open.setScore(record.expires, of: name, in: keys.sessions)
        try open.setField(name, of: keys.sessionInfos, to: record.info)
    }

    func setSessionExpiry(_ id: UInt64, to expires: Int64) throws -> Bool {
        guard try session(id) != nil else { return false }
        try open.setScore(expires, of: [UInt8](decimal: id), in: keys.sessions)
        return true
    }

    func deleteSession(_ id: UInt64) throws {
        let name = [UInt8](decimal: id)
        try open.deleteField(name, of: keys.sessionInfos)
        try open.deleteScored(name, from: keys.sessions)
    }

    func insertSustained(_ record: SustainedInode) throws {
        try open.insertMember([UInt8](decimal: record.inode.number), into: keys.sustained(record.session))
    }

    func deleteSustained(_ record: SustainedInode) throws {
        try open.deleteMember([UInt8](decimal: record.inode.number), from: keys.sustained(record.session))
    }

    // MARK: Queues

    func setDeletedFile(_ record: DeletedFile) throws {
        let member = DeletedFileMember.encode(record)
        try open.setScore(record.deleted, of: member, in: keys.deletedFiles)
        shared.remember(member, ofDeletedFile: record.inode)
    }

    func deleteDeletedFile(_ inode: Inode) throws {
        guard let member = try deletedFileMember(inode) else { return }
        try open.deleteScored(member, from: keys.deletedFiles)
    }

    func setDelayedSlices(_ record: DelayedSlices) throws {
        let field = DelayedField.encode(record)
        try open.setField(field, of: keys.delayedSlices, to: record.encodedSlices)
        shared.remember(field, ofDelayedSlices: record.id)
    }

    func deleteDelayedSlices(_ id: UInt64) throws {
        guard let field = try delayedField(id) else { return }
        try open.deleteField(field, of: keys.delayedSlices)
    }

    func insertDetachedNode(_ record: DetachedNode) throws {
        try open.setScore(record.added, of: [UInt8](decimal: record.inode.number), in: keys.detachedNodes)
    }

    func deleteDetachedNode(_ inode: Inode) throws {
        try open.deleteScored([UInt8](decimal: inode.number), from: keys.detachedNodes)
    }

    // MARK: ACL

    func aclID(of rule: ACLRule) throws -> UInt32 {
        let operation = "store an ACL rule"
        let encoded = rule.encoded
        let stored = try open.fields(.hash(keys.aclRules))
        let known = stored.filter { $0.value == encoded }.compactMap { UInt32(decimal: $0.name) }
        if let id = known.filter({ $0 > 0 }).min() { return id }
        let taken = Set(stored.map(\.name))
        while true {
            let next = try increment(keys.lastACL, by: 1, operation)
            guard let id = UInt32(exactly: next), id > 0 else {
                throw failure(.overflow, operation, "the id is \(next)")
            }
            // The counter may lag behind the rules on a restored or damaged volume.
            let name = [UInt8](decimal: UInt64(id))
            guard !taken.contains(name) else { continue }
            try open.setField(name, of: keys.aclRules, to: encoded)
            return id
        }
    }

    // MARK: Locks

    func setFileLock(_ lock: FileLock, of inode: Inode) throws {
        let key = keys.fileLocks(inode)
        let field = LockField.encode(session: lock.session, owner: lock.owner)
        try open.setField(field, of: key, to: [UInt8(ascii: lock.isWrite ? "W" : "R")])
        try open.insertMember(key.bytes, into: keys.locked(lock.session))
    }

    func deleteFileLock(session: UInt64, owner: UInt64, of inode: Inode) throws {
        try deleteLock(LockField.encode(session: session, owner: owner), keys.fileLocks(inode), of: session)
    }

    func setRangeLocks(_ locks: OwnedRangeLocks, of inode: Inode) throws {
        let key = keys.rangeLocks(inode)
        let field = LockField.encode(session: locks.session, owner: locks.owner)
        guard !locks.locks.isEmpty else {
            try deleteLock(field, key, of: locks.session)
            return
        }
        try open.setField(field, of: key, to: RangeLock.encode(locks.locks))
        try open.insertMember(key.bytes, into: keys.locked(locks.session))
    }

    /// Removes one lock; a session without another in the same key is no longer said to hold any there.
    private func deleteLock(_ field: [UInt8], _ key: Key, of session: UInt64) throws {
        let start = LockField.prefix(of: session)
        let others = try open.fields(.hash(key)).filter { $0.name.starts(with: start) && $0.name != field }
        try open.deleteField(field, of: key)
        if others.isEmpty { try open.deleteMember(key.bytes, from: keys.locked(session)) }
    }

    func deleteLocks(of session: UInt64) throws {
        let start = LockField.prefix(of: session)
        let held = try open.fields(.members(keys.locked(session))).map(\.name)
        // Members are full names; anything else in the set is no key of ours to change.
        let locks = held.filter(keys.isLock).map { Key(bytes: $0, isWatched: true) }
        try writes.load(locks.map(Fetch.hash))
        for key in locks {
            for field in try open.fields(.hash(key)) where field.name.starts(with: start) {
                try open.deleteField(field.name, of: key)
            }
        }
        for member in held { try open.deleteMember(member, from: keys.locked(session)) }
    }

    // MARK: The change log

    func appendChange(_ entry: [UInt8]) throws {
        try open.append([entry], to: keys.changes)
        try open.add(1, to: keys.lastChange)
    }

    func deleteChanges(through version: Int64) throws {
        let place = try changeLogPlace()
        let count = min(place.count, version.saturatingAdd(1).saturatingAdd(-place.first))
        guard count > 0, let count = Int(exactly: count) else { return }
        try open.trim(keys.changes, first: count)
    }
}

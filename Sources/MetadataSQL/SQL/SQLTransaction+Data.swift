// SPDX-License-Identifier: Apache-2.0
// Writes of chunks, references, statistics, quotas, sessions, queues of deletion, ACL rules and locks.

import Metadata
import VolumeModel

extension SQLTransaction {
    func appendSlices(_ slices: [Slice], toChunk index: UInt32, of inode: Inode) throws -> Int {
        let operation = "append slices to chunk \(index) of node \(inode)"
        let statement = try statement(.appendSlices)
        defer { statement.reset() }
        try statement.bind(stored(inode.number, operation), at: 0)
        try statement.bind(Int64(index), at: 1)
        try statement.bind(bytes: Slice.encode(slices), at: 2)
        guard let length = try answer(statement, operation) else { throw failure(.failed, operation) }
        let (count, rest) = length.quotientAndRemainder(dividingBy: Int64(Slice.encodedSize))
        guard rest == 0 else {
            throw failure(.corrupt, operation, "the chunk holds \(length) bytes, not a multiple of 24")
        }
        return Int(count)
    }

    func setChunk(_ record: ChunkRecord) throws {
        let statement = try statement(.setChunk)
        defer { statement.reset() }
        try statement.bind(stored(record.inode.number, "write a chunk of node \(record.inode)"), at: 0)
        try statement.bind(Int64(record.index), at: 1)
        try statement.bind(bytes: record.slices, at: 2)
        try statement.post(orElse: nil)
    }

    func deleteChunk(_ index: UInt32, of inode: Inode) throws {
        try run(.deleteChunk, inode.stored, Int64(index))
    }

    func insertSliceReference(_ reference: SliceReference) throws {
        let id = try stored(reference.id, "register slice \(reference.id)")
        try run(.insertSliceReference, id, Int64(reference.size), reference.count)
    }

    func adjustSliceReference(_ id: UInt64, size: UInt32, by delta: Int64) throws {
        let statement = try statement(.adjustSliceReference)
        defer { statement.reset() }
        try statement.bind(delta, at: 0)
        try statement.bind(Int64(bitPattern: id), at: 1)
        try statement.bind(Int64(size), at: 2)
        try change(statement, "change the reference of slice \(id)")
    }

    func deleteSliceReference(_ id: UInt64, size: UInt32) throws {
        try run(.deleteSliceReference, Int64(bitPattern: id), Int64(size))
    }

    // MARK: Statistics and quotas

    func setDirectoryStat(_ stat: DirectoryStat, of inode: Inode) throws {
        let inode = try stored(inode.number, "write the stat of directory \(inode)")
        try run(.setDirectoryStat, stat.dataLength, stat.usedSpace, stat.usedInodes, inode)
    }

    func adjustDirectoryStat(of inode: Inode, by delta: DirectoryStat) throws -> Bool {
        let statement = try statement(.adjustDirectoryStat)
        defer { statement.reset() }
        let numbers = [delta.dataLength, delta.usedSpace, delta.usedInodes, inode.stored]
        for (index, number) in numbers.enumerated() { try statement.bind(number, at: index) }
        return try count(statement) > 0
    }

    func deleteDirectoryStat(of inode: Inode) throws {
        try run(.deleteDirectoryStat, inode.stored)
    }

    func deleteDirectoryStats() throws {
        try run(.deleteDirectoryStats)
    }

    func setQuota(_ record: QuotaRecord) throws {
        try write(record, .setDirectoryQuota, .setOwnerQuota)
    }

    func insertQuota(_ record: QuotaRecord) throws {
        try write(record, .insertDirectoryQuota, .insertOwnerQuota)
    }

    private func write(_ record: QuotaRecord, _ directory: Query, _ owner: Query) throws(EngineError) {
        let key = try stored(record.key, "write the quota of \(record.kind) \(record.key)")
        let quota = record.quota
        switch record.kind {
        case .directory:
            try run(
                directory,
                quota.maxSpace,
                quota.maxInodes,
                quota.usedSpace,
                quota.usedInodes,
                key
            )
        case .user, .group:
            try run(
                owner,
                quota.maxSpace,
                quota.maxInodes,
                quota.usedSpace,
                quota.usedInodes,
                Int64(record.kind.rawValue),
                key
            )
        }
    }

    func adjustQuota(_ kind: QuotaKind, _ key: UInt64, space: Int64, inodes: Int64) throws -> Bool {
        let statement = try statement(kind == .directory ? .adjustDirectoryQuota : .adjustOwnerQuota)
        defer { statement.reset() }
        try statement.bind(space, at: 0)
        try statement.bind(inodes, at: 1)
        try statement.bind(kind, key, at: 2)
        return try count(statement) > 0
    }

    func deleteQuota(_ kind: QuotaKind, _ key: UInt64) throws {
        let statement = try statement(kind == .directory ? .deleteDirectoryQuota : .deleteOwnerQuota)
        defer { statement.reset() }
        try statement.bind(kind, key)
        try statement.post(orElse: nil)
    }

    // MARK: Sessions

    func setSession(_ record: SessionRecord) throws {
        let statement = try statement(.setSession)
        defer { statement.reset() }
        try statement.bind(stored(record.id, "write session \(record.id)"), at: 0)
        try statement.bind(record.expires, at: 1)
        try statement.bind(bytes: record.info, at: 2)
        try statement.post(orElse: nil)
    }

    func setSessionExpiry(_ id: UInt64, to expires: Int64) throws -> Bool {
        let statement = try statement(.setSessionExpiry)
        defer { statement.reset() }
        try statement.bind(expires, at: 0)
        try statement.bind(Int64(bitPattern: id), at: 1)
        return try count(statement) > 0
    }

    func deleteSession(_ id: UInt64) throws {
        try run(.deleteSession, Int64(bitPattern: id))
    }

    func insertSustained(_ record: SustainedInode) throws {
        let operation = "record that session \(record.session) holds node \(record.inode)"
        try run(
            .insertSustained,
            stored(record.session, operation),
            stored(record.inode.number, operation)
        )
    }

    func deleteSustained(_ record: SustainedInode) throws {
        try run(.deleteSustained, Int64(bitPattern: record.session), record.inode.stored)
    }

    func setFileLock(_ lock: FileLock, of inode: Inode) throws {
        let operation = "lock node \(inode)"
        try run(
            .setFileLock,
            stored(inode.number, operation),
            stored(lock.session, operation),
            Int64(bitPattern: lock.owner),
            lock.code
        )
    }

    func deleteFileLock(session: UInt64, owner: UInt64, of inode: Inode) throws {
        try run(.deleteFileLock, inode.stored, Int64(bitPattern: session), Int64(bitPattern: owner))
    }

    func setRangeLocks(_ locks: OwnedRangeLocks, of inode: Inode) throws {
        let operation = "lock ranges of node \(inode)"
        let (session, owner) = (try stored(locks.session, operation), Int64(bitPattern: locks.owner))
        guard !locks.locks.isEmpty else {
            try run(.deleteOwnedRangeLocks, inode.stored, session, owner)
            return
        }
        let statement = try statement(.setRangeLocks)
        defer { statement.reset() }
        for (index, number) in [try stored(inode.number, operation), session, owner].enumerated() {
            try statement.bind(number, at: index)
        }
        try statement.bind(bytes: RangeLock.encode(locks.locks), at: 3)
        try statement.post(orElse: nil)
    }

    func deleteLocks(of session: UInt64) throws {
        try run(.deleteFileLocks, Int64(bitPattern: session))
        try run(.deleteRangeLocks, Int64(bitPattern: session))
    }

    // MARK: Queues

    func setDeletedFile(_ record: DeletedFile) throws {
        let operation = "record deleted file \(record.inode)"
        try run(
            .setDeletedFile,
            stored(record.inode.number, operation),
            stored(record.length, operation),
            record.deleted
        )
    }

    func deleteDeletedFile(_ inode: Inode) throws {
        try run(.deleteDeletedFile, inode.stored)
    }

    func setDelayedSlices(_ record: DelayedSlices) throws {
        let statement = try statement(.setDelayedSlices)
        defer { statement.reset() }
        try statement.bind(stored(record.id, "record delayed slices \(record.id)"), at: 0)
        try statement.bind(record.deleted, at: 1)
        try statement.bind(bytes: record.encodedSlices, at: 2)
        try statement.post(orElse: nil)
    }

    func deleteDelayedSlices(_ id: UInt64) throws {
        try run(.deleteDelayedSlices, Int64(bitPattern: id))
    }

    func insertDetachedNode(_ record: DetachedNode) throws {
        let inode = try stored(record.inode.number, "record detached node \(record.inode)")
        try run(.insertDetachedNode, inode, record.added)
    }

    func deleteDetachedNode(_ inode: Inode) throws {
        try run(.deleteDetachedNode, inode.stored)
    }

    // MARK: Change log

    func appendChange(_ entry: [UInt8]) throws {
        let statement = try statement(.appendChange)
        defer { statement.reset() }
        try statement.bind(text: entry, at: 0)
        try statement.post(orElse: nil)
    }

    func deleteChanges(through version: Int64) throws {
        try run(.deleteChanges, version)
    }

    // MARK: ACL

    func aclID(of rule: ACLRule) throws -> UInt32 {
        let operation = "store an ACL rule"
        if let id = try knownID(of: rule) { return id }
        let statement = try statement(.insertACLRule)
        defer { statement.reset() }
        for (index, bits) in [rule.owner, rule.group, rule.mask, rule.other].enumerated() {
            try statement.bind(Int64(bits), at: index)
        }
        try statement.bind(bytes: ACLRule.encode(rule.namedUsers), at: 4)
        try statement.bind(bytes: ACLRule.encode(rule.namedGroups), at: 5)
        guard let id = try answer(statement, operation) else { throw failure(.failed, operation) }
        guard let id = UInt32(exactly: id) else { throw failure(.overflow, operation, "the id is \(id)") }
        return id
    }

    private func knownID(of rule: ACLRule) throws(EngineError) -> UInt32? {
        let rows = try statement(.similarACLRules)
        defer { rows.reset() }
        for (index, bits) in [rule.owner, rule.group, rule.mask, rule.other].enumerated() {
            try rows.bind(Int64(bits), at: index)
        }
        while try rows.step() {
            // A damaged rule is none that a new node may share.
            guard let stored = try? ACLRule(from: rows, at: 1), stored == rule,
                let id: UInt32 = try? rows.number(0), id > 0
            else { continue }
            return id
        }
        return nil
    }
}

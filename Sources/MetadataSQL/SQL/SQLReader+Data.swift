// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase
import VolumeModel

extension SQLReader {
    func chunk(_ index: UInt32, of inode: Inode) throws -> ChunkRecord? {
        try first(.chunk, inode.stored, Int64(index), subject: "chunk \(index) of node \(inode)") {
            row throws(RowDamage) in ChunkRecord(inode: inode, index: index, slices: try row.run(0))
        }
    }

    func chunks(of inode: Inode) throws -> [ChunkRecord] {
        try all(.chunks, inode.stored, subject: "the chunks of node \(inode)") { row throws(RowDamage) in
            ChunkRecord(inode: inode, index: try row.number(0), slices: try row.run(1))
        }
    }

    func sliceReference(_ id: UInt64, size: UInt32) throws -> SliceReference? {
        try first(
            .sliceReference,
            Int64(bitPattern: id),
            Int64(size),
            subject: "the reference of slice \(id)"
        ) {
            row throws(RowDamage) in SliceReference(id: id, size: size, count: try row.number(0))
        }
    }

    func sliceReferences(_ slices: [SliceKey]) throws -> [SliceReference?] {
        guard slices.count > 1 else { return try slices.map { try sliceReference($0.id, size: $0.size) } }
        let row = try statement(.sliceReferences)
        defer { row.reset() }
        try row.bind(list: slices.map { Int64(bitPattern: $0.id) }, at: 0)
        var found: [SliceKey: SliceReference] = [:]
        while try row.step() {
            let reference = try decoding("slice references") { () throws(RowDamage) in
                SliceReference(id: try row.number(0), size: try row.number(1), count: try row.number(2))
            }
            found[SliceKey(id: reference.id, size: reference.size)] = reference
        }
        return slices.map { found[$0] }
    }

    func directoryStat(of inode: Inode) throws -> DirectoryStat? {
        try first(.directoryStat, inode.stored, subject: "the stat of directory \(inode)") {
            row throws(RowDamage) in try DirectoryStat(from: row, at: 0)
        }
    }

    func quota(_ kind: QuotaKind, _ key: UInt64) throws -> Quota? {
        let row = try statement(kind == .directory ? .directoryQuota : .ownerQuota)
        defer { row.reset() }
        try row.bind(kind, key)
        guard try row.step() else { return nil }
        return try decoding("the quota of \(kind) \(key)") { () throws(RowDamage) in
            try Quota(from: row, at: 0)
        }
    }

    func quotas(_ kind: QuotaKind) throws -> [QuotaRecord] {
        let row = try statement(kind == .directory ? .directoryQuotas : .ownerQuotas)
        defer { row.reset() }
        if kind != .directory { try row.bind(Int64(kind.rawValue), at: 0) }
        var quotas: [QuotaRecord] = []
        while try row.step() {
            quotas.append(
                try decoding("the quotas") { () throws(RowDamage) in
                    QuotaRecord(kind: kind, key: try row.number(0), quota: try Quota(from: row, at: 1))
                }
            )
        }
        return quotas
    }

    func session(_ id: UInt64) throws -> SessionRecord? {
        try first(.session, Int64(bitPattern: id), subject: "session \(id)") { row throws(RowDamage) in
            SessionRecord(id: id, expires: try row.number(0), info: try row.bytes(1) ?? [])
        }
    }

    func sessions() throws -> [SessionRecord] {
        try all(.sessions, subject: "the sessions") { row throws(RowDamage) in
            SessionRecord(id: try row.number(0), expires: try row.number(1), info: try row.bytes(2) ?? [])
        }
    }

    func sustainedInodes(of session: UInt64) throws -> [Inode] {
        try all(.sustainedInodes, Int64(bitPattern: session), subject: "the open files of session \(session)")
        {
            row throws(RowDamage) in try row.inode(0)
        }
    }

    func sustainingSessions(of inode: Inode) throws -> [UInt64] {
        try all(.sustainingSessions, inode.stored, subject: "the sessions that hold node \(inode)") {
            row throws(RowDamage) in try row.number(0)
        }
    }

    func deletedFile(_ inode: Inode) throws -> DeletedFile? {
        try first(.deletedFile, inode.stored, subject: "deleted file \(inode)") { row throws(RowDamage) in
            DeletedFile(inode: inode, length: try row.number(0), deleted: try row.number(1))
        }
    }

    func delayedSlices(_ id: UInt64) throws -> DelayedSlices? {
        try first(.delayedSlices, Int64(bitPattern: id), subject: "delayed slices \(id)") {
            row throws(RowDamage) in
            DelayedSlices(id: id, deleted: try row.number(0), encodedSlices: try row.run(1))
        }
    }

    func detachedNode(_ inode: Inode) throws -> DetachedNode? {
        try first(.detachedNode, inode.stored, subject: "detached node \(inode)") { row throws(RowDamage) in
            DetachedNode(inode: inode, added: try row.number(0))
        }
    }

    func aclRule(_ id: UInt32) throws -> ACLRule? {
        try first(.aclRule, Int64(id), subject: "ACL rule \(id)") { row throws(RowDamage) in
            try ACLRule(from: row, at: 0)
        }
    }

    func fileLocks(of inode: Inode) throws -> [FileLock] {
        try all(.fileLocks, inode.stored, subject: "the locks of node \(inode)") { row throws(RowDamage) in
            try FileLock(from: row)
        }
    }

    func rangeLocks(of inode: Inode) throws -> [OwnedRangeLocks] {
        try all(.rangeLocks, inode.stored, subject: "the range locks of node \(inode)") {
            row throws(RowDamage) in
            try OwnedRangeLocks(from: row)
        }
    }

    func changes(after version: Int64, limit: Int) throws -> [ChangeRecord] {
        try all(.changes, version, Int64(max(0, limit)), subject: "the change log") { row throws(RowDamage) in
            ChangeRecord(version: try row.number(0), entry: try row.run(1))
        }
    }

    func lastChange() throws -> Int64 {
        try first(.lastChange, subject: "the change log") { row throws(RowDamage) in
            try row.integer(0) ?? 0
        } ?? 0
    }
}

extension SQLStatement {
    /// Binds the key of a quota: the inode, or the kind and the id.
    func bind(_ kind: QuotaKind, _ key: UInt64, at start: Int = 0) throws(EngineError) {
        guard kind != .directory else { return try bind(Int64(bitPattern: key), at: start) }
        try bind(Int64(kind.rawValue), at: start)
        try bind(Int64(bitPattern: key), at: start + 1)
    }
}

extension FileLock {
    /// `R` and `W` (metadata-format §3.2).
    private static let readCode: Int64 = 82
    private static let writeCode: Int64 = 87

    /// The lock as a row holds it.
    var code: Int64 { isWrite ? Self.writeCode : Self.readCode }

    /// Reads three columns: sid, owner, ltype.
    init(from row: any SQLStatement) throws(RowDamage) {
        let type = try row.number(2, as: Int64.self)
        guard type == Self.writeCode || type == Self.readCode else {
            throw RowDamage(reason: "lock type \(type)")
        }
        self.init(session: try row.number(0), owner: try row.bits(1), isWrite: type == Self.writeCode)
    }
}

extension OwnedRangeLocks {
    /// Reads three columns: sid, owner, records.
    init(from row: any SQLStatement) throws(RowDamage) {
        let encoded = try row.run(2)
        let locks: [RangeLock]
        do { locks = try RangeLock.list(decoding: encoded) } catch { throw RowDamage(reason: "\(error)") }
        self.init(session: try row.number(0), owner: try row.bits(1), locks: locks)
    }
}

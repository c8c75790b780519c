// SPDX-License-Identifier: Apache-2.0
// Chunks, statistics, sessions, queues, rules, locks and the change log.

import Metadata
import SluiceBase
import VolumeModel

extension RedisReader {
    // MARK: Chunks and slices

    /// Chunks asked for in one round trip.
    private static var chunkBatch: UInt32 { 256 }

    func chunk(_ index: UInt32, of inode: Inode) throws -> ChunkRecord? {
        try chunks([index], of: inode).first
    }

    /// Those that are there.
    ///
    /// A missing list and an empty one are the same.
    private func chunks(_ indexes: [UInt32], of inode: Inode) throws -> [ChunkRecord] {
        let lists = try store.lists(indexes.map { keys.chunk($0, inode) })
        return zip(indexes, lists).compactMap { index, items in
            items.isEmpty ? nil : ChunkRecord(inode: inode, index: index, slices: Array(items.joined()))
        }
    }

    func chunks(of inode: Inode) throws -> [ChunkRecord] {
        let length = try node(inode)?.length ?? deletedFile(inode)?.length ?? 0
        // Nothing lists the chunks of a file. Those behind its end, which a truncated file keeps, are looked
        // for until a whole batch is not there.
        let expected = min(length / Chunk.size, UInt64(UInt32.max))
        var found: [ChunkRecord] = []
        var start: UInt32 = 0
        while true {
            let (end, overflow) = start.addingReportingOverflow(Self.chunkBatch)
            let batch = try chunks(Array(start..<(overflow ? .max : end)), of: inode)
            found += batch
            guard !overflow, !batch.isEmpty || UInt64(end) <= expected else { return found }
            start = end
        }
    }

    func sliceReference(_ id: UInt64, size: UInt32) throws -> SliceReference? {
        try sliceReferences([SliceKey(id: id, size: size)])[0]
    }

    func sliceReferences(_ slices: [SliceKey]) throws -> [SliceReference?] {
        guard !slices.isEmpty else { return [] }
        let stored = try store.values(
            slices.map { .field(ReferenceField.encode($0.id, size: $0.size), of: keys.sliceReferences) }
        )
        return try zip(slices, stored).map { slice, bytes in
            // Stored is one less than the count, and nothing means one user (metadata-format §4.1).
            let others = try store.number(bytes, "the reference of slice \(slice.id)") ?? 0
            return SliceReference(id: slice.id, size: slice.size, count: others.saturatingAdd(1))
        }
    }

    // MARK: Statistics and quotas

    func directoryStat(of inode: Inode) throws -> DirectoryStat? {
        let field = [UInt8](decimal: inode.number)
        let stored = try store.values(
            [keys.dataLengths, keys.usedSpaces, keys.usedInodes].map { .field(field, of: $0) }
        )
        // JuiceFS 1.4.2 leaves the lengths behind when it removes all stats.
        guard stored[1] != nil || stored[2] != nil else { return nil }
        let numbers = try stored.map { try store.number($0, "the stat of directory \(inode)") ?? 0 }
        return DirectoryStat(dataLength: numbers[0], usedSpace: numbers[1], usedInodes: numbers[2])
    }

    func quota(_ kind: QuotaKind, _ key: UInt64) throws -> Quota? {
        let field = [UInt8](decimal: key)
        let names = keys.quotas(kind)
        let stored = try store.values(
            [names.limits, names.space, names.inodes].map { .field(field, of: $0) }
        )
        guard let limits = stored[0] else { return nil }
        return try quota(limits, used: stored[1], stored[2], subject: "the quota of \(kind) \(key)")
    }

    private func quota(
        _ limits: [UInt8],
        used space: [UInt8]?,
        _ inodes: [UInt8]?,
        subject: String,
    ) throws(EngineError) -> Quota {
        var quota = try store.decoded(subject) { () throws(CodecError) in try Quota(decodingLimits: limits) }
        quota.usedSpace = try store.number(space, subject) ?? 0
        quota.usedInodes = try store.number(inodes, subject) ?? 0
        return quota
    }

    func quotas(_ kind: QuotaKind) throws -> [QuotaRecord] {
        let names = keys.quotas(kind)
        let stored = try store.allFields([names.limits, names.space, names.inodes].map(Fetch.hash))
        let space = Dictionary(stored[1].map { ($0.name, $0.value) }) { first, _ in first }
        let inodes = Dictionary(stored[2].map { ($0.name, $0.value) }) { first, _ in first }
        let records = try stored[0].map { field in
            let subject = "the quotas of \(kind) \(ByteString(field.name))"
            guard let key = UInt64(decimal: field.name) else {
                throw store.failure(.corrupt, "read \(subject)", "no number")
            }
            let quota = try quota(field.value, used: space[field.name], inodes[field.name], subject: subject)
            return QuotaRecord(kind: kind, key: key, quota: quota)
        }
        return records.sorted { $0.key < $1.key }
    }

    // MARK: Sessions

    func session(_ id: UInt64) throws -> SessionRecord? {
        let name = [UInt8](decimal: id)
        let stored = try store.values([.score(name, of: keys.sessions), .field(name, of: keys.sessionInfos)])
        return try session(id, expires: stored[0], info: stored[1])
    }

    private func session(
        _ id: UInt64,
        expires: [UInt8]?,
        info: [UInt8]?
    ) throws(EngineError) -> SessionRecord? {
        guard expires != nil || info != nil else { return nil }
        guard let time = Int64(score: expires ?? [UInt8(ascii: "0")]) else {
            throw store.failure(.corrupt, "read session \(id)", "its time is no number")
        }
        return SessionRecord(id: id, expires: time, info: info ?? [])
    }

    func sessions() throws -> [SessionRecord] {
        let stored = try store.allFields([.scores(keys.sessions), .hash(keys.sessionInfos)])
        let times = Dictionary(stored[0].map { ($0.name, $0.value) }) { first, _ in first }
        let infos = Dictionary(stored[1].map { ($0.name, $0.value) }) { first, _ in first }
        let records = try Set(times.keys).union(infos.keys).compactMap { name in
            guard let id = UInt64(decimal: name) else {
                throw store.failure(.corrupt, "read session \(ByteString(name))", "no number")
            }
            return try session(id, expires: times[name], info: infos[name])
        }
        return records.sorted { $0.id < $1.id }
    }

    func sustainedInodes(of session: UInt64) throws -> [Inode] {
        let subject = "the files of session \(session)"
        let members = try store.fields(.members(keys.sustained(session)))
        return try members.map { member in
            try store.decoded(subject) { () throws(CodecError) in try KeySuffix.inode(member.name) }
        }.sorted()
    }

    /// Sessions whose record is gone and that may still hold files: so many below the counter, and some above
    /// it, because a volume that was loaded begins to count anew.
    private static let unregisteredSessions: (below: Int64, above: Int64) = (1024, 64)

    func sustainingSessions(of inode: Inode) throws -> [UInt64] {
        let last = try counter(.nextSession) ?? 0
        let top = max(0, last).saturatingAdd(Self.unregisteredSessions.above)
        let recent = max(1, top - Self.unregisteredSessions.below)...top
        let ids = Set(try sessions().map(\.id)).union(recent.compactMap { UInt64(exactly: $0) }).sorted()
        let member = [UInt8](decimal: inode.number)
        let held = try store.values(ids.map { .isMember(member, of: keys.sustained($0)) })
        return zip(ids, held).filter { $0.1 != nil }.map(\.0)
    }

    // MARK: Queues

    func deletedFile(_ inode: Inode) throws -> DeletedFile? {
        guard let member = try deletedFileMember(inode), let score = try deletedFileScore(member) else {
            return nil
        }
        let decoded = try store.decoded("deleted file \(inode)") { () throws(CodecError) in
            try DeletedFileMember.decode(member)
        }
        return DeletedFile(inode: inode, length: decoded.length, deleted: score)
    }

    private func deletedFileScore(_ member: [UInt8]) throws -> Int64? {
        try store.value(.score(member, of: keys.deletedFiles)).flatMap { Int64(score: $0) }
    }

    /// The member of a deleted file, of which only the beginning is known.
    func deletedFileMember(_ inode: Inode) throws -> [UInt8]? {
        if let known = shared.hint(ofDeletedFile: inode), try deletedFileScore(known) != nil { return known }
        let start = [UInt8](decimal: inode.number) + [UInt8(ascii: ":")]
        return try firstName(in: keys.deletedFiles, "ZSCAN", beginningWith: start)
    }

    func delayedSlices(_ id: UInt64) throws -> DelayedSlices? {
        guard let field = try delayedField(id), let slices = try delayedValue(field) else { return nil }
        let decoded = try store.decoded("delayed slices \(id)") { () throws(CodecError) in
            try DelayedField.decode(field)
        }
        return DelayedSlices(id: id, deleted: decoded.deleted, encodedSlices: slices)
    }

    private func delayedValue(_ field: [UInt8]) throws -> [UInt8]? {
        try store.value(.field(field, of: keys.delayedSlices))
    }

    /// The field of delayed slices, of which only the beginning is known.
    func delayedField(_ id: UInt64) throws -> [UInt8]? {
        if let known = shared.hint(ofDelayedSlices: id), try delayedValue(known) != nil { return known }
        return try firstName(
            in: keys.delayedSlices,
            "HSCAN",
            beginningWith: [UInt8](decimal: id) + [UInt8(ascii: "_")]
        )
    }

    private func firstName(
        in key: Key,
        _ command: StaticString,
        beginningWith start: [UInt8],
    ) throws -> [UInt8]? {
        var cursor = [UInt8(ascii: "0")]
        repeat {
            var batch = CommandBatch()
            batch.add(
                command,
                key.bytes,
                cursor,
                Array("MATCH".utf8),
                start + [UInt8(ascii: "*")],
                Array("COUNT".utf8),
                Array("10000".utf8)
            )
            let page = try ScanPage(
                try store.exchange(batch).first,
                "look through key \(ByteString(key.bytes))",
                address: store.address
            )
            if let field = page.fields.first(where: { $0.name.starts(with: start) }) { return field.name }
            cursor = page.cursor
        } while cursor != [UInt8(ascii: "0")]
        return nil
    }

    func detachedNode(_ inode: Inode) throws -> DetachedNode? {
        let member = [UInt8](decimal: inode.number)
        guard let score = try store.value(.score(member, of: keys.detachedNodes)) else { return nil }
        guard let added = Int64(score: score) else {
            throw store.failure(.corrupt, "read detached node \(inode)", "its time is no number")
        }
        return DetachedNode(inode: inode, added: added)
    }

    // MARK: ACL and locks

    func aclRule(_ id: UInt32) throws -> ACLRule? {
        guard let bytes = try store.value(.field([UInt8](decimal: UInt64(id)), of: keys.aclRules)) else {
            return nil
        }
        return try store.decoded("ACL rule \(id)") { () throws(CodecError) in try ACLRule(decoding: bytes) }
    }

    func fileLocks(of inode: Inode) throws -> [FileLock] {
        try store.fields(.hash(keys.fileLocks(inode))).map { field in
            try store.decoded("the locks of node \(inode)") { () throws(CodecError) in
                try FileLock(field)
            }
        }
    }

    func rangeLocks(of inode: Inode) throws -> [OwnedRangeLocks] {
        try store.fields(.hash(keys.rangeLocks(inode))).map { field in
            try store.decoded("the range locks of node \(inode)") { () throws(CodecError) in
                try OwnedRangeLocks(field)
            }
        }
    }

    // MARK: The change log

    func lastChange() throws -> Int64 {
        try store.number(store.value(.string(keys.lastChange)), "the change log") ?? 0
    }

    func changes(after version: Int64, limit: Int) throws -> [ChangeRecord] {
        var place = try changeLogPlace()
        while true {
            // The item at index i has the version first + i (metadata-format §5.12).
            let start = max(0, version.saturatingAdd(1).saturatingAdd(-place.first))
            guard limit > 0, start < place.count else { return [] }
            let end = min(place.count, start.saturatingAdd(Int64(limit))) - 1
            var batch = CommandBatch()
            batch.add("LRANGE", keys.changes.bytes, [UInt8](decimal: start), [UInt8](decimal: end))
            let reply = try store.exchange(batch).first?.checked(
                "read the change log",
                address: store.address
            )
            let now = try changeLogPlace()
            // Somebody may have trimmed it meanwhile; then the lines have other indexes.
            if now.first == place.first, case .array(let lines) = reply {
                return lines.enumerated().compactMap { index, line in
                    line.bytes.map { ChangeRecord(version: place.first + start + Int64(index), entry: $0) }
                }
            }
            place = now
        }
    }

    /// The version of the first line that is left, and how many there are.
    func changeLogPlace() throws -> (first: Int64, count: Int64) {
        var batch = CommandBatch()
        batch.add("LLEN", keys.changes.bytes)
        batch.add("GET", keys.lastChange.bytes)
        batch.add("LLEN", keys.changes.bytes)
        while true {
            let replies = try store.exchange(batch)
            for reply in replies { _ = try reply.checked("read the change log", address: store.address) }
            guard replies.count == 3, case .integer(let before) = replies[0],
                case .integer(let after) = replies[2]
            else { throw store.failure(.failed, "read the change log", "an unexpected reply") }
            // A line that was added in between would give the lines wrong numbers.
            guard before == after else { continue }
            let last = try store.number(replies[1].bytes, "the change log") ?? 0
            return (last.saturatingAdd(1 - after), after)
        }
    }
}

extension FileLock {
    init(_ field: Field) throws(CodecError) {
        let (session, owner) = try LockField.decode(field.name)
        switch field.value {
        case [UInt8(ascii: "W")]: self.init(session: session, owner: owner, isWrite: true)
        case [UInt8(ascii: "R")]: self.init(session: session, owner: owner, isWrite: false)
        default: throw CodecError("lock", "\(ByteString(field.value)) is neither R nor W")
        }
    }
}

extension OwnedRangeLocks {
    init(_ field: Field) throws(CodecError) {
        let (session, owner) = try LockField.decode(field.name)
        self.init(session: session, owner: owner, locks: try RangeLock.list(decoding: field.value))
    }
}

// SPDX-License-Identifier: Apache-2.0
// Streams of records. Redis has no snapshots: a record that is there from the beginning to the end of a scan
// comes, others may or may not.

import Metadata
import SluiceBase
import VolumeModel

/// Streams the records of a volume.
final class RedisScanner: RedisReader, MetadataScanner {
    private(set) lazy var keySpace = KeySpace(store, keys)

    // MARK: Families of keys

    func scanNodes() throws -> any RecordCursor<NodeRecord> {
        let scan = FamilyScan<NodeRecord>(self, .node, .strings) { (key, found) throws(CodecError) in
            guard case .value(let bytes?) = found else { return nil }
            return NodeRecord(inode: Inode(key.first), attributes: try Attributes(decoding: bytes))
        }
        return ScanCursor(scan.nextPage)
    }

    func scanSymlinks() throws -> any RecordCursor<SymlinkRecord> {
        let scan = FamilyScan<SymlinkRecord>(self, .symlink, .strings) { key, found in
            guard case .value(let bytes?) = found else { return nil }
            return SymlinkRecord(inode: Inode(key.first), target: ByteString(bytes))
        }
        return ScanCursor(scan.nextPage)
    }

    func scanChunks() throws -> any RecordCursor<ChunkRecord> {
        let scan = FamilyScan<ChunkRecord>(self, .chunk, .lists) { key, found in
            guard case .items(let items) = found, !items.isEmpty else { return nil }
            return ChunkRecord(inode: Inode(key.first), index: key.index, slices: Array(items.joined()))
        }
        return ScanCursor(scan.nextPage)
    }

    func scanEdges() throws -> any RecordCursor<EdgeRecord> {
        let scan = HashFamilyScan<EdgeRecord>(self, .edge, .hash) { (key, field) throws(CodecError) in
            let entry = try EntryValue.decode(field.value)
            return EdgeRecord(
                parent: Inode(key.first),
                name: FileName(field.name),
                inode: entry.inode,
                type: entry.type
            )
        }
        return ScanCursor(scan.nextPage)
    }

    func scanExtendedAttributes() throws -> any RecordCursor<ExtendedAttributeRecord> {
        let scan = HashFamilyScan<ExtendedAttributeRecord>(self, .attribute, .hash) { key, field in
            ExtendedAttributeRecord(
                inode: Inode(key.first),
                name: ByteString(field.name),
                value: field.value
            )
        }
        return ScanCursor(scan.nextPage)
    }

    func scanSustainedInodes() throws -> any RecordCursor<SustainedInode> {
        let scan = HashFamilyScan<SustainedInode>(self, .sustained, .set) { (key, field) throws(CodecError) in
            SustainedInode(session: key.first, inode: try KeySuffix.inode(field.name))
        }
        return ScanCursor(scan.nextPage)
    }

    // MARK: Single hashes

    func scanSliceReferences() throws -> any RecordCursor<SliceReference> {
        let scan = FieldScan<SliceReference>(
            store,
            keys.sliceReferences,
            order: { (try? ReferenceField.decode($0))?.id },
            kind: "slice reference"
        ) { (field, _) throws(CodecError) in
            let slice = try ReferenceField.decode(field.name)
            let others = try Self.number(field.value, "slice reference")
            return SliceReference(id: slice.id, size: slice.size, count: others.saturatingAdd(1))
        }
        return ScanCursor(scan.nextPage)
    }

    func scanDelayedSlices() throws -> any RecordCursor<DelayedSlices> {
        let shared = shared
        let scan = FieldScan<DelayedSlices>(store, keys.delayedSlices, kind: "delayed slices") {
            (field, _) throws(CodecError) in
            let (id, deleted) = try DelayedField.decode(field.name)
            shared.remember(field.name, ofDelayedSlices: id)
            return DelayedSlices(id: id, deleted: deleted, encodedSlices: field.value)
        }
        return ScanCursor(scan.nextPage)
    }

    func scanDeletedFiles() throws -> any RecordCursor<DeletedFile> {
        let shared = shared
        let scan = FieldScan<DeletedFile>(store, keys.deletedFiles, .sortedSet, kind: "deleted file") {
            (field, _) throws(CodecError) in
            let (inode, length) = try DeletedFileMember.decode(field.name)
            shared.remember(field.name, ofDeletedFile: inode)
            return DeletedFile(
                inode: inode,
                length: length,
                deleted: try Self.score(field.value, "deleted file")
            )
        }
        return ScanCursor(scan.nextPage)
    }

    func scanDetachedNodes() throws -> any RecordCursor<DetachedNode> {
        let scan = FieldScan<DetachedNode>(store, keys.detachedNodes, .sortedSet, kind: "detached node") {
            (field, _) throws(CodecError) in
            let inode = try KeySuffix.inode(field.name)
            return DetachedNode(inode: inode, added: try Self.score(field.value, "detached node"))
        }
        return ScanCursor(scan.nextPage)
    }

    func scanDirectoryStats() throws -> any RecordCursor<DirectoryStatRecord> {
        // Where the number of inodes is missing, the bytes alone make a record.
        let scan = FieldScan<DirectoryStatRecord>(
            store,
            keys.usedInodes,
            order: { UInt64(decimal: $0) },
            companions: [keys.dataLengths, keys.usedSpaces],
            kind: "dir stat"
        ) { (field, others) throws(CodecError) in
            try Self.stat(field.name, length: others[0], space: others[1], inodes: field.value)
        }
        let rest = FieldScan<DirectoryStatRecord>(
            store,
            keys.usedSpaces,
            order: { UInt64(decimal: $0) },
            companions: [keys.dataLengths, keys.usedInodes],
            kind: "dir stat"
        ) { (field, others) throws(CodecError) in
            guard others[1] == nil else { return nil }
            return try Self.stat(field.name, length: others[0], space: field.value, inodes: nil)
        }
        return MergedCursor(ScanCursor(scan.nextPage), ScanCursor(rest.nextPage)) { $0.inode < $1.inode }
    }

    func scanQuotas(_ kind: QuotaKind) throws -> any RecordCursor<QuotaRecord> {
        let names = keys.quotas(kind)
        let scan = FieldScan<QuotaRecord>(
            store,
            names.limits,
            companions: [names.space, names.inodes],
            kind: "\(kind) quota"
        ) { (field, used) throws(CodecError) in
            var quota = try Quota(decodingLimits: field.value)
            quota.usedSpace =
                try used[0].map { bytes throws(CodecError) in try Self.number(bytes, "quota") } ?? 0
            quota.usedInodes =
                try used[1].map { bytes throws(CodecError) in try Self.number(bytes, "quota") } ?? 0
            return QuotaRecord(kind: kind, key: try KeySuffix.inode(field.name).number, quota: quota)
        }
        return ScanCursor(scan.nextPage)
    }

    func scanACLRules() throws -> any RecordCursor<ACLRecord> {
        let scan = FieldScan<ACLRecord>(store, keys.aclRules, kind: "acl") {
            (field, _) throws(CodecError) in
            guard let id = UInt32(decimal: field.name) else {
                throw CodecError("ACL rule", "\(ByteString(field.name)) is no number")
            }
            return ACLRecord(id: id, rule: try ACLRule(decoding: field.value))
        }
        return ScanCursor(scan.nextPage)
    }

    private static func number(_ bytes: [UInt8], _ subject: String) throws(CodecError) -> Int64 {
        guard let number = Int64(decimal: bytes) else {
            throw CodecError(subject, "\(ByteString(bytes)) is no number")
        }
        return number
    }

    private static func score(_ bytes: [UInt8], _ subject: String) throws(CodecError) -> Int64 {
        guard let score = Int64(score: bytes) else {
            throw CodecError(subject, "\(ByteString(bytes)) is no time")
        }
        return score
    }

    private static func stat(
        _ name: [UInt8],
        length: [UInt8]?,
        space: [UInt8]?,
        inodes: [UInt8]?,
    ) throws(CodecError) -> DirectoryStatRecord {
        let zero = [UInt8(ascii: "0")]
        let stat = DirectoryStat(
            dataLength: try number(length ?? zero, "dir stat"),
            usedSpace: try number(space ?? zero, "dir stat"),
            usedInodes: try number(inodes ?? zero, "dir stat")
        )
        return DirectoryStatRecord(inode: try KeySuffix.inode(name), stat: stat)
    }

    // MARK: Locks and counters

    func fileLocks(ofSession id: UInt64) throws -> [(inode: Inode, lock: FileLock)] {
        try locks(ofSession: id, areRanges: false).map { inode, field in
            let lock = try store.decoded("the locks of session \(id)") { () throws(CodecError) in
                try FileLock(field)
            }
            return (inode, lock)
        }
    }

    func rangeLocks(ofSession id: UInt64) throws -> [(inode: Inode, locks: OwnedRangeLocks)] {
        try locks(ofSession: id, areRanges: true).map { inode, field in
            let locks = try store.decoded("the range locks of session \(id)") { () throws(CodecError) in
                try OwnedRangeLocks(field)
            }
            return (inode, locks)
        }
    }

    private func locks(ofSession id: UInt64, areRanges: Bool) throws -> [(Inode, Field)] {
        let held = try store.fields(.members(keys.locked(id))).compactMap { member in
            keys.lockedInode(member.name).flatMap { $0.isRange == areRanges ? $0.inode : nil }
        }.sorted()
        let fields = try store.allFields(
            held.map { .hash(areRanges ? keys.rangeLocks($0) : keys.fileLocks($0)) }
        )
        let start = LockField.prefix(of: id)
        return zip(held, fields).flatMap { inode, fields in
            fields.filter { $0.name.starts(with: start) }.map { (inode, $0) }
        }
    }

    func counters() throws -> [(name: String, value: Int64)] {
        let own = Counter.allCases.map { (name: $0.rawValue, key: keys.counter($0), offset: $0.storedOffset) }
        let others = [keys.lastACL, keys.lastToken].map {
            (name: ByteString($0.bytes.dropFirst(keys.prefix.count)).description, key: $0, offset: Int64(0))
        }
        let all = own + others
        let stored = try store.values(all.map { .string($0.key) })
        return try zip(all, stored).compactMap { counter, bytes in
            try store.number(bytes, "counter \(counter.name)").map {
                (counter.name, $0.saturatingAdd(counter.offset))
            }
        }
    }

    func estimatedNodeCount() throws -> Int64? {
        try counter(.totalInodes)
    }
}

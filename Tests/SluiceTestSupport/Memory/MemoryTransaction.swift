// SPDX-License-Identifier: Apache-2.0
// Reads of a copy of the records; the writes are in MemoryTransaction+Writes.swift, the scans in
// MemoryTransaction+Scans.swift.

import Metadata
import SluiceBase
import VolumeModel

/// A reader, transaction and scanner over its own copy of the records.
final class MemoryTransaction {
    var records: MemoryRecords
    let likeRedis: Bool

    init(_ records: MemoryRecords, likeRedis: Bool) {
        self.records = records
        self.likeRedis = likeRedis
    }
}

extension MemoryTransaction: MetadataReader {
    func setting() throws -> [UInt8]? { records.setting }

    func counter(_ counter: Counter) throws -> Int64? { records.counters[counter.rawValue] }

    func node(_ inode: Inode) throws -> Attributes? { records.nodes[inode] }

    func nodes(_ inodes: [Inode]) throws -> [Attributes?] { inodes.map { records.nodes[$0] } }

    func entry(named name: FileName, in directory: Inode) throws -> Entry? {
        records.entries[directory]?[name]
    }

    func entries(of directory: Inode, after name: FileName?, limit: Int) throws -> [NamedEntry] {
        (records.entries[directory] ?? [:])
            .filter { entry in name.map { $0 < entry.key } ?? true }
            .sorted { $0.key < $1.key }
            .prefix(limit)
            .map { NamedEntry(name: $0.key, inode: $0.value.inode, type: $0.value.type) }
    }

    func parents(of inode: Inode) throws -> [ParentLink] {
        if likeRedis {
            guard let node = records.nodes[inode] else { return [] }
            guard node.parent.number == 0 else { return [ParentLink(parent: node.parent, count: 1)] }
            return (records.parentLinks[inode] ?? [:])
                .map { ParentLink(parent: $0.key, count: $0.value) }
                .sorted { $0.parent < $1.parent }
        }
        return records.entries
            .map { directory, entries in
                ParentLink(parent: directory, count: Int64(entries.count { $0.value.inode == inode }))
            }
            .filter { $0.count > 0 }
            .sorted { $0.parent < $1.parent }
    }

    func names(of inode: Inode, in directory: Inode) throws -> [FileName] {
        (records.entries[directory] ?? [:]).filter { $0.value.inode == inode }.map(\.key).sorted()
    }

    func symlinkTarget(of inode: Inode) throws -> ByteString? { records.symlinks[inode] }

    func extendedAttribute(named name: ByteString, of inode: Inode) throws -> [UInt8]? {
        records.extendedAttributes[inode]?[name]
    }

    func extendedAttributes(of inode: Inode) throws -> [ExtendedAttributeRecord] {
        (records.extendedAttributes[inode] ?? [:])
            .map { ExtendedAttributeRecord(inode: inode, name: $0.key, value: $0.value) }
            .sorted { $0.name < $1.name }
    }

    func chunk(_ index: UInt32, of inode: Inode) throws -> ChunkRecord? {
        records.chunks[inode]?[index].map { ChunkRecord(inode: inode, index: index, slices: $0) }
    }

    func chunks(of inode: Inode) throws -> [ChunkRecord] {
        (records.chunks[inode] ?? [:])
            .map { ChunkRecord(inode: inode, index: $0.key, slices: $0.value) }
            .sorted { $0.index < $1.index }
    }

    func sliceReference(_ id: UInt64, size: UInt32) throws -> SliceReference? {
        let stored = records.sliceReferences[id]
        guard likeRedis, stored?.size != size else { return stored }
        return SliceReference(id: id, size: size, count: 1)
    }

    func directoryStat(of inode: Inode) throws -> DirectoryStat? { records.directoryStats[inode] }

    func quota(_ kind: QuotaKind, _ key: UInt64) throws -> Quota? {
        records.quotas[QuotaKey(kind: kind, key: key)]
    }

    func quotas(_ kind: QuotaKind) throws -> [QuotaRecord] {
        records.quotas
            .filter { $0.key.kind == kind }
            .map { QuotaRecord(kind: kind, key: $0.key.key, quota: $0.value) }
            .sorted { $0.key < $1.key }
    }

    func session(_ id: UInt64) throws -> SessionRecord? { records.sessions[id] }

    func sessions() throws -> [SessionRecord] { records.sessions.values.sorted { $0.id < $1.id } }

    func sustainedInodes(of session: UInt64) throws -> [Inode] {
        records.sustained.filter { $0.session == session }.map(\.inode).sorted()
    }

    func sustainingSessions(of inode: Inode) throws -> [UInt64] {
        records.sustained.filter { $0.inode == inode }.map(\.session).sorted()
    }

    func deletedFile(_ inode: Inode) throws -> DeletedFile? { records.deletedFiles[inode] }

    func delayedSlices(_ id: UInt64) throws -> DelayedSlices? { records.delayedSlices[id] }

    func detachedNode(_ inode: Inode) throws -> DetachedNode? { records.detachedNodes[inode] }

    func aclRule(_ id: UInt32) throws -> ACLRule? { records.aclRules[id] }

    func fileLocks(of inode: Inode) throws -> [FileLock] { records.fileLocks[inode] ?? [] }

    func rangeLocks(of inode: Inode) throws -> [OwnedRangeLocks] { records.rangeLocks[inode] ?? [] }

    func changes(after version: Int64, limit: Int) throws -> [ChangeRecord] {
        Array(records.changes.lazy.filter { $0.version > version }.prefix(limit))
    }

    func lastChange() throws -> Int64 { records.lastChange }
}

// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase
import VolumeModel

extension MemoryTransaction: MetadataTransaction {
    func lock(_ inodes: [Inode]) throws {}

    func setSetting(_ value: [UInt8]) throws { records.setting = value }

    func setCounter(_ counter: Counter, to value: Int64) throws { records.counters[counter.rawValue] = value }

    func add(_ delta: Int64, to counter: Counter) throws {
        _ = try advance(counter, by: delta)
    }

    func advance(_ counter: Counter, by delta: Int64) throws -> Int64 {
        let sum = (records.counters[counter.rawValue] ?? 0).saturatingAdd(delta)
        records.counters[counter.rawValue] = sum
        return sum
    }

    func insertNode(_ inode: Inode, _ attributes: Attributes) throws {
        guard records.nodes[inode] == nil else { throw EngineError(.exists, "insert node \(inode)") }
        records.nodes[inode] = attributes
    }

    func updateNode(_ inode: Inode, _ attributes: Attributes) throws {
        guard records.nodes[inode] != nil else { throw EngineError(.vanished, "update node \(inode)") }
        records.nodes[inode] = attributes
    }

    func touch(_ directory: Inode, linkDelta: Int32, time: Timestamp?) throws {
        guard var node = records.nodes[directory] else {
            throw EngineError(.vanished, "touch node \(directory)")
        }
        guard let links = UInt32(exactly: Int64(node.linkCount) + Int64(linkDelta)) else {
            throw EngineError(.overflow, "touch node \(directory)")
        }
        node.linkCount = links
        if let time {
            node.modifyTime = time
            node.changeTime = time
        }
        records.nodes[directory] = node
    }

    func deleteNode(_ inode: Inode) throws { records.nodes[inode] = nil }

    func insertEntry(_ entry: NamedEntry, in directory: Inode) throws {
        guard records.entries[directory]?[entry.name] == nil else {
            throw EngineError(.exists, "insert entry \(entry.name)")
        }
        records.entries[directory, default: [:]][entry.name] = entry.entry
    }

    func replaceEntry(_ entry: NamedEntry, in directory: Inode) throws {
        guard records.entries[directory]?[entry.name] != nil else {
            throw EngineError(.vanished, "replace entry \(entry.name)")
        }
        records.entries[directory]?[entry.name] = entry.entry
    }

    func deleteEntry(named name: FileName, in directory: Inode) throws {
        records.entries[directory]?[name] = nil
        if records.entries[directory]?.isEmpty ?? false { records.entries[directory] = nil }
    }

    func adjustParent(_ parent: Inode, of inode: Inode, by delta: Int64) throws {
        let count = (records.parentLinks[inode]?[parent] ?? 0) + delta
        records.parentLinks[inode, default: [:]][parent] = count == 0 ? nil : count
        if records.parentLinks[inode]?.isEmpty ?? false { records.parentLinks[inode] = nil }
    }

    func setSymlinkTarget(_ target: ByteString, of inode: Inode) throws { records.symlinks[inode] = target }

    func deleteSymlinkTarget(of inode: Inode) throws { records.symlinks[inode] = nil }

    func setExtendedAttribute(named name: ByteString, of inode: Inode, to value: [UInt8]) throws {
        records.extendedAttributes[inode, default: [:]][name] = value
    }

    func deleteExtendedAttribute(named name: ByteString, of inode: Inode) throws {
        records.extendedAttributes[inode]?[name] = nil
        if records.extendedAttributes[inode]?.isEmpty ?? false { records.extendedAttributes[inode] = nil }
    }

    func deleteExtendedAttributes(of inode: Inode) throws { records.extendedAttributes[inode] = nil }

    func appendSlices(_ slices: [Slice], toChunk index: UInt32, of inode: Inode) throws -> Int {
        records.chunks[inode, default: [:]][index, default: []] += Slice.encode(slices)
        return (records.chunks[inode]?[index]?.count ?? 0) / Slice.encodedSize
    }

    func setChunk(_ record: ChunkRecord) throws {
        records.chunks[record.inode, default: [:]][record.index] = record.slices
    }

    func deleteChunk(_ index: UInt32, of inode: Inode) throws {
        records.chunks[inode]?[index] = nil
        if records.chunks[inode]?.isEmpty ?? false { records.chunks[inode] = nil }
    }

    func insertSliceReference(_ reference: SliceReference) throws {
        guard records.sliceReferences[reference.id] == nil else {
            throw EngineError(.exists, "insert slice \(reference.id)")
        }
        guard !likeRedis || reference.count != 1 else { return }
        records.sliceReferences[reference.id] = reference
    }

    func adjustSliceReference(_ id: UInt64, size: UInt32, by delta: Int64) throws {
        guard var reference = try sliceReference(id, size: size) else { return }
        reference.count += delta
        records.sliceReferences[id] = reference
    }

    func deleteSliceReference(_ id: UInt64, size: UInt32) throws { records.sliceReferences[id] = nil }

    func setDirectoryStat(_ stat: DirectoryStat, of inode: Inode) throws {
        records.directoryStats[inode] = stat
    }

    func adjustDirectoryStat(of inode: Inode, by delta: DirectoryStat) throws -> Bool {
        guard let stat = records.directoryStats[inode] else { return false }
        records.directoryStats[inode] = stat + delta
        return true
    }

    func deleteDirectoryStat(of inode: Inode) throws { records.directoryStats[inode] = nil }

    func deleteDirectoryStats() throws { records.directoryStats = [:] }

    func setQuota(_ record: QuotaRecord) throws {
        records.quotas[QuotaKey(kind: record.kind, key: record.key)] = record.quota
    }

    func adjustQuota(_ kind: QuotaKind, _ key: UInt64, space: Int64, inodes: Int64) throws -> Bool {
        let key = QuotaKey(kind: kind, key: key)
        guard var quota = records.quotas[key] else { return false }
        quota.usedSpace = quota.usedSpace.saturatingAdd(space)
        quota.usedInodes = quota.usedInodes.saturatingAdd(inodes)
        records.quotas[key] = quota
        return true
    }

    func deleteQuota(_ kind: QuotaKind, _ key: UInt64) throws {
        records.quotas[QuotaKey(kind: kind, key: key)] = nil
    }

    func setSession(_ record: SessionRecord) throws { records.sessions[record.id] = record }

    func setSessionExpiry(_ id: UInt64, to expires: Int64) throws -> Bool {
        records.sessions[id]?.expires = expires
        return records.sessions[id] != nil
    }

    func deleteSession(_ id: UInt64) throws { records.sessions[id] = nil }

    func insertSustained(_ record: SustainedInode) throws { records.sustained.insert(record) }

    func deleteSustained(_ record: SustainedInode) throws { records.sustained.remove(record) }

    func setDeletedFile(_ record: DeletedFile) throws { records.deletedFiles[record.inode] = record }

    func deleteDeletedFile(_ inode: Inode) throws { records.deletedFiles[inode] = nil }

    func setDelayedSlices(_ record: DelayedSlices) throws { records.delayedSlices[record.id] = record }

    func deleteDelayedSlices(_ id: UInt64) throws { records.delayedSlices[id] = nil }

    func insertDetachedNode(_ record: DetachedNode) throws { records.detachedNodes[record.inode] = record }

    func deleteDetachedNode(_ inode: Inode) throws { records.detachedNodes[inode] = nil }

    func aclID(of rule: ACLRule) throws -> UInt32 {
        if let known = records.aclRules.first(where: { $0.value == rule }) { return known.key }
        let id = (records.aclRules.keys.max() ?? 0) + 1
        records.aclRules[id] = rule
        return id
    }

    func setFileLock(_ lock: FileLock, of inode: Inode) throws {
        try deleteFileLock(session: lock.session, owner: lock.owner, of: inode)
        records.fileLocks[inode, default: []].append(lock)
    }

    func deleteFileLock(session: UInt64, owner: UInt64, of inode: Inode) throws {
        records.fileLocks[inode]?.removeAll { $0.session == session && $0.owner == owner }
    }

    func setRangeLocks(_ locks: OwnedRangeLocks, of inode: Inode) throws {
        records.rangeLocks[inode]?.removeAll { $0.session == locks.session && $0.owner == locks.owner }
        guard !locks.locks.isEmpty else { return }
        records.rangeLocks[inode, default: []].append(locks)
    }

    func appendChange(_ entry: [UInt8]) throws {
        records.lastChange += 1
        records.changes.append(ChangeRecord(version: records.lastChange, entry: entry))
    }

    func deleteChanges(through version: Int64) throws {
        records.changes.removeAll { $0.version <= version }
    }

    func deleteLocks(of session: UInt64) throws {
        for inode in records.fileLocks.keys { records.fileLocks[inode]?.removeAll { $0.session == session } }
        for inode in records.rangeLocks.keys {
            records.rangeLocks[inode]?.removeAll { $0.session == session }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Metadata
import VolumeModel

extension MemoryEngine: RecordDamage {
    package func apply(_ edits: [RecordEdit]) {
        edit { records in
            for edit in edits { records.apply(edit) }
        }
    }

    /// Values in memory have their types: there is nothing that does not decode, but for lists of bytes.
    package func garble(_ record: GarbledRecord) -> Bool {
        guard case .chunk(let index, let inode) = record else { return false }
        edit { $0.chunks[inode]?[index] = [1, 2, 3] }
        return true
    }
}

extension MemoryRecords {
    fileprivate mutating func apply(_ edit: RecordEdit) {
        switch edit {
        case .setNode(let inode, let attributes): nodes[inode] = attributes
        case .deleteNode(let inode): nodes[inode] = nil
        case .setEntry(let entry, let directory): entries[directory, default: [:]][entry.name] = entry.entry
        case .deleteEntry(let name, let directory): entries[directory]?[name] = nil
        case .setParentCount(let parent, let inode, let count):
            parentLinks[inode, default: [:]][parent] = count
        case .setSymlink(let inode, let target): symlinks[inode] = target
        case .deleteSymlink(let inode): symlinks[inode] = nil
        case .setAttribute(let record):
            extendedAttributes[record.inode, default: [:]][record.name] = record.value
        case .setChunk(let record): chunks[record.inode, default: [:]][record.index] = record.slices
        case .deleteChunk(let index, let inode): chunks[inode]?[index] = nil
        case .setReference(let reference): sliceReferences[reference.id] = reference
        case .deleteReference(let id, _): sliceReferences[id] = nil
        case .setStat(let inode, let stat): directoryStats[inode] = stat
        case .deleteStat(let inode): directoryStats[inode] = nil
        case .setQuota(let record): quotas[QuotaKey(kind: record.kind, key: record.key)] = record.quota
        case .deleteQuota(let kind, let key): quotas[QuotaKey(kind: kind, key: key)] = nil
        case .setCounter(let counter, let value): counters[counter.rawValue] = value
        case .setSession(let record): sessions[record.id] = record
        case .addSustained(let record): sustained.insert(record)
        case .deleteSustained(let record): sustained.remove(record)
        case .setDeletedFile(let file): deletedFiles[file.inode] = file
        case .setDelayed(let row): delayedSlices[row.id] = row
        case .setDetached(let record): detachedNodes[record.inode] = record
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase
import VolumeModel

/// A cursor over records that are at hand.
private final class ArrayCursor<Record: Sendable>: RecordCursor {
    private var rest: ArraySlice<Record>

    init(_ records: [Record]) {
        rest = records[...]
    }

    func next() throws -> Scanned<Record>? {
        rest.popFirst().map { .record($0) }
    }
}

extension MemoryTransaction: MetadataScanner {
    private func cursor<Record>(_ records: [Record]) -> ArrayCursor<Record> {
        ArrayCursor(records)
    }

    func scanNodes() throws -> any RecordCursor<NodeRecord> {
        cursor(
            records.nodes.sorted { $0.key < $1.key }.map { NodeRecord(inode: $0.key, attributes: $0.value) }
        )
    }

    func scanEdges() throws -> any RecordCursor<EdgeRecord> {
        let edges = records.entries.sorted { $0.key < $1.key }.flatMap { parent, entries in
            entries.sorted { $0.key < $1.key }.map { name, entry in
                EdgeRecord(parent: parent, name: name, inode: entry.inode, type: entry.type)
            }
        }
        return cursor(edges)
    }

    func scanChunks() throws -> any RecordCursor<ChunkRecord> {
        cursor(try records.chunks.keys.sorted().flatMap { try chunks(of: $0) })
    }

    func scanSliceReferences() throws -> any RecordCursor<SliceReference> {
        cursor(records.sliceReferences.values.sorted { $0.id < $1.id })
    }

    func scanDelayedSlices() throws -> any RecordCursor<DelayedSlices> {
        cursor(records.delayedSlices.values.sorted { $0.id < $1.id })
    }

    func scanDeletedFiles() throws -> any RecordCursor<DeletedFile> {
        cursor(records.deletedFiles.values.sorted { $0.inode < $1.inode })
    }

    func scanDetachedNodes() throws -> any RecordCursor<DetachedNode> {
        cursor(records.detachedNodes.values.sorted { $0.inode < $1.inode })
    }

    func scanSustainedInodes() throws -> any RecordCursor<SustainedInode> {
        cursor(records.sustained.sorted { ($0.session, $0.inode) < ($1.session, $1.inode) })
    }

    func scanSymlinks() throws -> any RecordCursor<SymlinkRecord> {
        cursor(
            records.symlinks.sorted { $0.key < $1.key }.map { SymlinkRecord(inode: $0.key, target: $0.value) }
        )
    }

    func scanExtendedAttributes() throws -> any RecordCursor<ExtendedAttributeRecord> {
        cursor(
            try records.extendedAttributes.keys.sorted().flatMap { try extendedAttributes(of: $0) }
        )
    }

    func scanDirectoryStats() throws -> any RecordCursor<DirectoryStatRecord> {
        cursor(
            records.directoryStats.sorted { $0.key < $1.key }
                .map { DirectoryStatRecord(inode: $0.key, stat: $0.value) }
        )
    }

    func scanQuotas(_ kind: QuotaKind) throws -> any RecordCursor<QuotaRecord> {
        cursor(try quotas(kind))
    }

    func scanACLRules() throws -> any RecordCursor<ACLRecord> {
        cursor(records.aclRules.sorted { $0.key < $1.key }.map { ACLRecord(id: $0.key, rule: $0.value) })
    }

    func counters() throws -> [(name: String, value: Int64)] {
        records.counters.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
    }

    func estimatedNodeCount() throws -> Int64? { Int64(records.nodes.count) }
}

extension MemoryTransaction {
    func fileLocks(ofSession id: UInt64) throws -> [(inode: Inode, lock: FileLock)] {
        records.fileLocks.sorted { $0.key < $1.key }.flatMap { inode, locks in
            locks.filter { $0.session == id }.map { (inode, $0) }
        }
    }

    func rangeLocks(ofSession id: UInt64) throws -> [(inode: Inode, locks: OwnedRangeLocks)] {
        records.rangeLocks.sorted { $0.key < $1.key }.flatMap { inode, owned in
            owned.filter { $0.session == id }.map { (inode, $0) }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Scans: each cursor has a statement of its own inside the snapshot's transaction, so several can be open at
// a time.

import Metadata
import SluiceBase
import VolumeModel

/// Streams records of one snapshot.
final class SQLScanner: SQLReader, MetadataScanner {
    private var open: [any SQLStatement] = []

    /// Ends all scans and the use of this scanner.
    override func end() {
        for statement in open { statement.finish() }
        open = []
        super.end()
    }

    private func scan<Record: Sendable>(
        _ query: Query,
        _ key: ScanKey,
        parameter: Int64? = nil,
        _ decode: @escaping (any SQLStatement) throws(RowDamage) -> Record,
    ) throws -> any RecordCursor<Record> {
        let rows = try connection.freshStatement(query)
        if let parameter { try rows.bind(parameter, at: 0) }
        open.append(rows)
        return SQLCursor(rows, key, decode)
    }

    func scanNodes() throws -> any RecordCursor<NodeRecord> {
        try scan(.scanNodes, ScanKey("node", "inode", inodeColumn: 0)) { row throws(RowDamage) in
            NodeRecord(inode: try row.inode(0), attributes: try Attributes(from: row, at: 1))
        }
    }

    func scanEdges() throws -> any RecordCursor<EdgeRecord> {
        try scan(.scanEdges, ScanKey("edge", "edge.id", inodeColumn: 3)) { row throws(RowDamage) in
            guard !row.isText(2) else {
                throw RowDamage(reason: "name is stored as text, which no lookup finds")
            }
            return EdgeRecord(
                parent: try row.inode(1),
                name: FileName(try row.run(2)),
                inode: try row.inode(3),
                type: FileType(rawValue: try row.number(4))
            )
        }
    }

    func scanChunks() throws -> any RecordCursor<ChunkRecord> {
        try scan(.scanChunks, ScanKey("chunk", "chunk.id", inodeColumn: 1)) { row throws(RowDamage) in
            ChunkRecord(inode: try row.inode(1), index: try row.number(2), slices: try row.run(3))
        }
    }

    func scanSliceReferences() throws -> any RecordCursor<SliceReference> {
        try scan(.scanSliceReferences, ScanKey("slice reference", "slice")) { row throws(RowDamage) in
            SliceReference(id: try row.number(0), size: try row.number(1), count: try row.number(2))
        }
    }

    func scanDelayedSlices() throws -> any RecordCursor<DelayedSlices> {
        try scan(.scanDelayedSlices, ScanKey("delayed slices", "slice")) { row throws(RowDamage) in
            DelayedSlices(id: try row.number(0), deleted: try row.number(1), encodedSlices: try row.run(2))
        }
    }

    func scanDeletedFiles() throws -> any RecordCursor<DeletedFile> {
        try scan(.scanDeletedFiles, ScanKey("deleted file", "inode", inodeColumn: 0)) {
            row throws(RowDamage) in
            DeletedFile(inode: try row.inode(0), length: try row.number(1), deleted: try row.number(2))
        }
    }

    func scanDetachedNodes() throws -> any RecordCursor<DetachedNode> {
        try scan(.scanDetachedNodes, ScanKey("detached node", "inode", inodeColumn: 0)) {
            row throws(RowDamage) in
            DetachedNode(inode: try row.inode(0), added: try row.number(1))
        }
    }

    func scanSustainedInodes() throws -> any RecordCursor<SustainedInode> {
        try scan(.scanSustained, ScanKey("sustained", "sustained.id", inodeColumn: 2)) {
            row throws(RowDamage) in
            SustainedInode(session: try row.number(1), inode: try row.inode(2))
        }
    }

    func scanSymlinks() throws -> any RecordCursor<SymlinkRecord> {
        try scan(.scanSymlinks, ScanKey("symlink", "inode", inodeColumn: 0)) { row throws(RowDamage) in
            SymlinkRecord(inode: try row.inode(0), target: ByteString(try row.run(1)))
        }
    }

    func scanExtendedAttributes() throws -> any RecordCursor<ExtendedAttributeRecord> {
        try scan(.scanExtendedAttributes, ScanKey("xattr", "xattr.id", inodeColumn: 1)) {
            row throws(RowDamage) in
            ExtendedAttributeRecord(
                inode: try row.inode(1),
                name: ByteString(try row.run(2)),
                value: try row.run(3)
            )
        }
    }

    func scanDirectoryStats() throws -> any RecordCursor<DirectoryStatRecord> {
        try scan(.scanDirectoryStats, ScanKey("dir stat", "inode", inodeColumn: 0)) { row throws(RowDamage) in
            DirectoryStatRecord(inode: try row.inode(0), stat: try DirectoryStat(from: row, at: 1))
        }
    }

    func scanQuotas(_ kind: QuotaKind) throws -> any RecordCursor<QuotaRecord> {
        let isDirectory = kind == .directory
        return try scan(
            isDirectory ? .directoryQuotas : .ownerQuotas,
            ScanKey("\(kind) quota", isDirectory ? "inode" : "id", inodeColumn: isDirectory ? 0 : nil),
            parameter: isDirectory ? nil : Int64(kind.rawValue)
        ) { row throws(RowDamage) in
            QuotaRecord(kind: kind, key: try row.number(0), quota: try Quota(from: row, at: 1))
        }
    }

    func scanACLRules() throws -> any RecordCursor<ACLRecord> {
        try scan(.scanACLRules, ScanKey("acl", "acl.id")) { row throws(RowDamage) in
            ACLRecord(id: try row.number(0), rule: try ACLRule(from: row, at: 1))
        }
    }

    func fileLocks(ofSession id: UInt64) throws -> [(inode: Inode, lock: FileLock)] {
        try all(.sessionFileLocks, Int64(bitPattern: id), subject: "the locks of session \(id)") {
            row throws(RowDamage) in (inode: try row.inode(3), lock: try FileLock(from: row))
        }
    }

    func rangeLocks(ofSession id: UInt64) throws -> [(inode: Inode, locks: OwnedRangeLocks)] {
        try all(.sessionRangeLocks, Int64(bitPattern: id), subject: "the range locks of session \(id)") {
            row throws(RowDamage) in (inode: try row.inode(3), locks: try OwnedRangeLocks(from: row))
        }
    }

    func counters() throws -> [(name: String, value: Int64)] {
        try all(.counters, subject: "the counters") { row throws(RowDamage) in
            (name: ByteString(try row.run(0)).description, value: try row.number(1))
        }
    }

    func estimatedNodeCount() throws -> Int64? {
        try counter(.totalInodes)
    }
}

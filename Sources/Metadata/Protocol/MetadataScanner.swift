// SPDX-License-Identifier: Apache-2.0
// Scans stream all records of a kind in constant memory, so that checks are merges of streams.

package import VolumeModel

/// A record of a scan, or word of one that cannot be read.
package enum Scanned<Record: Sendable>: Sendable {
    case record(Record)
    case damaged(DamagedRecord)
}

/// A stored record that cannot be decoded.
package struct DamagedRecord: Hashable, Sendable {
    /// The kind: "node", "edge", "chunk".
    package var kind: String
    /// The key in the engine's terms, for people: "inode 5", "jfs_edge.id 17".
    package var key: String
    /// The node that the record belongs to, when the key still tells.
    package var inode: Inode?
    package var reason: String

    package init(kind: String, key: String, inode: Inode?, reason: String) {
        self.kind = kind
        self.key = key
        self.inode = inode
        self.reason = reason
    }
}

/// A running scan: one owner, one thread at a time, gone when the snapshot's closure returns.
package protocol RecordCursor<Record>: AnyObject {
    associatedtype Record: Sendable

    /// The next record, nil at the end. An error means that the scan is incomplete.
    func next() throws -> Scanned<Record>?
}

/// Streams of records, each record once.
///
/// SQL engines show one consistent snapshot; Redis shows every record that was there from the first scan to
/// the end of its own, and perhaps others.
package protocol MetadataScanner: MetadataReader {
    /// Ordered by inode.
    func scanNodes() throws -> any RecordCursor<NodeRecord>
    /// In any order.
    func scanEdges() throws -> any RecordCursor<EdgeRecord>
    /// Ordered by inode and index.
    func scanChunks() throws -> any RecordCursor<ChunkRecord>
    /// Ordered by slice id.
    func scanSliceReferences() throws -> any RecordCursor<SliceReference>
    func scanDelayedSlices() throws -> any RecordCursor<DelayedSlices>
    func scanDeletedFiles() throws -> any RecordCursor<DeletedFile>
    func scanDetachedNodes() throws -> any RecordCursor<DetachedNode>
    func scanSustainedInodes() throws -> any RecordCursor<SustainedInode>
    /// Ordered by inode.
    func scanSymlinks() throws -> any RecordCursor<SymlinkRecord>
    /// Ordered by inode.
    func scanExtendedAttributes() throws -> any RecordCursor<ExtendedAttributeRecord>
    /// Ordered by inode.
    func scanDirectoryStats() throws -> any RecordCursor<DirectoryStatRecord>
    func scanQuotas(_ kind: QuotaKind) throws -> any RecordCursor<QuotaRecord>
    func scanACLRules() throws -> any RecordCursor<ACLRecord>
    /// Whole-file locks that a session holds, with their inodes.
    func fileLocks(ofSession id: UInt64) throws -> [(inode: Inode, lock: FileLock)]
    /// Range locks that a session holds, with their inodes.
    func rangeLocks(ofSession id: UInt64) throws -> [(inode: Inode, locks: OwnedRangeLocks)]
    /// Every counter the engine holds, by its stored name; unknown names included.
    func counters() throws -> [(name: String, value: Int64)]
    /// Rough number of nodes, for progress; nil when finding out is expensive.
    func estimatedNodeCount() throws -> Int64?
}

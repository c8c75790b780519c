// SPDX-License-Identifier: Apache-2.0
// Writes inside a transaction. Effects become visible together, or not at all when the closure throws.

package import SluiceBase
package import VolumeModel

/// Reads and writes records of one transaction.
///
/// Valid inside the closure it is handed to, on that thread.
///
/// Call `lock` with every node whose record will be changed before it is read. Parent directories are not
/// locked: their records change relatively, by `touch` (metadata-format §3.4); `keep` holds those that get an
/// entry.
///
/// Chunks, slice references, directory stats, sessions and the queues of deletion stay as they were read
/// until the transaction ends. Entries, counters and settings may change; a transaction that then changes
/// them itself runs again.
package protocol MetadataTransaction: MetadataReader {
    /// Announces nodes that this transaction reads in order to change them (row locks, WATCH).
    func lock(_ inodes: [Inode]) throws

    /// Keeps a directory from being removed or locked by others until this transaction ends; call it before
    /// the directory is read. Others may do the same.
    ///
    /// Engines whose transactions conflict or exclude each other have nothing to do.
    func keep(_ directory: Inode) throws

    /// Announces records that this transaction is going to read, so that an engine that pays for round trips
    /// fetches them in one. Needs no call of its own to be right.
    func expect(_ records: [RecordKey]) throws

    func setSetting(_ value: [UInt8]) throws

    func setCounter(_ counter: Counter, to value: Int64) throws

    /// Changes a counter by `delta`; a missing one counts as 0.
    func add(_ delta: Int64, to counter: Counter) throws

    /// Takes numbers from a counter that only rises.
    ///
    /// An engine may keep them when the transaction fails: they are lost then, and never handed out twice.
    /// - Returns: the value after the addition; a missing counter counts as 0.
    func advance(_ counter: Counter, by count: Int64) throws -> Int64

    /// - Throws: `EngineError.exists`.
    func insertNode(_ inode: Inode, _ attributes: Attributes) throws

    /// - Throws: `EngineError.vanished` when the node is gone.
    func updateNode(_ inode: Inode, _ attributes: Attributes) throws

    /// Changes a directory's link count by `linkDelta`, and its times when `time` is given.
    /// - Throws: `EngineError.vanished` when the directory is gone.
    func touch(_ directory: Inode, linkDelta: Int32, time: Timestamp?) throws

    func deleteNode(_ inode: Inode) throws

    /// - Throws: `EngineError.exists` when the name is taken.
    func insertEntry(_ entry: NamedEntry, in directory: Inode) throws

    /// Lets an existing name point to another node.
    func replaceEntry(_ entry: NamedEntry, in directory: Inode) throws

    func deleteEntry(named name: FileName, in directory: Inode) throws

    /// Counts entries of nodes whose `parent` is 0. SQL engines answer `parents(of:)` from the entries and
    /// keep no such record.
    func adjustParent(_ parent: Inode, of inode: Inode, by delta: Int64) throws

    func setSymlinkTarget(_ target: ByteString, of inode: Inode) throws

    func deleteSymlinkTarget(of inode: Inode) throws

    func setExtendedAttribute(named name: ByteString, of inode: Inode, to value: [UInt8]) throws

    func deleteExtendedAttribute(named name: ByteString, of inode: Inode) throws

    func deleteExtendedAttributes(of inode: Inode) throws

    /// Appends records to a chunk, which it creates when absent.
    /// - Returns: the number of records after the append.
    @discardableResult
    func appendSlices(_ slices: [Slice], toChunk index: UInt32, of inode: Inode) throws -> Int

    func setChunk(_ record: ChunkRecord) throws

    func deleteChunk(_ index: UInt32, of inode: Inode) throws

    /// Registers a fresh slice with one user.
    /// - Throws: `EngineError.exists`: ids are never used twice.
    func insertSliceReference(_ reference: SliceReference) throws

    /// Changes the number of a slice's users; without a record nothing happens, except on Redis, where that
    /// means one user.
    ///
    /// What the count became is read after the commit.
    func adjustSliceReference(_ id: UInt64, size: UInt32, by delta: Int64) throws

    func deleteSliceReference(_ id: UInt64, size: UInt32) throws

    func setDirectoryStat(_ stat: DirectoryStat, of inode: Inode) throws

    /// Adds to a directory's stat.
    /// - Returns: false when there is no record to add to.
    func adjustDirectoryStat(of inode: Inode, by delta: DirectoryStat) throws -> Bool

    func deleteDirectoryStat(of inode: Inode) throws

    /// Removes every directory stat, as turning the feature on does.
    func deleteDirectoryStats() throws

    /// Sets limits and usage, creating the record when absent.
    func setQuota(_ record: QuotaRecord) throws

    /// Stores a quota that was not there.
    /// - Throws: `EngineError.exists` when another client was faster.
    func insertQuota(_ record: QuotaRecord) throws

    /// Adds to a quota's usage.
    /// - Returns: false when there is no record to add to.
    func adjustQuota(_ kind: QuotaKind, _ key: UInt64, space: Int64, inodes: Int64) throws -> Bool

    func deleteQuota(_ kind: QuotaKind, _ key: UInt64) throws

    func setSession(_ record: SessionRecord) throws

    /// - Returns: false when the session is gone.
    func setSessionExpiry(_ id: UInt64, to expires: Int64) throws -> Bool

    func deleteSession(_ id: UInt64) throws

    func insertSustained(_ record: SustainedInode) throws

    func deleteSustained(_ record: SustainedInode) throws

    func setDeletedFile(_ record: DeletedFile) throws

    func deleteDeletedFile(_ inode: Inode) throws

    func setDelayedSlices(_ record: DelayedSlices) throws

    func deleteDelayedSlices(_ id: UInt64) throws

    func insertDetachedNode(_ record: DetachedNode) throws

    func deleteDetachedNode(_ inode: Inode) throws

    /// Finds the id of a rule, storing it first when nobody has used it yet.
    func aclID(of rule: ACLRule) throws -> UInt32

    /// Stores a lock in place of the one that its owner holds on the file.
    func setFileLock(_ lock: FileLock, of inode: Inode) throws

    func deleteFileLock(session: UInt64, owner: UInt64, of inode: Inode) throws

    /// Stores what an owner holds on a file; an empty list removes the record.
    func setRangeLocks(_ locks: OwnedRangeLocks, of inode: Inode) throws

    /// Removes every lock of a session.
    func deleteLocks(of session: UInt64) throws

    /// Adds a line to the change log; its version is the next one.
    func appendChange(_ entry: [UInt8]) throws

    /// Removes the lines of the change log up to a version.
    func deleteChanges(through version: Int64) throws
}

extension MetadataTransaction {
    package func keep(_: Inode) throws {}

    package func expect(_: [RecordKey]) throws {}

    package func insertQuota(_ record: QuotaRecord) throws {
        try setQuota(record)
    }
}

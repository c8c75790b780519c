// SPDX-License-Identifier: Apache-2.0
// The records of a volume in dictionaries: a value, so that a transaction works on a copy and a rollback is
// to forget it.

package import Metadata
package import SluiceBase
package import VolumeModel

/// Everything that a `MemoryEngine` stores.
///
/// Tests may damage it through `MemoryEngine.edit`.
package struct MemoryRecords: Sendable {
    /// Raised by every commit, so that a transaction notices that another was faster.
    package var version = 0
    package var setting: [UInt8]?
    package var counters: [String: Int64] = [:]
    package var nodes: [Inode: Attributes] = [:]
    package var entries: [Inode: [FileName: Entry]] = [:]
    /// What `adjustParent` counted, as Redis keeps it; zero counts are removed.
    package var parentLinks: [Inode: [Inode: Int64]] = [:]
    package var symlinks: [Inode: ByteString] = [:]
    package var extendedAttributes: [Inode: [ByteString: [UInt8]]] = [:]
    package var chunks: [Inode: [UInt32: [UInt8]]] = [:]
    package var sliceReferences: [UInt64: SliceReference] = [:]
    package var directoryStats: [Inode: DirectoryStat] = [:]
    package var quotas: [QuotaKey: Quota] = [:]
    package var sessions: [UInt64: SessionRecord] = [:]
    package var sustained: Set<SustainedInode> = []
    package var deletedFiles: [Inode: DeletedFile] = [:]
    package var delayedSlices: [UInt64: DelayedSlices] = [:]
    package var detachedNodes: [Inode: DetachedNode] = [:]
    package var aclRules: [UInt32: ACLRule] = [:]
    package var fileLocks: [Inode: [FileLock]] = [:]
    package var rangeLocks: [Inode: [OwnedRangeLocks]] = [:]
    /// The change log, oldest line first.
    package var changes: [ChangeRecord] = []
    package var lastChange: Int64 = 0

    package init() {}
}

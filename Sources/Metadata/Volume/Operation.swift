// SPDX-License-Identifier: Apache-2.0
// One transaction's view of a volume. Every rule of the file system is a method here, in a file of its
// family, so that several operations can share a transaction (bulk import) and each is written once for all
// engines.

package import SluiceBase
package import VolumeModel

/// The operations of one running transaction.
///
/// Valid inside `Volume.perform`, on that thread.
package final class Operation {
    package let transaction: any MetadataTransaction
    package let volume: Volume
    /// The time that all changes of this transaction carry.
    package let time: Timestamp
    /// The settings at the start of the transaction.
    package let settings: VolumeSettings
    /// What the transaction does to usage and which data it orphans.
    package internal(set) var effects = Effects()
    /// What this transaction knows of directory quotas.
    var quotaWalk = QuotaWalk()
    /// The hourly trash directory, once this transaction needed it.
    var hourlyTrash: Inode?
    private(set) var unusedInodes: [UInt64]
    private(set) var unusedSlices: [UInt64]

    init(
        _ transaction: any MetadataTransaction,
        volume: Volume,
        time: Timestamp,
        inodes: [UInt64],
        slices: [UInt64],
    ) {
        self.transaction = transaction
        self.volume = volume
        self.time = time
        settings = volume.settings
        unusedInodes = inodes
        unusedSlices = slices
    }

    /// An id for a new node, out of those that `perform` reserved.
    func takeInode() throws -> Inode {
        guard let id = unusedInodes.popLast() else {
            throw VolumeError(.invalid, "create", "a node", reason: "the transaction reserved too few inodes")
        }
        return Inode(id)
    }

    /// The id that `takeInode` gives next.
    var nextInode: Inode? { unusedInodes.last.map(Inode.init) }

    /// An id for a new slice, out of those that `perform` reserved.
    package func takeSliceID() throws -> UInt64 {
        guard let id = unusedSlices.popLast() else {
            throw VolumeError(
                .invalid,
                "write",
                "a slice",
                reason: "the transaction reserved too few slice ids"
            )
        }
        return id
    }

    /// Writes what engines keep inside transactions, after the last operation.
    func finish() throws {
        guard volume.engine.countsUsageInTransactions else { return }
        if effects.space != 0 { try transaction.add(effects.space, to: .usedSpace) }
        if effects.inodes != 0 { try transaction.add(effects.inodes, to: .totalInodes) }
    }
}

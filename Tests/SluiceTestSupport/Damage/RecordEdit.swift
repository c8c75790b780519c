// SPDX-License-Identifier: Apache-2.0
// Damage as values: what happens to stored records when something goes wrong behind the back of every rule
// (the recipes of admin-commands §15). Each engine says once how such a change looks in its own terms.

package import Metadata
package import SluiceBase
package import VolumeModel

/// One change of a stored record: no rule holds it back, nothing is counted along with it.
package enum RecordEdit: Sendable {
    /// Writes a node, whether it is there or not.
    case setNode(Inode, Attributes)
    case deleteNode(Inode)
    /// Writes an entry, whether it is there or not.
    case setEntry(NamedEntry, in: Inode)
    case deleteEntry(FileName, in: Inode)
    /// Writes how often a directory names a node, on engines that count that; nothing on others.
    case setParentCount(Inode, of: Inode, Int64)
    case setSymlink(Inode, ByteString)
    case deleteSymlink(Inode)
    case setAttribute(ExtendedAttributeRecord)
    case setChunk(ChunkRecord)
    case deleteChunk(UInt32, of: Inode)
    /// Writes the record of an id and size, whether it is there or not.
    case setReference(SliceReference)
    case deleteReference(UInt64, size: UInt32)
    case setStat(Inode, DirectoryStat)
    case deleteStat(Inode)
    case setQuota(QuotaRecord)
    case deleteQuota(QuotaKind, UInt64)
    case setCounter(Counter, Int64)
    case setSession(SessionRecord)
    case addSustained(SustainedInode)
    case deleteSustained(SustainedInode)
    case setDeletedFile(DeletedFile)
    case setDelayed(DelayedSlices)
    case setDetached(DetachedNode)
}

/// A record that can be made undecodable.
package enum GarbledRecord: Hashable, Sendable {
    case node(Inode)
    case entry(FileName, in: Inode)
    case chunk(UInt32, of: Inode)
    case reference(UInt64, size: UInt32)
}

/// Changes what an engine stores, in the engine's own terms and past its protocol.
///
/// Thread-safe. An engine joins the damage matrix by implementing this and a line in `EngineMaker.all`.
package protocol RecordDamage: Sendable {
    /// Makes the changes, in their order and together.
    func apply(_ edits: [RecordEdit]) throws

    /// Gives a record that is there a value which does not decode.
    /// - Returns: false where the engine cannot store such a value; nothing has changed then.
    func garble(_ record: GarbledRecord) throws -> Bool
}

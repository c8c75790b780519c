// SPDX-License-Identifier: Apache-2.0

package import Metadata
import SluiceBase
package import VolumeModel

/// A record of a dump on its way into an engine.
package enum LoadRecord: Sendable {
    case node(Inode, Attributes)
    case entry(NamedEntry, in: Inode)
    /// How many entries of a directory lead to a node with several names; engines that find parents by their
    /// entries keep nothing.
    case parent(ParentLink, of: Inode)
    case chunk(ChunkRecord)
    case sliceReference(SliceReference)
    case symlink(SymlinkRecord)
    case extendedAttribute(ExtendedAttributeRecord)
    case directoryStat(DirectoryStatRecord)
    case quota(QuotaRecord)
    case sustained(SustainedInode)
    case deletedFile(DeletedFile)
    case counter(Counter, Int64)

    /// Rough size in bytes, so that a batch is bounded by memory too.
    var weight: Int {
        switch self {
        case .node, .parent, .sliceReference, .directoryStat, .quota, .sustained, .deletedFile, .counter: 128
        case .entry(let entry, _): 64 + entry.name.count
        case .chunk(let chunk): 64 + chunk.slices.count
        case .symlink(let link): 64 + link.target.count
        case .extendedAttribute(let attribute): 64 + attribute.name.count + attribute.value.count
        }
    }

    func write(to transaction: any MetadataTransaction) throws {
        switch self {
        case .node(let inode, let attributes): try transaction.insertNode(inode, attributes)
        case .entry(let entry, let directory): try transaction.insertEntry(entry, in: directory)
        case .parent(let link, let inode):
            try transaction.adjustParent(link.parent, of: inode, by: link.count)
        case .chunk(let chunk): try transaction.setChunk(chunk)
        case .sliceReference(let reference): try transaction.insertSliceReference(reference)
        case .symlink(let link): try transaction.setSymlinkTarget(link.target, of: link.inode)
        case .extendedAttribute(let record):
            try transaction.setExtendedAttribute(named: record.name, of: record.inode, to: record.value)
        case .directoryStat(let record): try transaction.setDirectoryStat(record.stat, of: record.inode)
        case .quota(let record): try transaction.setQuota(record)
        case .sustained(let record): try transaction.insertSustained(record)
        case .deletedFile(let record): try transaction.setDeletedFile(record)
        case .counter(let counter, let value): try transaction.setCounter(counter, to: value)
        }
    }
}

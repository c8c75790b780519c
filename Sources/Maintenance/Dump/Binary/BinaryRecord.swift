// SPDX-License-Identifier: Apache-2.0
// Records as messages (metadata-format §6.2). Field numbers stand once: what is encoded in one half of this
// file is decoded in BinaryRecord+Decoding.swift.

import Metadata
import SluiceBase
import VolumeModel

/// A record as a message of a batch, not decoded.
struct BinaryMessage: Hashable {
    let kind: BinarySegment
    /// The list that it stands in.
    let field: Int
    let bytes: ArraySlice<UInt8>
}

/// A record of a binary dump.
enum BinaryRecord: Hashable {
    case counter(String, Int64)
    case node(NodeRecord)
    case edge(EdgeRecord)
    case chunk(ChunkRecord)
    case sliceReference(SliceReference)
    case symlink(SymlinkRecord)
    case sustained(UInt64, [UInt64])
    case deletedFile(DeletedFile)
    case extendedAttribute(ExtendedAttributeRecord)
    case aclRule(ACLRecord)
    case directoryStat(DirectoryStatRecord)
    case quota(QuotaRecord)
    case parent(Inode, ParentLink)

    var kind: BinarySegment {
        switch self {
        case .counter: .counter
        case .node: .node
        case .edge: .edge
        case .chunk: .chunk
        case .sliceReference: .sliceReference
        case .symlink: .symlink
        case .sustained: .sustained
        case .deletedFile: .deletedFile
        case .extendedAttribute: .extendedAttribute
        case .aclRule: .aclRule
        case .directoryStat: .directoryStat
        case .quota: .quota
        case .parent: .parent
        }
    }

    /// The list of the batch that the record belongs to.
    var field: Int {
        guard case .quota(let record) = self else { return kind.field }
        return switch record.kind {
        case .directory: 11
        case .user: 15
        case .group: 16
        }
    }

    /// The record as a batch holds it.
    var message: BinaryMessage { BinaryMessage(kind: kind, field: field, bytes: encoded[...]) }

    /// Begins with the kind; a volume holds one record with a key, so what comes with a key that was there
    /// is the same record once more.
    var key: [UInt8] {
        [UInt8(truncatingIfNeeded: kind.rawValue)] + identity
    }

    private var identity: [UInt8] {
        switch self {
        case .counter(let name, _): Array(name.utf8)
        case .node(let record): numberKey(record.inode.number)
        case .edge(let record): numberKey(record.parent.number) + record.name.bytes
        case .chunk(let record): numberKey(record.inode.number) + numberKey(UInt64(record.index))
        case .sliceReference(let record): numberKey(record.id) + numberKey(UInt64(record.size))
        case .symlink(let record): numberKey(record.inode.number)
        case .sustained(let session, _): numberKey(session)
        case .deletedFile(let record): numberKey(record.inode.number)
        case .extendedAttribute(let record): numberKey(record.inode.number) + record.name.bytes
        case .aclRule(let record): numberKey(UInt64(record.id))
        case .directoryStat(let record): numberKey(record.inode.number)
        case .quota(let record): [UInt8(field)] + numberKey(record.key)
        case .parent(let inode, let link): numberKey(inode.number) + numberKey(link.parent.number)
        }
    }

    /// What the record is called in errors.
    var noun: String {
        switch self {
        case .counter(let name, _): "counter \(name)"
        case .node(let record): "node \(record.inode)"
        case .edge(let record): "the entry '\(record.name)' of directory \(record.parent)"
        case .chunk(let record): "chunk \(record.index) of inode \(record.inode)"
        case .sliceReference(let record): "the reference of slice \(record.id)"
        case .symlink(let record): "the target of symlink \(record.inode)"
        case .sustained(let session, _): "the open files of session \(session)"
        case .deletedFile(let record): "deleted file \(record.inode)"
        case .extendedAttribute(let record):
            "the extended attribute '\(record.name)' of inode \(record.inode)"
        case .aclRule(let record): "ACL rule \(record.id)"
        case .directoryStat(let record): "the usage of directory \(record.inode)"
        case .quota(let record): "the \(record.kind) quota of \(record.key)"
        case .parent(let inode, _): "a parent of inode \(inode)"
        }
    }

    /// The record as a message.
    var encoded: [UInt8] {
        var message = ProtobufWriter()
        switch self {
        case .counter(let name, let value):
            message.write(Array(name.utf8), field: 1)
            message.write(value, field: 2)
        case .node(let record):
            message.write(record.inode.number, field: 1)
            message.write(record.attributes.encoded, field: 2)
        case .edge(let record):
            message.write(record.parent.number, field: 1)
            message.write(record.inode.number, field: 2)
            message.write(record.name.bytes, field: 3)
            message.write(UInt64(record.type.rawValue), field: 4)
        case .chunk(let record):
            message.write(record.inode.number, field: 1)
            message.write(UInt64(record.index), field: 2)
            message.write(record.slices, field: 3)
        case .sliceReference(let record):
            message.write(record.id, field: 1)
            message.write(UInt64(record.size), field: 2)
            message.write(record.count, field: 3)
        case .symlink(let record):
            message.write(record.inode.number, field: 1)
            message.write(record.target.bytes, field: 2)
        case .sustained(let session, let inodes):
            message.write(session, field: 1)
            message.write(packed: inodes, field: 2)
        case .deletedFile(let record):
            message.write(record.inode.number, field: 1)
            message.write(record.length, field: 2)
            message.write(record.deleted, field: 3)
        case .extendedAttribute(let record):
            message.write(record.inode.number, field: 1)
            message.write(record.name.bytes, field: 2)
            message.write(record.value, field: 3)
        case .aclRule(let record):
            message.write(UInt64(record.id), field: 1)
            message.write(record.rule.encoded, field: 2)
        case .directoryStat(let record):
            message.write(record.inode.number, field: 1)
            message.write(record.stat.dataLength, field: 2)
            message.write(record.stat.usedSpace, field: 3)
            message.write(record.stat.usedInodes, field: 4)
        case .quota(let record):
            message.write(record.key, field: 1)
            message.write(record.quota.maxSpace, field: 2)
            message.write(record.quota.maxInodes, field: 3)
            message.write(record.quota.usedSpace, field: 4)
            message.write(record.quota.usedInodes, field: 5)
            message.write(UInt64(record.kind.rawValue), field: 6)
        case .parent(let inode, let link):
            message.write(inode.number, field: 1)
            message.write(link.parent.number, field: 2)
            message.write(link.count, field: 3)
        }
        return message.bytes
    }
}

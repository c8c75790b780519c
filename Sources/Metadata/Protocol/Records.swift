// SPDX-License-Identifier: Apache-2.0
// The records of which a volume's metadata consist, the same for every engine (metadata-format §3, §4).

package import SluiceBase
package import VolumeModel

/// What a directory entry points to.
///
/// The type is a copy of the node's; damage can make them differ.
package struct Entry: Hashable, Sendable {
    package var inode: Inode
    package var type: FileType

    package init(inode: Inode, type: FileType) {
        self.inode = inode
        self.type = type
    }
}

/// An entry with its name, as a directory lists it.
package struct NamedEntry: Hashable, Sendable {
    package var name: FileName
    package var entry: Entry

    package init(name: FileName, inode: Inode, type: FileType) {
        self.name = name
        entry = Entry(inode: inode, type: type)
    }

    package var inode: Inode { entry.inode }
    package var type: FileType { entry.type }
}

/// An entry with what is stored of its node.
package struct NodeEntry: Hashable, Sendable {
    package var entry: Entry
    /// Nil when the node is missing.
    package var attributes: Attributes?

    package init(entry: Entry, attributes: Attributes?) {
        self.entry = entry
        self.attributes = attributes
    }
}

/// A directory and what one of its names leads to.
package struct PathStep: Hashable, Sendable {
    /// Nil when the directory's node is missing.
    package var directory: Attributes?
    /// Nil when there is no such name.
    package var entry: NodeEntry?

    package init(directory: Attributes?, entry: NodeEntry?) {
        self.directory = directory
        self.entry = entry
    }
}

/// Names a record that a transaction is going to read.
package enum RecordKey: Hashable, Sendable {
    case node(Inode)
    case entry(FileName, in: Inode)
    /// An entry and the node that it leads to.
    case lookup(FileName, in: Inode)
    case chunk(UInt32, of: Inode)
    case parents(of: Inode)
    case extendedAttribute(ByteString, of: Inode)
    case fileLocks(of: Inode)
    case rangeLocks(of: Inode)
    case directoryQuotas
    case directoryStat(of: Inode)
    case quota(QuotaKind, UInt64)
}

/// How many entries of a directory point to a node.
package struct ParentLink: Hashable, Sendable {
    package var parent: Inode
    package var count: Int64

    package init(parent: Inode, count: Int64) {
        self.parent = parent
        self.count = count
    }
}

/// A node as a scan delivers it.
package struct NodeRecord: Hashable, Sendable {
    package var inode: Inode
    package var attributes: Attributes

    package init(inode: Inode, attributes: Attributes) {
        self.inode = inode
        self.attributes = attributes
    }
}

/// A directory entry as a scan delivers it.
package struct EdgeRecord: Hashable, Sendable {
    package var parent: Inode
    package var name: FileName
    package var inode: Inode
    package var type: FileType

    package init(parent: Inode, name: FileName, inode: Inode, type: FileType) {
        self.parent = parent
        self.name = name
        self.inode = inode
        self.type = type
    }
}

/// The stored slice list of a chunk, not yet decoded: it may be damaged.
package struct ChunkRecord: Hashable, Sendable {
    package var inode: Inode
    package var index: UInt32
    /// Concatenated 24-byte records, oldest first.
    package var slices: [UInt8]

    package init(inode: Inode, index: UInt32, slices: [UInt8]) {
        self.inode = inode
        self.index = index
        self.slices = slices
    }
}

/// Names a slice: an id and the bytes of the stored slice.
package struct SliceKey: Hashable, Sendable {
    package var id: UInt64
    package var size: UInt32

    package init(id: UInt64, size: UInt32) {
        self.id = id
        self.size = size
    }
}

/// A line of the change log.
package struct ChangeRecord: Hashable, Sendable {
    /// Rises with every line; may leave numbers out.
    package var version: Int64
    package var entry: [UInt8]

    package init(version: Int64, entry: [UInt8]) {
        self.version = version
        self.entry = entry
    }
}

/// How many chunk records use a slice.
///
/// On every engine the count means what it says: 1 is one user.
package struct SliceReference: Hashable, Sendable {
    package var id: UInt64
    /// Bytes of the stored slice.
    package var size: UInt32
    /// 0 or less: nobody, its objects may go.
    package var count: Int64

    package init(id: UInt64, size: UInt32, count: Int64) {
        self.id = id
        self.size = size
        self.count = count
    }
}

/// Slices replaced by compaction that the trash still keeps.
package struct DelayedSlices: Hashable, Sendable {
    /// Id of the slice that replaced them.
    package var id: UInt64
    /// Seconds since the epoch.
    package var deleted: Int64
    /// Repeated: big-endian u64 id, u32 size.
    ///
    /// Not yet decoded: it may be damaged.
    package var encodedSlices: [UInt8]

    package init(id: UInt64, deleted: Int64, encodedSlices: [UInt8]) {
        self.id = id
        self.deleted = deleted
        self.encodedSlices = encodedSlices
    }

    package init(id: UInt64, deleted: Int64, slices: [SliceKey]) {
        var writer = ByteWriter(capacity: slices.count * 12)
        for slice in slices {
            writer.write(slice.id)
            writer.write(slice.size)
        }
        self.init(id: id, deleted: deleted, encodedSlices: writer.bytes)
    }

    /// The slices kept, duplicates included.
    /// - Throws: `CodecError` when the length is not a multiple of 12.
    package func slices() throws(CodecError) -> [(id: UInt64, size: UInt32)] {
        guard encodedSlices.count % 12 == 0 else {
            throw CodecError("delayed slices", "\(encodedSlices.count) bytes are not a multiple of 12")
        }
        var reader = ByteReader(encodedSlices, of: "delayed slices")
        var list: [(id: UInt64, size: UInt32)] = []
        while reader.remaining > 0 {
            list.append((id: try reader.read(), size: try reader.read()))
        }
        return list
    }
}

/// A file that is gone and whose data are still to be removed.
package struct DeletedFile: Hashable, Sendable {
    package var inode: Inode
    package var length: UInt64
    /// Seconds since the epoch.
    package var deleted: Int64

    package init(inode: Inode, length: UInt64, deleted: Int64) {
        self.inode = inode
        self.length = length
        self.deleted = deleted
    }
}

/// A client's registration.
package struct SessionRecord: Hashable, Sendable {
    package var id: UInt64
    /// Seconds since the epoch; later than now means alive.
    package var expires: Int64
    /// JSON of metadata-format §7, not yet decoded.
    package var info: [UInt8]

    package init(id: UInt64, expires: Int64, info: [UInt8]) {
        self.id = id
        self.expires = expires
        self.info = info
    }
}

/// A file without a name that a session still has open.
package struct SustainedInode: Hashable, Sendable {
    package var session: UInt64
    package var inode: Inode

    package init(session: UInt64, inode: Inode) {
        self.session = session
        self.inode = inode
    }
}

/// The top of a tree that is being cloned and has no name yet.
package struct DetachedNode: Hashable, Sendable {
    package var inode: Inode
    /// Seconds since the epoch.
    package var added: Int64

    package init(inode: Inode, added: Int64) {
        self.inode = inode
        self.added = added
    }
}

/// The stat record of a directory as a scan delivers it.
package struct DirectoryStatRecord: Hashable, Sendable {
    package var inode: Inode
    package var stat: DirectoryStat

    package init(inode: Inode, stat: DirectoryStat) {
        self.inode = inode
        self.stat = stat
    }
}

/// A quota as a scan delivers it.
package struct QuotaRecord: Hashable, Sendable {
    package var kind: QuotaKind
    /// Inode, uid or gid.
    package var key: UInt64
    package var quota: Quota

    package init(kind: QuotaKind, key: UInt64, quota: Quota) {
        self.kind = kind
        self.key = key
        self.quota = quota
    }
}

/// An extended attribute as a scan delivers it.
package struct ExtendedAttributeRecord: Hashable, Sendable {
    package var inode: Inode
    package var name: ByteString
    package var value: [UInt8]

    package init(inode: Inode, name: ByteString, value: [UInt8]) {
        self.inode = inode
        self.name = name
        self.value = value
    }
}

/// A symlink's target as a scan delivers it.
package struct SymlinkRecord: Hashable, Sendable {
    package var inode: Inode
    package var target: ByteString

    package init(inode: Inode, target: ByteString) {
        self.inode = inode
        self.target = target
    }
}

/// An ACL rule with its id.
package struct ACLRecord: Hashable, Sendable {
    package var id: UInt32
    package var rule: ACLRule

    package init(id: UInt32, rule: ACLRule) {
        self.id = id
        self.rule = rule
    }
}

/// The counters of a volume, named as SQL engines store them (metadata-format §3.3).
package enum Counter: String, Hashable, Sendable, CaseIterable {
    /// Next free inode on every engine (Redis stores one less; its engine hides that).
    case nextInode
    /// Next free slice id on every engine.
    case nextChunk
    /// Last session id used.
    case nextSession
    /// Last hourly trash directory used.
    case nextTrash
    /// Bytes, root and trash root not counted.
    case usedSpace
    /// Nodes, root and trash root not counted.
    case totalInodes
    /// The rest hold seconds since the epoch of the last run of a job.
    case nextCleanupSlices
    case lastCleanupSessions
    case lastCleanupFiles
    case lastCleanupTrash
    case lastCleanupChangelog
    case lastBackup
}

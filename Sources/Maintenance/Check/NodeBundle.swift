// SPDX-License-Identifier: Apache-2.0
// Everything that is known of one inode number, whether there is a node or not. The pass fills it from
// merged streams, the second look from point reads; the rules cannot tell the difference.

import Metadata
import VolumeModel

/// What the rules need of a node.
struct NodeDigest: BitwiseCopyable, Hashable, Comparable, Sendable {
    var inode: UInt64
    var length: UInt64
    var parent: UInt64
    var linkCount: UInt32
    var uid: UInt32
    var gid: UInt32
    private var typeCode: UInt8

    init(_ record: NodeRecord) {
        uid = record.attributes.uid
        gid = record.attributes.gid
        inode = record.inode.number
        length = record.attributes.length
        parent = record.attributes.parent.number
        linkCount = record.attributes.linkCount
        typeCode = record.attributes.type.rawValue
    }

    var type: FileType { FileType(rawValue: typeCode) }

    /// Bytes counted in usage.
    var usedSpace: Int64 { type == .file ? Usage.space(ofLength: length) : 4096 }

    static func < (left: NodeDigest, right: NodeDigest) -> Bool { left.inode < right.inode }
}

/// A directory entry seen from the node it points to.
struct EntryDigest: BitwiseCopyable, Hashable, Comparable, Sendable {
    var inode: UInt64
    var parent: UInt64
    private var typeCode: UInt8

    init(inode: Inode, parent: Inode, type: FileType) {
        self.inode = inode.number
        self.parent = parent.number
        typeCode = type.rawValue
    }

    var type: FileType { FileType(rawValue: typeCode) }

    static func < (left: EntryDigest, right: EntryDigest) -> Bool {
        left.inode != right.inode ? left.inode < right.inode : left.parent < right.parent
    }
}

/// What the rules need of a chunk's record.
struct ChunkDigest: BitwiseCopyable, Hashable, Comparable, Sendable {
    var inode: UInt64
    var index: UInt32
    /// From the start of the chunk, at most 64 MiB.
    var dataEnd: UInt32
    var coveredEnd: UInt32
    /// Records that break their bounds, held at the largest number.
    var outOfBounds: UInt16
    /// Does not decode as a whole.
    var isDamaged: Bool

    init(_ chunk: ChunkRecord, _ summary: SliceUseCollector.ChunkSummary) {
        inode = chunk.inode.number
        index = chunk.index
        dataEnd = UInt32(clamping: summary.dataEnd)
        coveredEnd = UInt32(clamping: summary.coveredEnd)
        outOfBounds = UInt16(clamping: summary.outOfBounds)
        isDamaged = summary.hasTail || summary.isEmpty
    }

    static func < (left: ChunkDigest, right: ChunkDigest) -> Bool {
        left.inode != right.inode ? left.inode < right.inode : left.index < right.index
    }
}

/// A number that belongs to an inode: a target's length, a session, a time.
struct InodeNote: BitwiseCopyable, Hashable, Comparable, Sendable {
    var inode: UInt64
    var value: UInt64

    static func < (left: InodeNote, right: InodeNote) -> Bool {
        left.inode != right.inode ? left.inode < right.inode : left.value < right.value
    }
}

/// The chunk records of a file, summed up.
struct FileChunks: Sendable, Hashable {
    var count = 0
    /// The first chunk whose record is damaged.
    var firstDamaged: UInt32?
    var damagedCount = 0
    var outOfBounds = 0
    /// Offset in the file at which visible data end.
    var dataEnd: UInt64 = 0
    /// Offset in the file at which the last record ends.
    var coveredEnd: UInt64 = 0
    /// Chunks without a record below the last one that has, the first `gapLimit` of them.
    var gaps: [UInt32] = []
    private var nextIndex: UInt64 = 0

    static let gapLimit = 16

    mutating func add(_ chunk: ChunkDigest) {
        count += 1
        if chunk.isDamaged {
            firstDamaged = firstDamaged ?? chunk.index
            damagedCount += 1
        }
        outOfBounds += Int(chunk.outOfBounds)
        let start = UInt64(chunk.index) * Chunk.size
        if chunk.dataEnd > 0 { dataEnd = max(dataEnd, start + UInt64(chunk.dataEnd)) }
        coveredEnd = max(coveredEnd, start + UInt64(chunk.coveredEnd))
        noteGaps(before: UInt64(chunk.index))
        nextIndex = UInt64(chunk.index) + 1
    }

    /// Notes the chunks that a file of `length` bytes has no record for behind its last one.
    mutating func finish(length: UInt64) {
        guard length > 0 else { return }
        noteGaps(before: (length - 1) / Chunk.size + 1)
    }

    private mutating func noteGaps(before index: UInt64) {
        var missing = nextIndex
        while missing < index, gaps.count < Self.gapLimit, let number = UInt32(exactly: missing) {
            gaps.append(number)
            missing += 1
        }
    }
}

/// All evidence about one inode number.
struct NodeBundle: Sendable {
    var inode = Inode(0)
    var node: NodeDigest?
    /// The record is there and does not decode; nothing is concluded then.
    var isUndecodable = false
    var entryCount = 0
    /// The first entries that point here, `entryLimit` at most.
    var entries: [EntryDigest] = []
    /// Entries whose type is not the node's.
    var typeMismatches = 0
    /// How many names the engine counts in each directory; nil where it does not count, or the node does not
    /// ask for it.
    ///
    /// The pass does not know and says nil.
    var countedParents: [ParentLink]?
    /// Whether entries name this inode as their directory.
    ///
    /// The pass does not know and says false.
    var hasChildren = false
    /// Whether going up from one of its parents comes back here.
    ///
    /// The pass does not know and says false.
    var isInLoop = false
    var chunks = FileChunks()
    /// Bytes of the symlink's target; nil when there is none.
    var targetLength: UInt64?
    var attributeCount = 0
    var isDeletedFile = false
    /// Seconds since the epoch at which it was detached.
    var detachedAt: Int64?
    var sustainedByLiving = 0
    /// The first dead session that keeps it.
    var sustainedByDead: UInt64?

    static let entryLimit = 256

    mutating func clear(for inode: Inode) {
        self.inode = inode
        node = nil
        isUndecodable = false
        entryCount = 0
        entries.removeAll(keepingCapacity: true)
        typeMismatches = 0
        countedParents = nil
        hasChildren = false
        isInLoop = false
        chunks = FileChunks()
        targetLength = nil
        attributeCount = 0
        isDeletedFile = false
        detachedAt = nil
        sustainedByLiving = 0
        sustainedByDead = nil
    }

    mutating func add(_ entry: EntryDigest) {
        entryCount += 1
        if let node, entry.type != node.type { typeMismatches += 1 }
        if entries.count < Self.entryLimit { entries.append(entry) }
    }

    /// The directory to which a directory belongs: the one its node names when an entry agrees.
    var parentByEntries: UInt64 {
        if let node, entries.contains(where: { $0.parent == node.parent }) { return node.parent }
        return entries.first?.parent ?? 0
    }
}

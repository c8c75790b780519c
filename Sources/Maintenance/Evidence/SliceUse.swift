// SPDX-License-Identifier: Apache-2.0
// The two kinds of evidence about a slice, as fixed-size records that are sorted by slice id.

import Metadata
package import VolumeModel

/// One record that uses a slice: of a chunk, or of a row of delayed slices.
package struct SliceUse: BitwiseCopyable, Hashable, Comparable, Sendable {
    package let sliceID: UInt64
    /// Of a chunk's record the file; of a delayed row the id of the slice that replaced this one.
    package let owner: UInt64
    package let chunkIndex: UInt32
    /// Bytes of the whole slice, as this record says.
    package let size: UInt32
    /// End of the used part inside the slice, in the low 63 bits; the top bit marks delayed rows.
    private let endAndKind: UInt64

    private static let delayedBit: UInt64 = 1 << 63

    /// A use by a chunk's record.
    package init(_ slice: Slice, inode: Inode, chunkIndex: UInt32) {
        sliceID = slice.id
        owner = inode.number
        self.chunkIndex = chunkIndex
        size = slice.size
        endAndKind = UInt64(slice.offset) + UInt64(slice.length)
    }

    /// A use by a row of delayed slices, which keeps the slice until the trash expires.
    package init(delayed sliceID: UInt64, size: UInt32, row: UInt64) {
        self.sliceID = sliceID
        owner = row
        chunkIndex = 0
        self.size = size
        endAndKind = Self.delayedBit | UInt64(size)
    }

    /// Whether a row of delayed slices names the slice, and no chunk does by this record.
    package var isDelayed: Bool { endAndKind & Self.delayedBit != 0 }

    /// End of the used part inside the slice, in bytes; more than `size` means a damaged record.
    package var end: UInt64 { endAndKind & ~Self.delayedBit }

    /// The file of a chunk's record; meaningless for delayed rows.
    package var inode: Inode { Inode(owner) }

    package static func < (left: SliceUse, right: SliceUse) -> Bool {
        if left.sliceID != right.sliceID { return left.sliceID < right.sliceID }
        if left.endAndKind >> 63 != right.endAndKind >> 63 { return !left.isDelayed }
        if left.owner != right.owner { return left.owner < right.owner }
        return left.chunkIndex < right.chunkIndex
    }
}

/// One object whose name is that of a block.
package struct FoundObject: BitwiseCopyable, Hashable, Comparable, Sendable {
    package let sliceID: UInt64
    package let index: UInt32
    /// Bytes of the block as the name says: plain, before compression and encryption.
    package let size: UInt32
    /// Bytes of the object, in the high 63 bits; the lowest bit marks objects in a wrong folder.
    private let storedAndPlace: UInt64
    /// Seconds since the epoch of the last change, 0 where the store does not know.
    package let modifiedSeconds: Int64

    package init(_ block: BlockKey, storedSize: UInt64, modifiedSeconds: Int64, isMisplaced: Bool) {
        sliceID = block.sliceID
        index = block.index
        size = block.size
        storedAndPlace = min(storedSize, UInt64.max >> 1) << 1 | (isMisplaced ? 1 : 0)
        self.modifiedSeconds = modifiedSeconds
    }

    /// Bytes of the stored object.
    package var storedSize: UInt64 { storedAndPlace >> 1 }

    /// Whether the object lies in a folder in which no reader looks for this block.
    package var isMisplaced: Bool { storedAndPlace & 1 != 0 }

    package var block: BlockKey { BlockKey(sliceID: sliceID, index: index, size: size) }

    package static func < (left: FoundObject, right: FoundObject) -> Bool {
        if left.sliceID != right.sliceID { return left.sliceID < right.sliceID }
        if left.index != right.index { return left.index < right.index }
        if left.size != right.size { return left.size < right.size }
        return left.isMisplaced != right.isMisplaced && right.isMisplaced
    }
}

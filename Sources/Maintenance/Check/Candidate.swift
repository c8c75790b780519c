// SPDX-License-Identifier: Apache-2.0
// What the pass found suspicious, small enough to be kept on disk in any number: the second look makes
// findings of it.

import Metadata
import VolumeModel

/// A node or directory that has to be looked at again.
struct Candidate: BitwiseCopyable, Hashable, Comparable, Sendable {
    enum Kind: UInt8, BitwiseCopyable, Sendable {
        case node, directory
    }

    var inode: UInt64
    var kind: Kind
    /// A directory in which an entry for the node was seen, 0 for none: not every engine finds it again.
    var parent: UInt64 = 0

    static func < (left: Candidate, right: Candidate) -> Bool {
        if left.inode != right.inode { return left.inode < right.inode }
        if left.kind != right.kind { return left.kind.rawValue < right.kind.rawValue }
        return left.parent < right.parent
    }
}

/// A slice that has to be looked at again.
///
/// Its uses and objects are kept beside it.
struct SuspectSlice: BitwiseCopyable, Hashable, Comparable, Sendable {
    var id: UInt64
    /// Uses beyond those that are kept one by one.
    var furtherUses: UInt64
    /// What the reference row, or else the first user, says.
    var size: UInt32
    /// The codes of what was found, by their place in `codes`: only these can be confirmed.
    private var codeBits: UInt32

    /// Everything that the slice rules find.
    static let codes: [FindingCode] = [
        .sliceSize, .referenceMissing, .referenceDead, .delayedLive, .referenceLow, .referenceHigh,
        .referenceSize,
        .referenceOfHole, .slicePending, .sliceUnclaimed, .referenceStray, .objectLeaked, .objectMissing,
        .objectExtra, .objectShort, .objectOversized,
    ]
    private static let objectCodes: Set<FindingCode> = [
        .objectLeaked, .objectMissing, .objectExtra, .objectShort, .objectOversized, .sliceUnclaimed,
        .referenceStray,
    ]

    init(_ bundle: SliceBundle, _ findings: [Finding]) {
        id = bundle.id
        furtherUses = UInt64(bundle.useCount - bundle.uses.count)
        size = bundle.references.first?.size ?? bundle.largestSize
        codeBits = 0
        for finding in findings {
            if let place = Self.codes.firstIndex(of: finding.code) { codeBits |= 1 << UInt32(place) }
        }
    }

    /// A slice about which anything may be found.
    init(everythingAbout bundle: SliceBundle) {
        self.init(bundle, [])
        codeBits = .max
    }

    func has(_ code: FindingCode) -> Bool {
        guard let place = Self.codes.firstIndex(of: code) else { return false }
        return codeBits & 1 << UInt32(place) != 0
    }

    /// Whether objects have to be looked up again.
    var concernsObjects: Bool { Self.objectCodes.contains { has($0) } }

    static func < (left: SuspectSlice, right: SuspectSlice) -> Bool { left.id < right.id }
}

/// A chunk of a file that has no record.
struct ChunkGap: BitwiseCopyable, Hashable, Comparable, Sendable {
    /// Bytes of the file in this chunk.
    var length: UInt32
    var index: UInt32
    var inode: UInt64

    static func < (left: ChunkGap, right: ChunkGap) -> Bool {
        if left.length != right.length { return left.length < right.length }
        return left.inode != right.inode ? left.inode < right.inode : left.index < right.index
    }
}

/// A slice with objects that no chunk names.
struct UnclaimedSlice: BitwiseCopyable, Hashable, Comparable, Sendable {
    var size: UInt32
    var id: UInt64

    static func < (left: UnclaimedSlice, right: UnclaimedSlice) -> Bool {
        left.size != right.size ? left.size < right.size : left.id < right.id
    }
}

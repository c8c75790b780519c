// SPDX-License-Identifier: Apache-2.0
// Everything that is known of one slice, merged from four streams that are sorted by slice id. fsck and gc
// decide on this and on nothing else: the number of users is counted here, never read from a reference row.

package import Metadata

/// All evidence about one slice.
package struct SliceBundle: Sendable {
    package internal(set) var id: UInt64 = 0
    /// Records of chunks that use the slice, each counted; files that wait for deletion included.
    package internal(set) var chunkUseCount = 0
    /// Entries of delayed rows that name the slice, each counted.
    package internal(set) var delayedUseCount = 0
    /// The first uses, `useLimit` at most.
    package internal(set) var uses: [SliceUse] = []
    /// Sizes that the uses claim: they differ only after damage.
    package internal(set) var smallestSize: UInt32 = .max
    package internal(set) var largestSize: UInt32 = 0
    /// Reference rows: one on SQL; on Redis one for each size.
    package internal(set) var references: [SliceReference] = []
    /// Listed objects, in order of index and size, `objectLimit` at most.
    package internal(set) var objects: [FoundObject] = []
    /// Objects beyond the limit.
    package internal(set) var furtherObjects = 0

    /// Uses that are kept one by one.
    package static let useLimit = 1024
    /// A slice has at most 1024 blocks; the rest are strays.
    package static let objectLimit = 8192

    package init() {}

    /// How many records use the slice, delayed rows included.
    ///
    /// What a reference count must be.
    package var useCount: Int { chunkUseCount + delayedUseCount }

    /// The size of the slice in bytes, nil when nobody knows it or the uses differ.
    package var size: UInt32? {
        if useCount > 0 { return smallestSize == largestSize ? largestSize : nil }
        return references.count == 1 ? references.first?.size : nil
    }

    mutating func clear(for id: UInt64) {
        self.id = id
        chunkUseCount = 0
        delayedUseCount = 0
        smallestSize = .max
        largestSize = 0
        furtherObjects = 0
        uses.removeAll(keepingCapacity: true)
        references.removeAll(keepingCapacity: true)
        objects.removeAll(keepingCapacity: true)
    }

    mutating func add(_ use: SliceUse) {
        if use.isDelayed { delayedUseCount += 1 } else { chunkUseCount += 1 }
        smallestSize = min(smallestSize, use.size)
        largestSize = max(largestSize, use.size)
        if uses.count < Self.useLimit { uses.append(use) }
    }

    mutating func add(_ object: FoundObject) {
        if objects.count < Self.objectLimit { objects.append(object) } else { furtherObjects += 1 }
    }
}

/// Merges the streams of evidence.
///
/// One owner, one thread at a time.
package final class SliceMerger {
    private let uses: RecordStream<SliceUse>
    private let references: RecordStream<SliceReference>
    private let objects: RecordStream<FoundObject>

    /// - Parameter references: in ascending order of slice ids.
    package init(
        uses: RecordStream<SliceUse>,
        references: RecordStream<SliceReference>,
        objects: RecordStream<FoundObject>,
    ) {
        self.uses = uses
        self.references = references
        self.objects = objects
    }

    /// Fills in the next slice, in ascending order of ids; slices that only an object names are included.
    /// - Returns: false at the end.
    package func next(into bundle: inout SliceBundle) throws -> Bool {
        try uses.start()
        try references.start()
        try objects.start()
        var lowest: UInt64?
        if let use = uses.head { lowest = use.sliceID }
        if let reference = references.head { lowest = min(lowest ?? .max, reference.id) }
        if let object = objects.head { lowest = min(lowest ?? .max, object.sliceID) }
        guard let id = lowest else { return false }
        bundle.clear(for: id)
        while let use = uses.head, use.sliceID == id {
            bundle.add(use)
            try uses.advance()
        }
        while let reference = references.head, reference.id == id {
            bundle.references.append(reference)
            try references.advance()
        }
        while let object = objects.head, object.sliceID == id {
            bundle.add(object)
            try objects.advance()
        }
        return true
    }
}

// SPDX-License-Identifier: Apache-2.0
// Lists the volume's objects once and sorts what it finds by slice. Names that no reader would look for are
// handed out at once, with their keys: they cannot be made again from the sorted records.

package import ObjectStorage
import SluiceBase
package import VolumeModel

/// Collects the objects of a volume.
///
/// One owner, one thread at a time.
package final class ObjectCollector {
    /// An object that is not a block in its place.
    package enum Irregular: Hashable, Sendable {
        /// Named like a block, in a folder where nobody looks for it.
        case misplaced(BlockKey)
        /// Not the name of anything that a volume stores.
        case foreign
    }

    private let layout: BlockLayout
    private let sorter: Spill<FoundObject>
    /// Blocks listed, misplaced ones included.
    package private(set) var blockCount: UInt64 = 0
    /// Bytes of those objects, as stored; saturates.
    package private(set) var byteCount: UInt64 = 0
    /// Highest slice id that an object in its place names.
    package private(set) var highestSliceID: UInt64 = 0
    /// Why the listing ended early; nil when it was complete.
    package private(set) var failure: StorageError?

    package init(layout: BlockLayout, spill: SpillSpace) {
        self.layout = layout
        sorter = spill.sorter()
    }

    /// Lists everything in the volume's own prefix.
    ///
    /// A failing store ends the listing and is noted in `failure`.
    /// - Parameters:
    ///   - irregular: is handed every object that is not a block in its place.
    ///   - progress: is called after every batch with the number of objects seen.
    package func collect(
        from store: any ObjectStore,
        irregular: (ObjectInfo, Irregular) throws -> Void,
        progress: (UInt64) throws -> Void = { _ in },
    ) throws {
        var seen: UInt64 = 0
        var listing: (any ObjectListing)?
        do throws(StorageError) { listing = try store.list(ListRequest()) } catch { failure = error }
        while let running = listing {
            var batch: [ObjectInfo] = []
            do throws(StorageError) { batch = try running.next() } catch { failure = error }
            guard !batch.isEmpty else { break }
            for info in batch { try add(info, irregular: irregular) }
            seen += UInt64(batch.count)
            try progress(seen)
        }
    }

    /// The blocks found, in order of slice, index and size.
    package func finish() throws -> RecordStream<FoundObject> {
        try sorter.finish()
    }

    private func add(_ info: ObjectInfo, irregular: (ObjectInfo, Irregular) throws -> Void) throws {
        guard info.kind != .directory, info.kind != .commonPrefix else { return }
        switch layout.parse(info.key) {
        case .block(let block):
            highestSliceID = max(highestSliceID, block.sliceID)
            try note(block, info, isMisplaced: false)
        case .misplaced(let block):
            try note(block, info, isMisplaced: true)
            try irregular(info, .misplaced(block))
        case .foreign:
            guard !VolumeObjects.isKnown(info.key) else { return }
            try irregular(info, .foreign)
        }
    }

    private func note(_ block: BlockKey, _ info: ObjectInfo, isMisplaced: Bool) throws {
        blockCount += 1
        byteCount = byteCount.addingReportingOverflow(info.size).overflow ? .max : byteCount + info.size
        try sorter.add(
            FoundObject(
                block,
                storedSize: info.size,
                modifiedSeconds: info.modified.seconds,
                isMisplaced: isMisplaced
            )
        )
    }
}

/// The objects of a volume that are not blocks (data-format §1.2, JuiceFS 1.4.2).
package enum VolumeObjects {
    /// Holds the volume's UUID.
    package static let uuid = ObjectKey("juicefs_uuid")
    private static let prefixes = [ObjectKey("meta/"), ObjectKey("testing/")]

    /// Whether a key is one of the special objects: the UUID, metadata backups, storage tests.
    package static func isKnown(_ key: ObjectKey) -> Bool {
        key == uuid || prefixes.contains { key.hasPrefix($0) }
    }
}

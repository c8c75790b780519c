// SPDX-License-Identifier: Apache-2.0
// The whole evidence about slices in one call: objects first, then the metadata in one snapshot. In this
// order a block that is uploaded meanwhile is missing from the list and never looks leaked, and ids in the
// bucket are older than the counters of the snapshot.

package import Metadata
package import ObjectStorage
package import VolumeModel

/// Gathers the evidence about all slices of a volume.
package struct SliceEvidence {
    package let engine: any MetadataEngine
    /// Already limited to the volume's own prefix.
    package let store: any ObjectStore
    package let layout: BlockLayout
    package let spill: SpillSpace

    package init(
        engine: any MetadataEngine,
        store: any ObjectStore,
        layout: BlockLayout,
        spill: SpillSpace = SpillSpace(),
    ) {
        self.engine = engine
        self.store = store
        self.layout = layout
        self.spill = spill
    }

    /// Lists, scans, and hands out every slice in ascending order of ids.
    ///
    /// `observing` sees every chunk's summary, before the first slice. `body` runs inside the snapshot: it
    /// must not call the engine. What hides uses and the listing's failure are known before the first slice
    /// is handed out; only damaged reference rows can still be added to the result.
    /// - Throws: `EngineError` when a scan fails; a failing listing is a gap, not an error.
    package func forEachSlice(
        irregular: (ObjectInfo, ObjectCollector.Irregular) throws -> Void,
        progress: (UInt64) throws -> Void = { _ in },
        observing: (SliceUseCollector.ChunkSummary) -> Void = { _ in },
        _ body: (SliceBundle, EvidenceGaps) throws -> Void,
    ) throws -> EvidenceGaps {
        let objects = ObjectCollector(layout: layout, spill: spill)
        try objects.collect(from: store, irregular: irregular, progress: progress)
        let found = try objects.finish()
        return try engine.snapshot { scanner in
            let gaps = GapLog()
            gaps.value.listingFailure = objects.failure
            let collector = SliceUseCollector(spill: spill)
            try Self.collectChunks(scanner, into: collector, gaps, observing: observing)
            try Self.collectDelayed(scanner, into: collector, gaps)
            let references = try Self.references(scanner, gaps)
            let merger = SliceMerger(uses: try collector.finish(), references: references, objects: found)
            var bundle = SliceBundle()
            while try merger.next(into: &bundle) { try body(bundle, gaps.value) }
            return gaps.value
        }
    }

    private static func collectChunks(
        _ scanner: any MetadataScanner,
        into collector: SliceUseCollector,
        _ gaps: GapLog,
        observing: (SliceUseCollector.ChunkSummary) -> Void,
    ) throws {
        let cursor = try scanner.scanChunks()
        while let scanned = try cursor.next() {
            switch scanned {
            case .damaged(let record): gaps.value.note(record, hidesUses: true)
            case .record(let chunk):
                let summary = try collector.add(chunk)
                observing(summary)
                guard summary.hasTail else { continue }
                gaps.value.note(.chunk(chunk), hidesUses: true)
            }
        }
    }

    static func collectDelayed(
        _ scanner: any MetadataScanner,
        into collector: SliceUseCollector,
        _ gaps: GapLog,
    ) throws {
        let cursor = try scanner.scanDelayedSlices()
        while let scanned = try cursor.next() {
            switch scanned {
            case .damaged(let record): gaps.value.note(record, hidesUses: true)
            case .record(let row):
                guard try !collector.add(row) else { continue }
                gaps.value.note(.delayed(row), hidesUses: true)
            }
        }
    }

    /// The reference rows in order.
    ///
    /// Damaged rows are noted while the stream is read.
    static func references(
        _ scanner: any MetadataScanner,
        _ gaps: GapLog
    ) throws -> RecordStream<SliceReference> {
        stream(
            try scanner.scanSliceReferences(),
            reduce: { $0 },
            damaged: { gaps.value.note($0, hidesUses: false) }
        )
    }
}

/// Gaps that several streams note.
///
/// One owner, one thread at a time.
final class GapLog {
    var value = EvidenceGaps()
}

extension DamagedRecord {
    /// A chunk's record with bytes behind its last whole slice.
    static func chunk(_ chunk: ChunkRecord) -> DamagedRecord {
        DamagedRecord(
            kind: "chunk",
            key: "chunk \(chunk.index) of inode \(chunk.inode)",
            inode: chunk.inode,
            reason: "\(chunk.slices.count) bytes are not a multiple of \(Slice.encodedSize)"
        )
    }

    /// A delayed row with bytes behind its last whole entry.
    static func delayed(_ row: DelayedSlices) -> DamagedRecord {
        DamagedRecord(
            kind: "delayed slices",
            key: "delayed slices \(row.id)",
            inode: nil,
            reason: "\(row.encodedSlices.count) bytes are not a multiple of 12"
        )
    }
}

// SPDX-License-Identifier: Apache-2.0
// A load is many transactions, so that memory stays bounded. Until the last one the place of the setting is
// taken by a mark that no client opens: what a killed load leaves is never taken for a volume.

package import Metadata
import SluiceBase
package import VolumeModel

/// An empty database that is being filled.
///
/// For one thread. Without `finish` the database stays marked as an interrupted load.
package final class LoadTarget {
    /// Records in one transaction, at most.
    private static let batchRecords = 8192
    /// Rough bytes in one transaction, at most, but for one record that is larger.
    private static let batchBytes = 4 << 20

    private let engine: any MetadataEngine
    private let writer: RecordWriter
    private var batch: [LoadRecord] = []
    private var batchWeight = 0
    private var rules: [ACLRule: UInt32] = [:]
    /// Records written or waiting to be.
    package private(set) var count: UInt64 = 0

    private init(_ engine: any MetadataEngine) {
        self.engine = engine
        writer = RecordWriter(engine)
        batch.reserveCapacity(Self.batchRecords)
    }

    deinit {
        writer.cancel()
    }

    /// Makes tables and puts the mark of a running load into a database that must be empty.
    /// - Parameters:
    ///   - settings: of the volume that will be there; the mark bears its name and UUID.
    ///   - resuming: clears what an interrupted load left, and only that; an empty database is fine as well.
    /// - Throws: `EngineError`: `.exists` when the database holds a volume or records of any kind,
    ///   `.notAVolume` when it holds an interrupted load and `resuming` is false.
    package static func begin(
        _ engine: any MetadataEngine,
        for settings: VolumeSettings,
        resuming: Bool
    ) throws -> LoadTarget {
        if try engine.isFormatted() {
            guard let stored = try engine.read({ try $0.setting() }) else {
                throw EngineError(.conflict, "load", address: engine.address)
            }
            try clear(engine, holding: stored, resuming: resuming)
        }
        try engine.createSchema()
        guard try engine.snapshot({ try $0.isEmpty }) else {
            let reason = "the database is not empty"
            throw EngineError(.exists, "load", address: engine.address, reason: reason)
        }
        let mark = settings.loadMark.encoded
        try engine.write { transaction in
            guard try transaction.setting() == nil else {
                throw EngineError(
                    .exists,
                    "load",
                    address: engine.address,
                    reason: "somebody else was faster"
                )
            }
            try transaction.setSetting(mark)
        }
        return LoadTarget(engine)
    }

    private static func clear(
        _ engine: any MetadataEngine,
        holding stored: [UInt8],
        resuming: Bool
    ) throws {
        guard let settings = try? VolumeSettings(decoding: stored), settings.isLoadMark else {
            let name = (try? VolumeSettings(decoding: stored))?.name ?? ""
            let reason = "the database is used by volume \(name)"
            throw EngineError(.exists, "load", address: engine.address, reason: reason)
        }
        guard resuming else {
            throw EngineError(
                .notAVolume,
                "load",
                address: engine.address,
                reason: VolumeSettings.loadMarkSentence
            )
        }
        try engine.destroy()
    }

    /// Takes a record; it is written together with others.
    package func put(_ record: LoadRecord) throws {
        batch.append(record)
        batchWeight += record.weight
        count += 1
        if batch.count >= Self.batchRecords || batchWeight >= Self.batchBytes { try flush() }
    }

    /// The first entry of a list that the database or the list itself holds already; what waits is written
    /// before.
    func firstKnown(_ entries: [LoadedEntry]) throws -> LoadedEntry? {
        try settle()
        return try engine.firstKnown(among: entries)
    }

    /// The id under which this engine keeps a rule.
    package func aclID(of rule: ACLRule) throws -> UInt32 {
        if let known = rules[rule] { return known }
        let id = try engine.write { try $0.aclID(of: rule) }
        rules[rule] = id
        return id
    }

    private func flush() throws {
        guard !batch.isEmpty else { return }
        var full: [LoadRecord] = []
        full.reserveCapacity(Self.batchRecords)
        swap(&full, &batch)
        batchWeight = 0
        try writer.write(full)
    }

    /// Writes what waits; then everything that was put is in the database.
    package func settle() throws {
        try flush()
        try writer.settle()
    }

    /// Empties the database again after a load that failed; when that fails too, the mark stays.
    package func abandon() {
        batch = []
        writer.cancel()
        try? engine.destroy()
    }

    /// Writes what waits, and last the setting, which makes the database a volume.
    /// - Parameter settings: with their secrets sealed, as they are stored.
    package func finish(_ settings: VolumeSettings) throws {
        try settle()
        let setting = settings.encoded
        try engine.write { try $0.setSetting(setting) }
    }
}

extension MetadataScanner {
    /// Whether there is no record of any kind besides the change log.
    fileprivate var isEmpty: Bool {
        get throws {
            guard try scanNodes().next() == nil, try scanEdges().next() == nil,
                try scanChunks().next() == nil, try scanSliceReferences().next() == nil,
                try scanDelayedSlices().next() == nil, try scanDeletedFiles().next() == nil,
                try scanDetachedNodes().next() == nil, try scanSustainedInodes().next() == nil,
                try scanSymlinks().next() == nil, try scanExtendedAttributes().next() == nil,
                try scanDirectoryStats().next() == nil, try scanACLRules().next() == nil
            else { return false }
            for kind in QuotaKind.allCases where try scanQuotas(kind).next() != nil { return false }
            return try setting() == nil && counters().isEmpty && sessions().isEmpty
        }
    }
}

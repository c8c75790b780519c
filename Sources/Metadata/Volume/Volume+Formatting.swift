// SPDX-License-Identifier: Apache-2.0
// Making a volume and changing its settings, with the records that each brings about (metadata-format §1,
// JuiceFS 1.4.2). Settings reach these functions with their secrets in clear or sealed, and are stored
// sealed.

package import SluiceBase
package import VolumeModel

extension Volume {
    /// Makes a volume in an engine that holds none.
    /// - Throws: `EngineError.exists` when there is one; `VolumeError.invalid` for settings that no volume
    ///   can have.
    package static func format(
        engine: any MetadataEngine,
        settings: VolumeSettings,
        clock: any TimeSource = SystemClock(),
    ) throws -> Volume {
        var settings = settings
        try settings.prepare(replacing: nil)
        let stored = try settings.sealed()
        try engine.createSchema()
        try engine.write { transaction in
            guard try transaction.setting() == nil else {
                throw EngineError(
                    .exists,
                    "format",
                    address: engine.address,
                    reason: "the database holds a volume"
                )
            }
            let time = clock.now()
            try transaction.setSetting(stored.encoded)
            // A live client counts from these (metadata-format §3.3).
            let counters: [(Counter, Int64)] = [
                (.nextInode, 2), (.nextChunk, 1), (.nextSession, 0), (.usedSpace, 0), (.totalInodes, 0),
                (.nextCleanupSlices, 0),
            ]
            for (counter, value) in counters { try transaction.setCounter(counter, to: value) }
            try transaction.insertNode(.root, Attributes(directoryWithMode: 0o777, time: time))
            if stored.trashDays > 0 { try transaction.insertTrash(time) }
            // JuiceFS 1.4.2 makes this one at the first change of the root, and two clients doing so at once
            // count each other's entries twice.
            if stored.dirStats { try transaction.setDirectoryStat(DirectoryStat(), of: .root) }
        }
        return Volume(engine: engine, settings: stored, clock: clock)
    }

    /// Changes settings of the volume: `config`, and `format` over an existing volume.
    /// - Parameters:
    ///   - force: lets fields change that fix where the objects lie; what was stored under the old ones is
    ///   lost. - change: gets the stored settings with their secrets in clear; may run several times. The
    ///   UUID stays.
    /// - Throws: `VolumeError.invalid`, `EngineError`, `CryptoError` when a secret cannot be opened; what
    ///   `change` throws.
    package func updateSettings(
        force: Bool = false,
        _ change: (inout VolumeSettings) throws -> Void,
    ) throws {
        settings = try engine.write { transaction in
            let old = try currentSettings(transaction).opened()
            var new = old
            try change(&new)
            new.uuid = old.uuid
            if !force, let field = new.firstFixedField(differingFrom: old) {
                throw VolumeError(
                    .invalid,
                    "change the settings of",
                    "volume \(old.name)",
                    reason: "\(field) is fixed"
                )
            }
            try new.prepare(replacing: old)
            guard new != old else { return settings }
            let stored = try new.sealed()
            try transaction.setSetting(stored.encoded)
            try transaction.follow(from: old, to: new, time: clock.now())
            return stored
        }
    }
}

extension Attributes {
    /// A directory that lies in the root and belongs to root.
    fileprivate init(directoryWithMode mode: UInt16, time: Timestamp) {
        self.init(type: .directory, mode: mode, time: time, linkCount: 2, length: 4096, parent: .root)
    }
}

extension MetadataTransaction {
    fileprivate func insertTrash(_ time: Timestamp) throws {
        try insertNode(.trash, Attributes(directoryWithMode: 0o555, time: time))
    }

    /// Makes the records agree with features that were turned on.
    ///
    /// What was counted while a feature was off is stale and goes; it is counted anew when needed.
    fileprivate func follow(from old: VolumeSettings, to new: VolumeSettings, time: Timestamp) throws {
        if new.trashDays > 0, try node(.trash) == nil { try insertTrash(time) }
        if new.dirStats, !old.dirStats { try deleteDirectoryStats() }
        guard new.userGroupQuota, !old.userGroupQuota else { return }
        for kind in [QuotaKind.user, .group] {
            for record in try quotas(kind) { try deleteQuota(kind, record.key) }
        }
    }
}

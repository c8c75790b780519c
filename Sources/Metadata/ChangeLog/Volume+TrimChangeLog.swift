// SPDX-License-Identifier: Apache-2.0
// The change log keeps what readers may still want: lines of some hours, or so many of them (metadata-format
// §5.12).

import SluiceBase
import VolumeModel

extension Volume {
    /// Seconds between two trims, of any client.
    private static var trimInterval: Int64 { 270 }
    /// Lines looked at or removed in one transaction.
    private static var trimBatch: Int { 1000 }

    /// Removes lines that are older or more than the settings want, when no other client did so in the last
    /// minutes; a limit of 0 keeps all.
    ///
    /// Versions may leave numbers out, so that fewer lines than wanted may stay.
    /// - Parameter now: seconds since the epoch.
    /// - Returns: false when it was not this client's turn.
    @discardableResult
    package func trimChangeLog(now: Int64) throws -> Bool {
        let settings = settings
        guard settings.changeLog, settings.changeLogMaxAge > 0 || settings.changeLogMaxLines > 0 else {
            return false
        }
        guard try claim(.lastCleanupChangelog, now: now, every: Self.trimInterval) else { return false }
        let last = try engine.read { try $0.lastChange() }
        let surplus =
            settings.changeLogMaxLines > 0 ? last.saturatingAdd(-settings.changeLogMaxLines) : 0
        let oldest = settings.changeLogMaxAge > 0 ? now.saturatingAdd(-settings.changeLogMaxAge) : .min
        while let end = try endOfTrim(through: surplus, before: oldest) {
            try engine.write { try $0.deleteChanges(through: end) }
        }
        return true
    }

    /// The version up to which the oldest lines go; nil when none of them does.
    private func endOfTrim(through surplus: Int64, before oldest: Int64) throws -> Int64? {
        let page = try engine.read { try $0.changes(after: 0, limit: Self.trimBatch) }
        return page.prefix { line in
            line.version <= surplus || line.seconds.map { $0 < oldest } ?? false
        }.last?.version
    }
}

extension ChangeRecord {
    /// When the line was written, in seconds since the epoch; nil when it does not say so.
    package var seconds: Int64? {
        guard let dot = entry.firstIndex(of: UInt8(ascii: ".")) else { return nil }
        return Int64(String(decoding: entry[..<dot], as: UTF8.self))
    }
}

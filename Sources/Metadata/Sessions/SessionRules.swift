// SPDX-License-Identifier: Apache-2.0
// Registration of clients, so that others know who holds locks and open files, and who has died
// (metadata-format §5.2, JuiceFS 1.4.2).

import SluiceBase
package import VolumeModel

/// Times of session keeping.
package enum SessionRule {
    /// Seconds between two signs of life, unless the user chose otherwise.
    package static let heartbeat: Int64 = 12
    /// Seconds that may be chosen; 0 turns refreshing off.
    package static let heartbeats: ClosedRange<Int64> = 1...600
    /// Expired sessions cleaned at a time.
    package static let cleaningLimit = 1000

    /// Seconds that a session lives from its last sign of life on.
    package static func lifetime(heartbeat: Int64) -> Int64 {
        heartbeat > 0 ? 5 * heartbeat : 365 * 86400
    }
}

extension EngineError {
    /// Whether the volume we work on is not there any more or not ours to touch: the work ends, no retry
    /// helps.
    package var endsSession: Bool { code == .notAVolume || code == .incompatible }
}

extension Volume {
    /// Wins the right to do a periodic job: true for one client per interval.
    /// - Parameters:
    ///   - guardian: the counter that holds the second of the last run.
    ///   - now: seconds since the epoch.
    ///   - interval: least seconds between two runs.
    package func claim(_ guardian: Counter, now: Int64, every interval: Int64) throws -> Bool {
        try engine.write { transaction in
            let last = try transaction.counter(guardian) ?? 0
            guard last <= now.saturatingAdd(-interval) else { return false }
            try transaction.setCounter(guardian, to: now)
            try log(.claim(guardian, at: now), in: transaction)
            return true
        }
    }

    /// Reads the settings anew, as clients do at every heartbeat.
    /// - Throws: `EngineError` with `endsSession` when the setting is gone, newer than we understand, or
    ///   another volume's.
    package func reloadSettings() throws {
        settings = try engine.read { try currentSettings($0) }
    }

    /// The stored settings, when they are still those of this volume.
    func currentSettings(_ reader: any MetadataReader) throws -> VolumeSettings {
        let stored = try VolumeSettings.stored(reader, address: engine.address)
        let known = settings.uuid
        guard stored.uuid == known else {
            throw EngineError(
                .notAVolume,
                "reload the settings",
                address: engine.address,
                reason: "the database holds volume \(stored.uuid) now, not \(known)"
            )
        }
        return stored
    }
}

extension Volume {
    /// Sessions whose last sign of life is too old.
    /// - Parameter now: seconds since the epoch.
    package func staleSessions(now: Int64) throws -> [UInt64] {
        try engine.read { try $0.sessions() }.filter { $0.expires < now }.map(\.id)
    }

    /// Cleans up after clients that died: their locks, the files they held open without a name, their
    /// records.
    /// - Returns: files whose data can be removed now, and the sessions that could not be cleaned.
    package func cleanStaleSessions() throws -> SessionCleaning {
        var cleaning = SessionCleaning()
        for id in try staleSessions(now: clock.now().seconds).prefix(SessionRule.cleaningLimit) {
            do {
                cleaning.deletedFiles += try cleanSession(id, onlyIfStale: true)
                cleaning.cleaned.append(id)
            } catch let error as EngineError where error.isTransient {
                // The next heartbeat, of any client, tries again.
                cleaning.failed.append((id, error))
            }
        }
        return cleaning
    }

    /// Removes a session: its locks, then the files it sustained, and its record only when all of that
    /// worked.
    /// - Parameter onlyIfStale: leave a session alone that has shown life meanwhile.
    /// - Returns: files whose data can be removed now.
    func cleanSession(_ id: UInt64, onlyIfStale: Bool) throws -> [DeletedFile] {
        let inodes = try engine.write { transaction -> [Inode]? in
            let isAlive = try transaction.session(id).map { $0.expires >= clock.now().seconds } ?? false
            if onlyIfStale, isAlive { return nil }
            try transaction.deleteLocks(of: id)
            return try transaction.sustainedInodes(of: id)
        }
        guard let inodes else { return [] }
        var files: [DeletedFile] = []
        for inode in inodes {
            files += try perform { operation in
                try operation.releaseSustained(inode, by: id)
                return operation.effects.deletedFiles
            }
        }
        try engine.write { transaction in
            try transaction.deleteSession(id)
            try log(.cleanSession(id), in: transaction)
        }
        return files
    }
}

/// What cleaning dead sessions did.
package struct SessionCleaning: Sendable {
    /// Sessions that are gone now, or turned out to be alive.
    package var cleaned: [UInt64] = []
    /// Files whose data can be removed now.
    package var deletedFiles: [DeletedFile] = []
    /// Sessions left for the next time.
    package var failed: [(session: UInt64, reason: EngineError)] = []
}

extension Operation {
    /// Ends a session's hold on a file.
    ///
    /// A file without names that nobody else holds is deleted with it (metadata-format §5.3); one that has a
    /// name, or is gone, only loses the record.
    package func releaseSustained(_ inode: Inode, by session: UInt64) throws {
        try transaction.lock([inode])
        try transaction.deleteSustained(SustainedInode(session: session, inode: inode))
        guard let attributes = try transaction.node(inode), attributes.linkCount == 0 else { return }
        guard try transaction.sustainingSessions(of: inode).allSatisfy({ $0 == session }) else { return }
        try discard(inode, attributes)
        try log(.deleteSustained(SustainedInode(session: session, inode: inode)))
    }
}

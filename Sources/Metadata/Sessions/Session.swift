// SPDX-License-Identifier: Apache-2.0
// This client's own registration. The caller schedules `refresh` (every heartbeat, jittered) and `close`;
// nothing here starts a thread.

import SluiceBase
import Synchronization
package import VolumeModel

/// A registered client of a volume.
///
/// Thread-safe.
package final class Session: Sendable {
    package let volume: Volume
    package let id: UInt64
    /// Seconds between two signs of life; 0 means that none are given.
    package let heartbeat: Int64
    private let info: [UInt8]

    /// Registers this client under the next free session id.
    /// - Parameter heartbeat: seconds, `SessionRule.heartbeats`; 0 registers for a year.
    /// - Throws: `VolumeError.invalid`, `EngineError`.
    package init(
        opening volume: Volume,
        info: SessionInfo,
        heartbeat: Int64 = SessionRule.heartbeat,
    ) throws {
        guard heartbeat == 0 || SessionRule.heartbeats.contains(heartbeat) else {
            throw VolumeError(
                .invalid,
                "open",
                "a session",
                reason: "a heartbeat of \(heartbeat) s is not between 1 s and 600 s"
            )
        }
        self.volume = volume
        self.heartbeat = heartbeat
        self.info = info.encoded
        id = try volume.register(self.info, lifetime: SessionRule.lifetime(heartbeat: heartbeat))
        volume.changeAuthor.sign(as: id)
        try lookForOthers()
    }

    /// Shows that this client is alive: reloads the settings, moves the expiry, and registers again when
    /// another client has taken us for dead.
    /// - Throws: `EngineError` with `endsSession` when the volume is no longer ours to work on.
    package func refresh() throws {
        let expires = volume.clock.now().seconds.saturatingAdd(SessionRule.lifetime(heartbeat: heartbeat))
        let settings = try volume.engine.write { transaction in
            // Before anything is written: the database may hold another volume by now.
            let settings = try volume.currentSettings(transaction)
            guard heartbeat > 0 else { return settings }
            if try !transaction.setSessionExpiry(id, to: expires) {
                try transaction.setSession(SessionRecord(id: id, expires: expires, info: info))
            }
            return settings
        }
        volume.settings = settings
        try lookForOthers()
    }

    private func lookForOthers() throws {
        let now = volume.clock.now().seconds
        let sessions = try volume.engine.read { try $0.sessions() }
        volume.hasOtherClients.store(
            sessions.contains { $0.id != id && $0.expires > now },
            ordering: .relaxed
        )
    }

    /// Cleans up after dead clients, when no other client did so during this heartbeat.
    /// - Returns: nil when it is another client's turn.
    package func cleanStaleSessions() throws -> SessionCleaning? {
        let interval = max(heartbeat, 1) * 9 / 10
        let now = volume.clock.now().seconds
        guard try volume.claim(.lastCleanupSessions, now: now, every: interval) else { return nil }
        return try volume.cleanStaleSessions()
    }

    /// Takes the registration back: drops this client's locks and deletes the files that only it kept.
    /// - Returns: files whose data can be removed now.
    package func close() throws -> [DeletedFile] {
        let files = try volume.cleanSession(id, onlyIfStale: false)
        volume.changeAuthor.sign(as: 0)
        return files
    }
}

extension Volume {
    /// Takes the next session id that nobody uses.
    fileprivate func register(_ info: [UInt8], lifetime: Int64) throws -> UInt64 {
        try engine.write { transaction in
            let expires = clock.now().seconds.saturatingAdd(lifetime)
            // The counter may lag behind the records on a restored or damaged volume.
            for _ in 0..<1000 {
                let next = try transaction.advance(.nextSession, by: 1)
                guard let id = UInt64(exactly: next), id > 0 else {
                    throw EngineError(
                        .corrupt,
                        "open a session",
                        address: engine.address,
                        reason: "the counter nextSession holds \(next)"
                    )
                }
                guard try transaction.session(id) == nil else { continue }
                let record = SessionRecord(id: id, expires: expires, info: info)
                try transaction.setSession(record)
                try log(.takeIDs(.nextSession, 1), in: transaction)
                try log(.openSession(record), in: transaction)
                return id
            }
            throw EngineError(
                .busy,
                "open a session",
                address: engine.address,
                reason: "the next 1000 session ids are in use"
            )
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase
import SluiceTestSupport
import Testing
import VolumeModel

@Suite("Sessions")
struct SessionTests {
    let sample: SampleVolume
    let info = SessionInfo(
        version: "1.4.2",
        hostName: "host",
        addresses: [],
        mountPoint: "/mnt",
        mountTime: "2026-11-23T19:21:23Z",
        processID: 1
    )

    init() throws {
        sample = try SampleVolume()
    }

    private var now: Int64 { sample.clock.now().seconds }

    private func open(heartbeat: Int64 = 12) throws -> Session {
        try Session(opening: sample.volume, info: info, heartbeat: heartbeat)
    }

    @Test("Ids count up, and ids in use are passed over")
    func opening() throws {
        #expect(try open().id == 1)
        sample.engine.edit { $0.sessions[2] = SessionRecord(id: 2, expires: 0, info: []) }
        let session = try open()
        #expect(session.id == 3)
        #expect(sample.records.sessions[3] == SessionRecord(id: 3, expires: now + 60, info: info.encoded))
        #expect(try sample.counter(.nextSession) == 3)
    }

    @Test("Without a heartbeat a session lives for a year; one out of range is refused")
    func heartbeats() throws {
        let session = try open(heartbeat: 0)
        let expires = now + 365 * 86400
        #expect(sample.records.sessions[session.id]?.expires == expires)
        sample.clock.advance(seconds: 100)
        try session.refresh()
        #expect(sample.records.sessions[session.id]?.expires == expires)
        #expect(throws: VolumeError.self) { try open(heartbeat: 601) }
    }

    @Test("A sign of life moves the expiry, and registers again what others took for dead")
    func refreshing() throws {
        let session = try open()
        sample.clock.advance(seconds: 12)
        try session.refresh()
        #expect(sample.records.sessions[session.id]?.expires == now + 60)
        sample.engine.edit { $0.sessions = [:] }
        try session.refresh()
        #expect(
            sample.records.sessions[session.id] == SessionRecord(id: 1, expires: now + 60, info: info.encoded)
        )
    }

    @Test("A sign of life brings changed settings")
    func reloading() throws {
        let session = try open()
        let other = try Volume.open(engine: sample.engine, clock: sample.clock)
        try other.updateSettings { $0.capacity = 1 << 40 }
        #expect(sample.volume.settings.capacity == 0)
        try session.refresh()
        #expect(sample.volume.settings.capacity == 1 << 40)
    }

    @Test("A setting that is gone, newer or another volume's ends the session and leaves the database alone")
    func ends() throws {
        let session = try open()
        var newer = SampleVolume.settings
        newer.metaVersion = 2
        var foreign = SampleVolume.settings
        foreign.uuid = "00000000-0000-4000-8000-000000000000"
        sample.clock.advance(seconds: 5)
        for setting in [nil, newer.encoded, foreign.encoded] {
            sample.engine.edit { $0.setting = setting }
            let before = sample.records.sessions
            let error = #expect(throws: EngineError.self) { try session.refresh() }
            #expect(error?.endsSession == true)
            #expect(error?.isTransient == false)
            #expect(sample.records.sessions == before)
        }
    }

    @Test("One client per interval wins the right to do a job")
    func claiming() throws {
        let volume = sample.volume
        #expect(try volume.claim(.lastCleanupFiles, now: 5000, every: 3240))
        #expect(try !volume.claim(.lastCleanupFiles, now: 8239, every: 3240))
        #expect(try volume.claim(.lastCleanupFiles, now: 8240, every: 3240))
        #expect(try sample.counter(.lastCleanupFiles) == 8240)
    }

    @Test("Closing drops locks, deletes files that only this session kept, and the record last")
    func closing() throws {
        let session = try open()
        let other = try open()
        let own = try sample.addFile(Inode(100)) { ($0.linkCount, $0.length) = (0, 5000) }
        let shared = try sample.addFile(Inode(101)) { $0.linkCount = 0 }
        let named = try sample.addFile(Inode(102))
        try sample.engine.write { transaction in
            for inode in [own, shared, named] {
                try transaction.insertSustained(SustainedInode(session: session.id, inode: inode))
            }
            try transaction.insertSustained(SustainedInode(session: other.id, inode: shared))
        }
        sample.engine.edit { records in
            records.fileLocks[own] = [FileLock(session: session.id, owner: 9, isWrite: true)]
        }
        let files = try session.close()
        #expect(files == [DeletedFile(inode: own, length: 5000, deleted: now)])
        #expect(sample.records.deletedFiles == [own: files[0]])
        #expect(try sample.attributes(own) == nil)
        #expect(try sample.attributes(shared) != nil)
        #expect(try sample.attributes(named) != nil)
        #expect(sample.records.sustained == [SustainedInode(session: other.id, inode: shared)])
        #expect(sample.records.fileLocks[own]?.isEmpty ?? true)
        #expect(sample.records.sessions.keys.sorted() == [other.id])
        #expect(sample.volume.usage.pendingTotals == QuotaUsage(space: -8192, inodes: -1))
        #expect(try other.close().map(\.inode) == [shared])
    }

    @Test("Only dead sessions are cleaned, by one client per heartbeat")
    func cleaning() throws {
        let dead = try open(heartbeat: 1)
        let alive = try open()
        sample.clock.advance(seconds: 6)
        let cleaning = try #require(try alive.cleanStaleSessions())
        #expect(cleaning.cleaned == [dead.id])
        #expect(sample.records.sessions.keys.sorted() == [alive.id])
        #expect(try alive.cleanStaleSessions() == nil)
    }
}

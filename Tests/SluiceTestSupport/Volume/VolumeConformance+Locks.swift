// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase
import Testing
import VolumeModel

extension VolumeConformance {
    static let lockCases = [
        VolumeCase("whole-file locks are shared or exclusive (§5.9)", wholeFileLocks),
        VolumeCase("ranges conflict where they overlap and one is written (§5.9)", rangeConflicts),
        VolumeCase("ranges split, merge and go, as their holder asks (§5.9)", rangeLists),
        VolumeCase("a getlk tells the process of its own session only (§5.9)", blockingLocks),
        VolumeCase("locks need a node, giving back does not (§5.9)", settings: noTrash, lockedNodes),
        VolumeCase(
            "a dead session leaves neither locks nor open files (§5.2, §5.3)",
            settings: noTrash,
            deadSession
        ),
        VolumeCase("one client per interval does a periodic job (§5.2)", claims),
    ]

    private static let first = LockHolder(session: 1, owner: .max)
    private static let second = LockHolder(session: 1, owner: 7)
    private static let other = LockHolder(session: 2, owner: 7)

    private static func wholeFileLocks(_ test: VolumeBench) throws {
        let file = try test.volume.createFile("f", in: .root).inode
        func lock(_ wish: LockWish, _ holder: LockHolder) throws -> VolumeError.Code? {
            try test.refusal { try $0.lockFile(file, wish, for: holder) }
        }
        #expect(try lock(.read, first) == nil)
        #expect(try lock(.read, second) == nil)
        #expect(try lock(.write, first) == .wouldBlock)
        #expect(try test.engine.read { try $0.fileLocks(of: file) }.count == 2)
        #expect(try lock(.unlock, second) == nil)
        #expect(try lock(.write, first) == nil)
        #expect(try lock(.write, first) == nil)
        #expect(try lock(.read, other) == .wouldBlock)
        #expect(
            try test.engine.read { try $0.fileLocks(of: file) }
                == [FileLock(session: 1, owner: .max, isWrite: true)]
        )
        #expect(try lock(.read, first) == nil)
        #expect(try lock(.read, other) == nil)
        for holder in [first, other, other] { #expect(try lock(.unlock, holder) == nil) }
        #expect(try test.engine.read { try $0.fileLocks(of: file) }.isEmpty)
    }

    private static func rangeConflicts(_ test: VolumeBench) throws {
        let file = try test.volume.createFile("f", in: .root).inode
        func lock(
            _ wish: LockWish,
            _ range: ClosedRange<UInt64>,
            _ holder: LockHolder
        ) throws
            -> VolumeError.Code?
        {
            let request = RangeRequest(wish, from: range.lowerBound, to: range.upperBound, processID: 5)
            return try test.refusal { try $0.lockRange(file, request, for: holder) }
        }
        #expect(try lock(.write, 10...19, first) == nil)
        #expect(try lock(.read, 30...39, first) == nil)
        #expect(try lock(.read, 0...9, other) == nil)
        #expect(try lock(.read, 19...20, other) == .wouldBlock)
        #expect(try lock(.read, 25...35, other) == nil)
        #expect(try lock(.write, 39...40, second) == .wouldBlock)
        #expect(try lock(.write, 20...24, other) == nil)
        #expect(try lock(.unlock, 0...RangeRequest.wholeFile, first) == nil)
        #expect(try lock(.write, 10...19, other) == nil)
        #expect(try lock(.read, 100...RangeRequest.wholeFile, second) == nil)
        #expect(try lock(.write, 1 << 40...1 << 41, other) == .wouldBlock)
        let wrong = RangeRequest(.read, from: 1, to: .max, processID: 5)
        #expect(try test.refusal { try $0.lockRange(file, wrong, for: other) } == .invalid)
    }

    private static func rangeLists(_ test: VolumeBench) throws {
        let file = try test.volume.createFile("f", in: .root).inode
        func held(after wish: LockWish, _ range: ClosedRange<UInt64>, process: UInt32 = 5) throws -> [String]
        {
            let request = RangeRequest(wish, from: range.lowerBound, to: range.upperBound, processID: process)
            try test.volume.lockRange(file, request, for: first)
            let lists = try test.engine.read { try $0.rangeLocks(of: file) }
            #expect(lists.allSatisfy { !$0.locks.isEmpty })
            return lists.flatMap(\.locks).map { lock in
                "\(lock.wish == .write ? "W" : "R")\(lock.start)-\(lock.end)/\(lock.processID)"
            }
        }
        #expect(try held(after: .read, 0...99) == ["R0-99/5"])
        #expect(try held(after: .write, 10...19) == ["R0-9/5", "W10-19/5", "R20-99/5"])
        #expect(try held(after: .write, 20...29) == ["R0-9/5", "W10-29/5", "R30-99/5"])
        #expect(try held(after: .unlock, 15...39) == ["R0-9/5", "W10-14/5", "R40-99/5"])
        #expect(try held(after: .read, 5...39, process: 6) == ["R0-4/5", "R5-39/6", "R40-99/5"])
        #expect(try held(after: .read, 5...39) == ["R0-99/5"])
        #expect(try held(after: .write, 0...RangeRequest.wholeFile) == ["W0-9223372036854775807/5"])
        #expect(try held(after: .unlock, 0...0) == ["W1-9223372036854775807/5"])
        #expect(try held(after: .unlock, 0...RangeRequest.wholeFile).isEmpty)
        #expect(try held(after: .unlock, 0...5).isEmpty)
    }

    private static func blockingLocks(_ test: VolumeBench) throws {
        let file = try test.volume.createFile("f", in: .root).inode
        let request = RangeRequest(.write, from: 5, to: 9, processID: 77)
        try test.volume.lockRange(file, request, for: first)
        let asked = RangeRequest(.read, from: 0, to: 100, processID: 1)
        func answer(to holder: LockHolder) throws -> BlockingLock? {
            try test.volume.blockingLock(of: file, asked, for: holder)
        }
        #expect(try answer(to: first) == nil)
        #expect(try answer(to: second)?.processID == 77)
        let elsewhere = try #require(try answer(to: other))
        #expect((elsewhere.processID, elsewhere.lock.start, elsewhere.lock.end) == (nil, 5, 9))
        #expect(elsewhere.lock.wish == .write)
    }

    private static func lockedNodes(_ test: VolumeBench) throws {
        let gone = try test.volume.createFile("f", in: .root).inode
        let request = RangeRequest(.write, from: 0, to: 9, processID: 77)
        try test.volume.lockRange(gone, request, for: first)
        try test.volume.lockFile(gone, .write, for: first)
        try test.volume.unlink("f", in: .root)
        #expect(try test.refusal { try $0.lockFile(gone, .read, for: second) } == .noEntry)
        #expect(try test.refusal { try $0.lockRange(gone, request, for: second) } == .noEntry)
        try test.volume.lockFile(gone, .unlock, for: first)
        try test.volume.lockRange(gone, RangeRequest(.unlock, from: 0, to: 9, processID: 0), for: first)
        #expect(try test.engine.read { try $0.rangeLocks(of: gone) }.isEmpty)
        #expect(try test.engine.read { try $0.fileLocks(of: gone) }.isEmpty)
    }

    private static func deadSession(_ test: VolumeBench) throws {
        let volume = test.volume
        let info = SessionInfo(
            version: "1.4.2",
            hostName: "h",
            addresses: [],
            mountPoint: "/m",
            mountTime: "2027-01-15T08:00:00Z",
            processID: 1
        )
        let dead = try Session(opening: volume, info: info)
        let alive = try Session(opening: volume, info: info)
        let file = try volume.createFile("f", in: .root).inode
        let kept = try volume.createFile("kept", in: .root).inode
        for session in [dead, alive] {
            let holder = LockHolder(session: session.id, owner: 1)
            try volume.lockFile(kept, .read, for: holder)
            try volume.lockRange(kept, RangeRequest(.read, from: 0, to: 9, processID: 3), for: holder)
        }
        try volume.unlink("f", in: .root, openedBy: dead.id)
        test.clock.advance(seconds: 61)
        try alive.refresh()
        let cleaning = try #require(try alive.cleanStaleSessions())
        #expect(cleaning.cleaned == [dead.id])
        #expect(cleaning.deletedFiles.map(\.inode) == [file])
        try test.engine.read { reader throws in
            #expect(try reader.sessions().map(\.id) == [alive.id])
            #expect(try reader.fileLocks(of: kept).map(\.session) == [alive.id])
            #expect(try reader.rangeLocks(of: kept).map(\.session) == [alive.id])
            #expect(try reader.node(file) == nil)
        }
        _ = try alive.close()
        #expect(try test.engine.read { try $0.fileLocks(of: kept) }.isEmpty)
        #expect(try test.engine.read { try $0.rangeLocks(of: kept) }.isEmpty)
    }

    private static func claims(_ test: VolumeBench) throws {
        let volume = test.volume
        #expect(try volume.claim(.lastCleanupFiles, now: 10_000, every: 3240))
        #expect(try !volume.claim(.lastCleanupFiles, now: 13_239, every: 3240))
        #expect(try volume.claim(.lastCleanupTrash, now: 13_239, every: 3240))
        #expect(try volume.claim(.lastCleanupFiles, now: 13_240, every: 3240))
        #expect(try test.engine.read { try $0.counter(.lastCleanupFiles) } == 13_240)
    }
}

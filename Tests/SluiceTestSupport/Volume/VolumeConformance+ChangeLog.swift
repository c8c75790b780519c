// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase
import Testing
import VolumeModel

extension VolumeConformance {
    static let changeLogCases = [
        VolumeCase("changes of names are logged as live clients do (§5.12)", settings: logged, loggedNames),
        VolumeCase("changes of files are logged as live clients do (§5.12)", settings: logged, loggedFiles),
        VolumeCase("removals without trash are logged (§5.12)", settings: loggedForGood, loggedRemovals),
        VolumeCase("what clients do for themselves is logged (§5.12)", settings: logged, loggedClients),
        VolumeCase("without the setting nothing is logged (§5.12)", unlogged),
        VolumeCase("the log is trimmed by age and by number (§5.12)", settings: logged, trimming),
    ]

    private static func logged(_ settings: inout VolumeSettings) {
        settings.changeLog = true
        settings.enableACL = true
    }

    private static func loggedForGood(_ settings: inout VolumeSettings) {
        settings.changeLog = true
        settings.trashDays = 0
    }

    /// The lines after a version without time and author.
    private static func lines(_ test: VolumeBench, after version: inout Int64) throws -> [String] {
        let records = try test.engine.read { [version] in try $0.changes(after: version, limit: 1000) }
        version = records.last?.version ?? version
        return records.map { record in
            let parts = String(decoding: record.entry, as: UTF8.self).split(separator: "|")
            return parts.count == 3 ? String(parts[1]) : "\(parts)"
        }
    }

    private static func loggedNames(_ test: VolumeBench) throws {
        let volume = test.volume
        var version: Int64 = 0
        let caller = Caller(uid: 0, gid: 0, umask: 0o022)
        let d = try volume.makeDirectory("a b,c%(x)\"q\\z", in: .root, caller: caller).inode
        let file = try volume.createFile("f\u{1}\u{7f}é", in: d, caller: caller).inode
        let again = try volume.createFile("g", in: d, mode: 0o640, caller: caller).inode
        _ = try volume.makeSymlink("s", in: .root, target: "x,y", caller: caller)
        #expect(
            try lines(test, after: &version) == [
                "INCR_COUNTER(nextInode,1024)",
                "CREATE(1,a b%2Cc%25%28x%29%22q%5Cz,0,0,2,511,18,,linux,true):2",
                "CREATE(2,f%01%7F%C3%A9,0,0,1,438,18,,linux,false):3",
                "CREATE(2,g,0,0,1,416,18,,linux,false):4", "CREATE(1,s,0,0,3,511,0,x%2Cy,linux,false):5",
            ]
        )
        test.clock.advance(seconds: 1)
        try volume.link(file, to: "l", in: .root)
        try volume.rename("l", in: .root, to: "m", in: d, flags: .noReplace)
        try volume.rename("g", in: d, to: "m", in: d)
        try volume.rename("m", in: d, to: "s", in: .root, flags: .exchange)
        try volume.rename("s", in: .root, to: "s", in: .root)
        let hour = Inode(Inode.trash.number + 1)
        let hourName = TrashHour(containing: test.clock.now()).name
        #expect(
            try lines(test, after: &version) == [
                "LINK(3,1,l,true):2", "MOVE(1,l,2,m,1,0,0):3",
                "CREATE(\(Inode.trash),\(hourName),0,0,2,365,0,,linux,false):\(hour)",
                "MOVE(2,g,2,m,0,3,\(hour)):4", "MOVE(2,m,1,s,2,5,0):4",
            ]
        )
        try volume.unlink("s", in: .root)
        let e = try volume.makeDirectory("e", in: d, caller: caller).inode
        try volume.removeDirectory("e", in: d)
        #expect(again == Inode(4))
        #expect(
            try lines(test, after: &version) == [
                "UNLINK(1,s,\(hour),false,false):4", "CREATE(2,e,0,0,2,511,18,,linux,true):\(e)",
                "RMDIR(2,e,\(hour)):\(e)",
            ]
        )
        let entry = try volume.lookup(TrashHour(containing: test.clock.now()).name, in: .trash)
        try volume.rename("1-4-s", in: entry.inode, to: "s", in: .root, flags: [.noReplace, .restore])
        try volume.clone(d, as: "copy", in: .root, caller: caller)
        #expect(
            try lines(test, after: &version) == [
                "MOVE(\(hour),1-4-s,1,s,33,0,0):4", "CLONE(2,1,copy,7,0,18,true):7", "ATTACH(7,1,copy)",
            ]
        )
    }

    private static func loggedFiles(_ test: VolumeBench) throws {
        let volume = test.volume
        let file = try volume.createFile("f", in: .root).inode
        let other = try volume.createFile("g", in: .root).inode
        let ids = try volume.takeSliceIDs(3)
        var version = try test.engine.read { try $0.lastChange() }
        func slice(_ id: UInt64, _ position: UInt32) -> Slice {
            Slice(position: position, id: id, size: 10, offset: 0, length: 10)
        }
        let writes = [
            ChunkWrite(slice(ids[0], 0), toChunk: 0), ChunkWrite(slice(ids[1], 10), toChunk: 0),
        ]
        let now = test.clock.now()
        let counts = test.engine.logsRecordCounts ? [1, 2] : [0, 0]
        try volume.perform { _ = try $0.write(writes, of: file) }
        try volume.perform { _ = try $0.truncate(file, to: 15) }
        try volume.perform { _ = try $0.truncate(file, to: 15) }
        try volume.perform { _ = try $0.allocate(file, from: 5, length: 3, mode: [.keepSize, .punchHole]) }
        _ = try volume.copyRange(of: file, from: 0, to: other, at: 100, count: 99)
        let plan = try #require(try volume.compactionPlan(of: file, chunk: 0))
        #expect(try volume.commit(plan, as: ids[2]) { _ in })
        #expect(
            try lines(test, after: &version) == [
                "WRITE(\(file),0,0,\(ids[0]),10,\(now.seconds),\(now.nanoseconds)):\(counts[0])",
                "WRITE(\(file),0,10,\(ids[1]),10,\(now.seconds),\(now.nanoseconds)):\(counts[1])",
                "TRUNCATE(\(file),20,15,1)", "FALLOCATE(\(file),5,3,3)",
                "COPYFILERANGE(\(file),0,\(other),100,15):115",
                "COMPACTCHUNK(\(file),0,0,4,0,\(ids[2]),15)",
            ]
        )
        let past = AttributeChange.Time.at(Timestamp(seconds: 5, nanoseconds: 6))
        try volume.setAttributes(of: file, AttributeChange(mode: 0o600, uid: 7, accessTime: past))
        try volume.setAttributes(of: file, AttributeChange(accessTime: .now, modifyTime: .now))
        try volume.setAttributes(of: file, AttributeChange(mode: 0o600))
        try volume.setExtendedAttribute("user.a", of: file, to: [0, 0x25, 0x41], presence: .absent)
        try volume.removeExtendedAttribute("user.a", of: file)
        let rule = ACLRule(
            owner: 6,
            group: 4,
            mask: 6,
            other: 0,
            namedUsers: [ACLRule.Entry(id: 1001, permissions: 6)]
        )
        try volume.perform { try $0.setACL(.access, of: file, to: rule) }
        let (sec, ns) = (now.seconds, now.nanoseconds)
        #expect(
            try lines(test, after: &version) == [
                "SETATTR(\(file),19,0,7,0,384,0,5,\(sec),6,\(ns),\(sec),\(ns),0)",
                "SETATTR(\(file),432,0,7,0,384,0,\(sec),\(sec),\(ns),\(ns),\(sec),\(ns),0)",
                "SETXATTR(\(file),user.a,%00%25A,1)", "REMOVEXATTR(\(file),user.a)",
                "SETFACL(\(file),1,%00%06%00%04%00%06%00%00%00%00%00%01%00%00%03%E9%00%06%00%00%00%00)",
            ]
        )
        let holder = LockHolder(session: 3, owner: .max)
        try volume.lockFile(file, .write, for: holder)
        try volume.lockFile(file, .unlock, for: holder)
        try volume.lockRange(file, RangeRequest(.read, from: 5, to: 14, processID: 9), for: holder)
        #expect(
            try lines(test, after: &version) == [
                "FLOCK(\(file),18446744073709551615,W)", "FLOCK(\(file),18446744073709551615,U)",
                "SETLK(\(file),18446744073709551615,R,5,14,9)",
            ]
        )
    }

    private static func loggedRemovals(_ test: VolumeBench) throws {
        let volume = test.volume
        let ids = try volume.takeSliceIDs(1)
        let file = try volume.createFile("f", in: .root).inode
        let slice = Slice(position: 0, id: ids[0], size: 10, offset: 0, length: 10)
        try volume.perform { _ = try $0.write(slice, toChunk: 0, of: file) }
        let open = try volume.createFile("o", in: .root).inode
        let d = try volume.makeDirectory("d", in: .root).inode
        var version = try test.engine.read { try $0.lastChange() }
        let gone = try volume.unlink("f", in: .root)
        for file in gone.deletedFiles { try volume.deleteData(of: file) { _ in } }
        try volume.unlink("o", in: .root, openedBy: 9)
        try volume.perform { try $0.releaseSustained(open, by: 9) }
        try volume.removeDirectory("d", in: .root)
        #expect(
            try lines(test, after: &version) == [
                "UNLINK(1,f,0,false,false):\(file)", "DELCHUNK(\(file),0)", "DELETESLICE(\(ids[0]),10)",
                "UNLINK(1,o,0,true,false):\(open)", "DELSUSTAINED(9,\(open))", "RMDIR(1,d,0):\(d)",
            ]
        )
    }

    private static func loggedClients(_ test: VolumeBench) throws {
        let volume = test.volume
        let info = SessionInfo(
            version: "1.4.2",
            hostName: "h",
            addresses: [],
            mountPoint: "/m",
            mountTime: "t",
            processID: 1
        )
        let session = try Session(opening: volume, info: info)
        try session.refresh()
        _ = try volume.createFile("f", in: .root)
        try volume.flushUsage()
        _ = try session.cleanStaleSessions()
        _ = try session.close()
        try volume.recountDirectory(.root)
        let now = test.clock.now().seconds
        let records = try test.engine.read { try $0.changes(after: 0, limit: 100) }
        let stamp = "\(test.clock.now().seconds).123456789|"
        #expect(records.allSatisfy { String(decoding: $0.entry, as: UTF8.self).hasPrefix(stamp) })
        let told = records.map { record in
            String(decoding: record.entry, as: UTF8.self).split(separator: "|").dropFirst()
                .joined(separator: " ")
        }
        let text =
            "{%22Version%22:%221.4.2%22%2C%22HostName%22:%22h%22%2C%22MountPoint%22:%22/m%22"
            + "%2C%22MountTime%22:%22t%22%2C%22ProcessID%22:1}"
        #expect(
            told == [
                "INCR_COUNTER(nextSession,1) (0,1)", "NEWSESSION(1,\(now + 60),\(text)) (0,2)",
                "INCR_COUNTER(nextInode,1024) (1,3)", "CREATE(1,f,0,0,1,438,0,,linux,false):2 (1,4)",
                "SET(lastCleanupSessions,\(now)) (1,5)", "CLEANSESSION(1) (1,6)",
                "DIRSTAT(1,0,4096,1) (0,7)",
            ]
        )
    }

    private static func unlogged(_ test: VolumeBench) throws {
        _ = try test.volume.createFile("f", in: .root)
        try test.volume.unlink("f", in: .root)
        #expect(try test.engine.read { try $0.lastChange() } == 0)
        #expect(try !test.volume.trimChangeLog(now: test.clock.now().seconds))
    }

    private static func trimming(_ test: VolumeBench) throws {
        let volume = test.volume
        func versions() throws -> [Int64] {
            try test.engine.read { try $0.changes(after: 0, limit: 5000) }.map(\.version)
        }
        for number in 0..<1500 { _ = try volume.createFile("n\(number)".name, in: .root) }
        test.clock.advance(seconds: 3600)
        _ = try volume.createFile("new", in: .root)
        let newest = try test.engine.read { try $0.lastChange() }
        #expect(try volume.trimChangeLog(now: test.clock.now().seconds))
        #expect(try versions().count == Int(newest) + 1)
        test.clock.advance(seconds: 3700)
        #expect(try volume.trimChangeLog(now: test.clock.now().seconds))
        // The old ones are gone; what the trim itself logged is there.
        let left = try versions()
        #expect(left.first == newest && left.count == 3)
        #expect(try !volume.trimChangeLog(now: test.clock.now().seconds))
        try volume.updateSettings { $0.changeLogMaxLines = 2 }
        test.clock.advance(seconds: 270)
        #expect(try volume.trimChangeLog(now: test.clock.now().seconds))
        #expect(try versions().count == 2)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Rows 42-52 and 57 of the damage matrix (admin-commands §7), and numbers that live clients flush late.

import Maintenance
import Metadata
import ObjectStorage
import SluiceBase
import SluiceTestSupport
import Testing
import VolumeModel

@Suite("Damage to usage, counters and queues")
struct CheckUsageTests {
    @Test("rows 42-45: a directory's stat")
    func stats() throws {
        let right = DirectoryStat(dataLength: 357_000, usedSpace: 368_640, usedInodes: 4)
        let cases: [(DirectoryStat?, String)] = [
            (nil, "dir-stat-missing"),
            (DirectoryStat(dataLength: 1, usedSpace: -1, usedInodes: 1), "dir-stat-negative"),
            (DirectoryStat(dataLength: 357_000, usedSpace: 4096, usedInodes: 4), "dir-stat"),
            (DirectoryStat(dataLength: 1, usedSpace: 368_640, usedInodes: 4), "dir-stat-length"),
        ]
        for (stat, code) in cases {
            let bench = try CheckBench()
            let inode = try bench.inode("/d1")
            #expect(bench.engine.current.directoryStats[inode] == right)
            bench.engine.edit { $0.directoryStats[inode] = stat }
            let result = try bench.check()
            #expect(result.lines == ["\(code) inode=\(inode) paths=/d1 fix=set-dir-stat"])
            #expect(result.findings.first?.fix == .setDirectoryStat(inode, from: stat, to: right))
            #expect(bench.time.waits == [])
        }
    }

    @Test("row 46: a stat of no directory")
    func strayStat() throws {
        let bench = try CheckBench()
        let file = try bench.inode("/d1/f3")
        bench.engine.edit { records in
            records.directoryStats[Inode(700)] = DirectoryStat()
            records.directoryStats[file] = DirectoryStat()
        }
        #expect(
            try bench.check().lines
                == [
                    "dir-stat-stray inode=\(file) paths=/d1/f3 fix=delete-dir-stat",
                    "dir-stat-stray inode=700 fix=delete-dir-stat",
                ].sorted()
        )
    }

    @Test("row 47: the totals of the volume")
    func totals() throws {
        let bench = try CheckBench()
        bench.count(space: -4096 * 1000, inodes: 3)
        #expect(
            try bench.check().lines == ["usage-inodes fix=set-counter", "usage-space fix=set-counter"]
        )
    }

    @Test("row 48: counters that would hand out numbers again")
    func counters() throws {
        let bench = try CheckBench()
        bench.engine.edit { records in
            for name in ["nextInode", "nextChunk", "nextTrash"] {
                records.counters[name] = name == "nextTrash" ? 0 : 3
            }
        }
        let result = try bench.check()
        #expect(result.codes == ["counter-low", "counter-low", "counter-low"])
        #expect(result.findings.contains { $0.fix == .setCounter(.nextChunk, from: 3, to: 36) })
        #expect(result.findings.contains { $0.fix == .setCounter(.nextTrash, from: 0, to: 1) })
    }

    @Test("row 48: an object in the bucket counts as a number in use")
    func counterBelowBucket() throws {
        let bench = try CheckBench()
        try bench.store.put("chunks/0/99/99999_0_1", [1])
        #expect(try bench.check().codes == ["counter-low", "object-leaked"])
    }

    @Test("row 50: a living file that waits for its deletion")
    func deletedLive() throws {
        let bench = try CheckBench()
        let inode = try bench.inode("/d1/f3")
        bench.engine.edit { $0.deletedFiles[inode] = DeletedFile(inode: inode, length: 50_000, deleted: 1) }
        #expect(
            try bench.check().lines == [
                "deleted-file-live inode=\(inode) paths=/d1/f3 fix=delete-deleted-file"
            ]
        )
    }

    @Test("row 51: a living directory that is marked as detached, and clones that were left unfinished")
    func detached() throws {
        let bench = try CheckBench()
        let inode = try bench.inode("/d1/sub")
        let (now, time) = (bench.now, bench.builder.clock.now())
        bench.engine.edit { records in
            records.detachedNodes[inode] = DetachedNode(inode: inode, added: now - 2 * 86400)
            for (number, age) in [(600, 100_000), (601, 10)] as [(UInt64, Int64)] {
                let top = Attributes(
                    type: .directory,
                    mode: 0o755,
                    time: time,
                    linkCount: 2,
                    length: 4096,
                    parent: .root
                )
                records.nodes[Inode(number)] = top
                records.directoryStats[Inode(number)] = DirectoryStat()
                records.detachedNodes[Inode(number)] = DetachedNode(inode: Inode(number), added: now - age)
            }
            records.detachedNodes[Inode(602)] = DetachedNode(inode: Inode(602), added: now)
        }
        bench.count(space: 8192, inodes: 2)
        #expect(
            try bench.check().lines == [
                "detached-live inode=\(inode) paths=/d1/sub fix=delete-detached",
                "detached-stale inode=600 fix=none", "detached-stray inode=602 fix=delete-detached",
            ]
        )
    }

    @Test("row 52: open files of sessions that are gone")
    func sustained() throws {
        let bench = try CheckBench()
        let named = try bench.inode("/d1/f3")
        var open = Attributes(type: .file, mode: 0o644, time: bench.builder.clock.now(), parent: .root)
        open.linkCount = 0
        bench.engine.edit { records in
            records.sessions[1] = SessionRecord(id: 1, expires: 5, info: [])
            records.counters["nextSession"] = 1
            records.nodes[Inode(550)] = open
            records.sustained = [
                SustainedInode(session: 1, inode: Inode(550)), SustainedInode(session: 7, inode: named),
            ]
        }
        bench.count(space: 4096, inodes: 1)
        #expect(
            try bench.check().lines == [
                "session-stale info fix=none", "sustained-live inode=\(named) paths=/d1/f3 fix=none",
                "sustained-stale inode=550 fix=delete-sustained",
            ]
        )
        // A living session may keep it as long as it likes.
        bench.engine.edit { records in
            records.sessions[1]?.expires = 2_000_000_000
            records.sustained = [SustainedInode(session: 1, inode: Inode(550))]
        }
        #expect(try bench.check().lines == [])
    }

    @Test("row 57: a directory's quota, also around another one")
    func quotas() throws {
        let bench = try CheckBench()
        let (outer, inner) = try (bench.inode("/d1"), bench.inode("/d1/sub"))
        let right: [(Inode, Int64, Int64)] = [(outer, 471_040, 5), (inner, 102_400, 1)]
        bench.engine.edit { records in
            for (inode, space, inodes) in right {
                records.quotas[QuotaKey(kind: .directory, key: inode.number)] = Quota(
                    maxSpace: 1 << 30,
                    maxInodes: 0,
                    usedSpace: space,
                    usedInodes: inodes
                )
            }
        }
        #expect(try bench.check().lines == [])
        bench.engine.edit { records in
            records.quotas[QuotaKey(kind: .directory, key: outer.number)]?.usedSpace = 5
            records.quotas[QuotaKey(kind: .directory, key: 888)] = Quota(maxSpace: 1, maxInodes: 1)
        }
        let result = try bench.check()
        #expect(
            result.lines == [
                "quota-stray inode=888 fix=delete-quota",
                "quota-usage inode=\(outer) paths=/d1 fix=set-quota-usage",
            ]
        )
    }

    @Test("beside a living client a stat that differs is given time, and reported when nothing moves")
    func waitsForFlush() throws {
        let bench = try CheckBench()
        let inode = try bench.inode("/d1")
        bench.engine.edit { records in
            records.directoryStats[inode]?.usedInodes = 9
            records.sessions[1] = SessionRecord(id: 1, expires: 2_000_000_000, info: [])
            records.counters["nextSession"] = 1
        }
        #expect(try bench.check().lines == ["dir-stat inode=\(inode) paths=/d1 fix=set-dir-stat"])
        #expect(bench.time.waits == [4_000_000_000])
    }

    @Test("a stat and totals that a living client flushes meanwhile are no findings")
    func flushedMeanwhile() throws {
        let bench = try CheckBench()
        let inode = try bench.inode("/d1")
        let right = bench.engine.current
        bench.engine.edit { records in
            records.directoryStats[inode]?.usedInodes = 9
            records.counters["usedSpace"] = 7
            records.sessions[1] = SessionRecord(id: 1, expires: 2_000_000_000, info: [])
            records.counters["nextSession"] = 1
        }
        let engine = bench.engine
        let flush = FlushingWait {
            engine.edit { records in
                records.directoryStats = right.directoryStats
                records.counters["usedSpace"] = right.counters["usedSpace"]
            }
        }
        let result = try bench.check { $0.waiting = flush }
        #expect(result.lines == [])
        #expect(result.summary.exitBits == 0)
    }
}

/// Time in which a client flushes.
private final class FlushingWait: Waiting {
    private let flush: @Sendable () -> Void

    init(_ flush: @escaping @Sendable () -> Void) {
        self.flush = flush
    }

    var nanoseconds: UInt64 { 0 }

    func wait(nanoseconds: UInt64) {
        flush()
    }
}

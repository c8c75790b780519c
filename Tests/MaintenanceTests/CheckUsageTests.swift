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
    @Test("rows 42-45: a directory's stat", arguments: EngineMaker.all)
    func stats(engine: EngineMaker) throws {
        let right = DirectoryStat(dataLength: 357_000, usedSpace: 368_640, usedInodes: 4)
        let cases: [(DirectoryStat?, String)] = [
            (nil, "dir-stat-missing"),
            (DirectoryStat(dataLength: 1, usedSpace: -1, usedInodes: 1), "dir-stat-negative"),
            (DirectoryStat(dataLength: 357_000, usedSpace: 4096, usedInodes: 4), "dir-stat"),
            (DirectoryStat(dataLength: 1, usedSpace: 368_640, usedInodes: 4), "dir-stat-length"),
        ]
        for (stat, code) in cases {
            try CheckBench.with(engine) { bench in
                let inode = try bench.inode("/d1")
                #expect(try bench.engine.read { try $0.directoryStat(of: inode) } == right)
                try bench.edit(stat.map { .setStat(inode, $0) } ?? .deleteStat(inode))
                let result = try bench.check()
                #expect(result.lines == ["\(code) inode=\(inode) paths=/d1 fix=set-dir-stat"])
                #expect(result.findings.first?.fix == .setDirectoryStat(inode, from: stat, to: right))
                #expect(bench.time.waits == [])
            }
        }
    }

    @Test("row 46: a stat of no directory", arguments: EngineMaker.all)
    func strayStat(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let file = try bench.inode("/d1/f3")
            try bench.edit(.setStat(Inode(700), DirectoryStat()), .setStat(file, DirectoryStat()))
            #expect(
                try bench.check().lines
                    == [
                        "dir-stat-stray inode=\(file) paths=/d1/f3 fix=delete-dir-stat",
                        "dir-stat-stray inode=700 fix=delete-dir-stat",
                    ].sorted()
            )
        }
    }

    @Test("row 47: the totals of the volume", arguments: EngineMaker.all)
    func totals(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            try bench.count(space: -4096 * 1000, inodes: 3)
            #expect(
                try bench.check().lines == ["usage-inodes fix=set-counter", "usage-space fix=set-counter"]
            )
        }
    }

    @Test("row 48: counters that would hand out numbers again", arguments: EngineMaker.all)
    func counters(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            try bench.edit(.setCounter(.nextInode, 3), .setCounter(.nextChunk, 3), .setCounter(.nextTrash, 0))
            let result = try bench.check()
            #expect(result.codes == ["counter-low", "counter-low", "counter-low"])
            #expect(result.findings.contains { $0.fix == .setCounter(.nextChunk, from: 3, to: 36) })
            #expect(result.findings.contains { $0.fix == .setCounter(.nextTrash, from: 0, to: 1) })
        }
    }

    @Test("row 48: an object in the bucket counts as a number in use", arguments: EngineMaker.all)
    func counterBelowBucket(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            try bench.store.put("chunks/0/99/99999_0_1", [1])
            #expect(try bench.check().codes == ["counter-low", "object-leaked"])
        }
    }

    @Test("row 50: a living file that waits for its deletion", arguments: EngineMaker.all)
    func deletedLive(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let inode = try bench.inode("/d1/f3")
            try bench.edit(.setDeletedFile(DeletedFile(inode: inode, length: 50_000, deleted: 1)))
            #expect(
                try bench.check().lines == [
                    "deleted-file-live inode=\(inode) paths=/d1/f3 fix=delete-deleted-file"
                ]
            )
        }
    }

    @Test(
        "row 51: a living directory that is marked as detached, and clones that were left unfinished",
        arguments: EngineMaker.all
    )
    func detached(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let inode = try bench.inode("/d1/sub")
            let (now, time) = (bench.now, bench.builder.clock.now())
            try bench.edit(.setDetached(DetachedNode(inode: inode, added: now - 2 * 86400)))
            for (number, age) in [(600, 100_000), (601, 10)] as [(UInt64, Int64)] {
                let top = Attributes(
                    type: .directory,
                    mode: 0o755,
                    time: time,
                    linkCount: 2,
                    length: 4096,
                    parent: .root
                )
                try bench.edit(
                    .setNode(Inode(number), top),
                    .setStat(Inode(number), DirectoryStat()),
                    .setDetached(DetachedNode(inode: Inode(number), added: now - age))
                )
            }
            try bench.edit(.setDetached(DetachedNode(inode: Inode(602), added: now)))
            try bench.count(space: 8192, inodes: 2)
            #expect(
                try bench.check().lines == [
                    "detached-live inode=\(inode) paths=/d1/sub fix=delete-detached",
                    "detached-stale inode=600 fix=none", "detached-stray inode=602 fix=delete-detached",
                ]
            )
        }
    }

    @Test("row 52: open files of sessions that are gone", arguments: EngineMaker.all)
    func sustained(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let named = try bench.inode("/d1/f3")
            var open = Attributes(type: .file, mode: 0o644, time: bench.builder.clock.now(), parent: .root)
            open.linkCount = 0
            try bench.addSession(1, expires: 5)
            try bench.edit(
                // Redis looks for sessions without a record among the ids that were given out.
                .setCounter(.nextSession, 7),
                .setNode(Inode(550), open),
                .addSustained(SustainedInode(session: 1, inode: Inode(550))),
                .addSustained(SustainedInode(session: 7, inode: named))
            )
            try bench.count(space: 4096, inodes: 1)
            #expect(
                try bench.check().lines == [
                    "session-stale info fix=none", "sustained-live inode=\(named) paths=/d1/f3 fix=none",
                    "sustained-stale inode=550 fix=delete-sustained",
                ]
            )
            // A living session may keep it as long as it likes.
            try bench.addSession(1)
            try bench.edit(.deleteSustained(SustainedInode(session: 7, inode: named)))
            #expect(try bench.check().lines == [])
        }
    }

    @Test("row 57: a directory's quota, also around another one", arguments: EngineMaker.all)
    func quotas(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let (outer, inner) = try (bench.inode("/d1"), bench.inode("/d1/sub"))
            let right: [(Inode, Int64, Int64)] = [(outer, 471_040, 5), (inner, 102_400, 1)]
            func set(_ key: UInt64, space: Int64, inodes: Int64) throws {
                let quota = Quota(maxSpace: 1 << 30, maxInodes: 0, usedSpace: space, usedInodes: inodes)
                try bench.edit(.setQuota(QuotaRecord(kind: .directory, key: key, quota: quota)))
            }
            for (inode, space, inodes) in right { try set(inode.number, space: space, inodes: inodes) }
            #expect(try bench.check().lines == [])
            try set(outer.number, space: 5, inodes: 5)
            try set(888, space: 0, inodes: 0)
            let result = try bench.check()
            #expect(
                result.lines == [
                    "quota-stray inode=888 fix=delete-quota",
                    "quota-usage inode=\(outer) paths=/d1 fix=set-quota-usage",
                ]
            )
        }
    }

    @Test(
        "beside a living client a stat that differs is given time, and reported when nothing moves",
        arguments: EngineMaker.all
    )
    func waitsForFlush(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let inode = try bench.inode("/d1")
            try bench.changeStat(inode) { $0.usedInodes = 9 }
            try bench.addSession(1)
            #expect(try bench.check().lines == ["dir-stat inode=\(inode) paths=/d1 fix=set-dir-stat"])
            #expect(bench.time.waits == [4_000_000_000])
        }
    }

    @Test(
        "a stat and totals that a living client flushes meanwhile are no findings",
        arguments: EngineMaker.all
    )
    func flushedMeanwhile(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let inode = try bench.inode("/d1")
            let (space, stat) = try bench.engine.read {
                (try $0.counter(.usedSpace) ?? 0, try #require(try $0.directoryStat(of: inode)))
            }
            try bench.changeStat(inode) { $0.usedInodes = 9 }
            try bench.edit(.setCounter(.usedSpace, 7))
            try bench.addSession(1)
            let damage = bench.damage
            let flush = FlushingWait {
                #expect(throws: Never.self) {
                    try damage.apply([.setStat(inode, stat), .setCounter(.usedSpace, space)])
                }
            }
            let result = try bench.check { $0.waiting = flush }
            #expect(result.lines == [])
            #expect(result.summary.exitBits == 0)
        }
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

// SPDX-License-Identifier: Apache-2.0
// Usage records of users and groups (metadata-format §5.8).

import Maintenance
import Metadata
import ObjectStorage
import SluiceBase
import SluiceTestSupport
import Testing
import VolumeModel

@Suite("Usage of users and groups")
struct CheckOwnerTests {
    /// What the base volume's only owner is charged for: files, directories and one link, but not the hour of
    /// the trash.
    private static func total(_ bench: CheckBench) throws -> QuotaUsage {
        var total = QuotaUsage(space: 0, inodes: 0)
        try bench.engine.snapshot { scanner in
            let nodes = try scanner.scanNodes()
            while case .record(let node)? = try nodes.next() {
                guard node.inode != .root, !node.inode.isTrash else { continue }
                let length = node.attributes.length
                total.space += node.attributes.type == .file ? Int64((length + 4095) / 4096 * 4096) : 4096
                total.inodes += 1
            }
        }
        return total
    }

    /// Turns the records on, with those of user and group 0 as given.
    private static func with(
        _ engine: EngineMaker,
        _ body: (CheckBench, QuotaUsage) throws -> Void,
    ) throws {
        try CheckBench.with(engine) { bench in
            bench.builder.volume.settings.userGroupQuota = true
            let total = try total(bench)
            try set(bench, .user, 0, total)
            try set(bench, .group, 0, total)
            try body(bench, total)
        }
    }

    private static func set(
        _ bench: CheckBench,
        _ kind: QuotaKind,
        _ id: UInt64,
        _ usage: QuotaUsage
    ) throws {
        let quota = Quota(maxSpace: -1, maxInodes: -1, usedSpace: usage.space, usedInodes: usage.inodes)
        try bench.edit(.setQuota(QuotaRecord(kind: kind, key: id, quota: quota)))
    }

    @Test(
        "are right as clients charge them, as JuiceFS recounts them, and between",
        arguments: EngineMaker.all
    )
    func right(engine: EngineMaker) throws {
        try Self.with(engine) { bench, total in
            #expect(try bench.check().lines == [])
            // A recount leaves the link out and takes the hour in; a client then removed or added something.
            let counts: [(Int64, Int64)] = [(0, 0), (-4096, -1), (4096, 1), (0, -1)]
            for (space, inodes) in counts {
                let usage = QuotaUsage(space: total.space + space, inodes: total.inodes + inodes)
                try Self.set(bench, .user, 0, usage)
                #expect(try bench.check().lines == [], "\(space) \(inodes)")
            }
            // Whoever was charged once keeps a record.
            try Self.set(bench, .user, 77, QuotaUsage(space: 0, inodes: 0))
            #expect(try bench.check().lines == [])
        }
    }

    @Test("that are wrong are found", arguments: EngineMaker.all)
    func wrong(engine: EngineMaker) throws {
        try Self.with(engine) { bench, total in
            let low = QuotaUsage(space: total.space - 8192, inodes: total.inodes)
            let high = QuotaUsage(space: total.space, inodes: total.inodes + 2)
            let ghost = QuotaUsage(space: 4096, inodes: 1)
            try Self.set(bench, .user, 0, low)
            try Self.set(bench, .group, 0, high)
            try Self.set(bench, .user, 77, ghost)
            let result = try bench.check()
            #expect(
                Set(result.findings.map(\.fix)) == [
                    .setOwnerUsage(.user, 0, from: low, to: total),
                    .setOwnerUsage(.group, 0, from: high, to: total),
                    .setOwnerUsage(.user, 77, from: ghost, to: QuotaUsage(space: 0, inodes: 0)),
                ]
            )
            #expect(Set(result.codes) == ["owner-quota-usage"])
            let fix = try #require(result.findings.first { $0.fix.action == "set-owner-usage" }?.fix.json)
            #expect(fix["kind"]?.stringValue == "user")
            #expect(fix["to"]?["inodes"]?.int64Value == total.inodes)
        }
    }

    @Test("that are missing or nobody's are found", arguments: EngineMaker.all)
    func missing(engine: EngineMaker) throws {
        try Self.with(engine) { bench, total in
            let inode = try bench.inode("/d1/f3")
            try bench.changeNode(inode) { $0.uid = 1000 }
            let rest = QuotaUsage(space: total.space - 53248, inodes: total.inodes - 1)
            try Self.set(bench, .user, 0, rest)
            try Self.set(bench, .user, 1 << 32, rest)
            let result = try bench.check()
            let own = QuotaUsage(space: 53248, inodes: 1)
            #expect(result.codes == ["owner-quota-missing", "owner-quota-stray"])
            #expect(result.findings.contains { $0.fix == .setOwnerUsage(.user, 1000, from: nil, to: own) })
            #expect(result.findings.contains { $0.fix == .deleteOwnerQuota(.user, 1 << 32) })
        }
    }

    @Test("are left alone where the volume does not keep them", arguments: EngineMaker.all)
    func off(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            try Self.set(bench, .user, 0, QuotaUsage(space: 5, inodes: 5))
            #expect(try bench.check().lines == [])
        }
    }

    @Test("beside living clients count when they stay, and are unverified when they move")
    func restless() throws {
        try Self.with(EngineMaker.all[0]) { bench, total in
            try bench.addSession(1)
            try Self.set(bench, .user, 0, QuotaUsage(space: 5, inodes: 5))
            #expect(try bench.check().codes == ["owner-quota-usage"])
            #expect(bench.time.waits == [4_000_000_000])
            let moving = try bench.check { options in
                options.waiting = Meanwhile {
                    try Self.set(bench, .user, 0, QuotaUsage(space: 6, inodes: 6))
                }
            }
            #expect(moving.lines == [])
            #expect(moving.summary.exitBits == 64)
            let arriving = try bench.check { options in
                options.waiting = Meanwhile { try Self.set(bench, .user, 0, total) }
            }
            #expect(arriving.summary.exitBits == 0)
        }
    }

    @Test("of more owners than memory holds are summed up on disk")
    func manyOwners() throws {
        try CheckBench.with(EngineMaker.all[0]) { bench in
            bench.builder.volume.settings.userGroupQuota = true
            let engine = try #require(bench.engine as? MemoryEngine)
            let time = bench.builder.clock.now()
            engine.edit { records in
                for id in 0..<40_000 as Range<UInt32> {
                    for copy in 0..<2 as Range<UInt64> {
                        let node = Attributes(
                            type: .file,
                            mode: 0o644,
                            uid: 1000 + id,
                            gid: 5,
                            time: time,
                            length: 0,
                            parent: .root
                        )
                        records.nodes[Inode(1000 + UInt64(id) * 2 + copy)] = node
                    }
                    records.quotas[QuotaKey(kind: .user, key: UInt64(1000 + id))] = Quota(
                        maxSpace: -1,
                        maxInodes: -1,
                        usedSpace: 8192,
                        usedInodes: id == 39_999 ? 3 : 2
                    )
                }
            }
            let owners = try bench.check().findings.filter { $0.code == .ownerQuotaUsage }
            #expect(owners.map(\.fix.json["id"]?.int64Value) == [40_999])
        }
    }
}

/// Time in which something happens.
private final class Meanwhile: Waiting {
    private let deed: @Sendable () throws -> Void

    init(_ deed: @escaping @Sendable () throws -> Void) {
        self.deed = deed
    }

    var nanoseconds: UInt64 { 0 }

    func wait(nanoseconds: UInt64) {
        #expect(throws: Never.self) { try deed() }
    }
}

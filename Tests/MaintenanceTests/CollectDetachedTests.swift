// SPDX-License-Identifier: Apache-2.0
// Clones that were left unfinished (metadata-format §5.11), and records that only say so (row 51 of
// admin-commands §7).

import Maintenance
import Metadata
import ObjectStorage
import SluiceBase
import SluiceTestSupport
import Testing
import VolumeModel

@Suite("Collecting unfinished clones")
struct CollectDetachedTests {
    /// The top of a clone of `/d1` that holds a file with the slice of `/d1/f3`, a directory in it with a
    /// link, and one more name of nothing else.
    private static let top = Inode(600)

    private static func addClone(_ bench: CollectBench, added: Int64 = 1000) throws {
        let time = bench.builder.clock.now()
        let (file, inner, link) = (Inode(601), Inode(602), Inode(603))
        let slice = try bench.slice("/d1/f3")
        func node(_ type: FileType, _ parent: Inode, links: UInt32, length: UInt64) -> Attributes {
            Attributes(type: type, mode: 0o755, time: time, linkCount: links, length: length, parent: parent)
        }
        try bench.edit(
            .setNode(top, node(.directory, .root, links: 3, length: 4096)),
            .setNode(file, node(.file, top, links: 1, length: 50_000)),
            .setNode(inner, node(.directory, top, links: 2, length: 4096)),
            .setNode(link, node(.symlink, inner, links: 1, length: 1)),
            .setSymlink(link, "x"),
            .setEntry(NamedEntry(name: "f3", inode: file, type: .file), in: top),
            .setEntry(NamedEntry(name: "sub", inode: inner, type: .directory), in: top),
            .setEntry(NamedEntry(name: "l", inode: link, type: .symlink), in: inner),
            .setStat(top, DirectoryStat(dataLength: 50_000, usedSpace: 57_344, usedInodes: 2)),
            .setStat(inner, DirectoryStat(dataLength: 0, usedSpace: 4096, usedInodes: 1)),
            .setChunk(ChunkRecord(inode: file, index: 0, slices: slice.encoded)),
            .setReference(SliceReference(id: slice.id, size: slice.size, count: 2)),
            .setDetached(DetachedNode(inode: top, added: added))
        )
        let totals = try bench.engine.read {
            (try $0.counter(.usedSpace) ?? 0, try $0.counter(.totalInodes) ?? 0)
        }
        try bench.edit(
            .setCounter(.usedSpace, totals.0 + 53_248 + 3 * 4096),
            .setCounter(.totalInodes, totals.1 + 4)
        )
    }

    @Test("a clone past its day goes, and the source keeps what they share", arguments: EngineMaker.all)
    func stale(engine: EngineMaker) throws {
        try CollectBench.with(engine, .memory) { bench in
            try Self.addClone(bench)
            let before = try bench.objects()
            let slice = try bench.slice("/d1/f3")
            let summary = try bench.collect()
            #expect(summary[.detached] == CountAndSize(count: 1, bytes: 50_000))
            #expect(summary.doneSteps == 1)
            for number in 600...603 as ClosedRange<UInt64> { #expect(try bench.node(Inode(number)) == nil) }
            #expect(try bench.engine.read { try $0.detachedNode(Self.top) } == nil)
            #expect(try bench.reference(slice.id, size: slice.size) == 1)
            #expect(try bench.objects() == before)
            try bench.expectUnharmed()
            try bench.expectClean()
            let check = try CheckBench(builder: bench.builder, damage: bench.damage).check(bench.store)
            #expect(check.lines == [])
        }
    }

    @Test("data that only the clone had go with it, each object on record", arguments: EngineMaker.all)
    func ownData(engine: EngineMaker) throws {
        try CollectBench.with(engine, .memory) { bench in
            try Self.addClone(bench)
            let own = Slice(position: 0, id: 990, size: 70_000, offset: 0, length: 50_000)
            let shared = try bench.slice("/d1/f3")
            try bench.edit(
                .setChunk(ChunkRecord(inode: Inode(601), index: 0, slices: own.encoded)),
                .setReference(SliceReference(id: shared.id, size: shared.size, count: 1)),
                .setReference(SliceReference(id: 990, size: 70_000, count: 1))
            )
            for key in ["chunks/0/0/990_0_65536", "chunks/0/0/990_1_4464"] as [ObjectKey] {
                try bench.put(key)
            }
            #expect(try bench.collect().doneSteps == 1)
            #expect(try !bench.objects().contains("chunks/0/0/990_0_65536"))
            let lines = try bench.journal().filter { $0["op"]?.stringValue == "delete-object" }
            #expect(
                lines.map { $0["key"]?.stringValue } == ["chunks/0/0/990_0_65536", "chunks/0/0/990_1_4464"]
            )
            #expect(lines.allSatisfy { $0["of"]?["step"]?.stringValue == "remove-detached-tree" })
            try bench.expectUnharmed()
            try bench.expectClean()
        }
    }

    @Test("a young clone may still be at work", arguments: EngineMaker.all)
    func young(engine: EngineMaker) throws {
        try CollectBench.with(engine, .memory) { bench in
            try Self.addClone(bench, added: bench.builder.clock.now().seconds - 86_400)
            #expect(try bench.collect().plannedSteps == 0)
            #expect(try bench.node(Self.top) != nil)
        }
    }

    @Test(
        "row 51: a record that names a living directory loses nothing but itself",
        arguments: EngineMaker.all,
        ["/d1", "/d1/sub"]
    )
    func living(engine: EngineMaker, path: String) throws {
        try CollectBench.with(engine, .memory) { bench in
            let before = try bench.objects()
            let inode = try bench.inode(path)
            try bench.edit(.setDetached(DetachedNode(inode: inode, added: 1000)))
            let summary = try bench.collect()
            #expect(summary[.strayDetached].count == 1)
            #expect(summary.doneSteps == 1)
            #expect(try bench.engine.read { try $0.detachedNode(inode) } == nil)
            for path in ["/d1", "/d1/sub", "/d1/f1"] { #expect(try bench.node(bench.inode(path)) != nil) }
            #expect(try bench.objects() == before)
            try bench.expectUnharmed()
            try bench.expectClean()
        }
    }

    @Test("row 51: so does one of the root, the trash or nothing", arguments: EngineMaker.all)
    func tops(engine: EngineMaker) throws {
        try CollectBench.with(engine, .memory) { bench in
            for inode in [.root, .trash, Inode(888)] as [Inode] {
                try bench.edit(.setDetached(DetachedNode(inode: inode, added: 1000)))
            }
            #expect(try bench.collect().doneSteps == 3)
            #expect(try bench.node(.root) != nil)
            #expect(try bench.node(.trash) != nil)
            try bench.expectUnharmed()
            try bench.expectClean()
        }
    }

    @Test("a tree that holds something with a name elsewhere stays", arguments: EngineMaker.all)
    func entangled(engine: EngineMaker) throws {
        try CollectBench.with(engine, .memory) { bench in
            try Self.addClone(bench)
            let inode = try bench.inode("/d1/sub")
            try bench.edit(.setEntry(NamedEntry(name: "s", inode: inode, type: .directory), in: Self.top))
            let summary = try bench.collect()
            #expect(summary.plannedSteps == 0)
            #expect(summary.warnings.count == 1)
            #expect(summary.warnings.first?.hasPrefix("the unfinished clone at inode 600 is kept") == true)
            try bench.expectUnharmed()
        }
    }

    @Test("a tree that got a name after the plan stays", arguments: EngineMaker.all)
    func attached(engine: EngineMaker) throws {
        try CollectBench.with(engine, .memory) { bench in
            try Self.addClone(bench)
            let summary = try bench.collect(between: {
                try bench.edit(
                    .setEntry(NamedEntry(name: "new", inode: Self.top, type: .directory), in: .root)
                )
            })
            #expect(summary.skippedSteps == 1)
            #expect(try bench.node(Self.top)?.parent == .root)
            #expect(try bench.node(Inode(601)) != nil)
        }
    }

    @Test("quotas above the place that the clone was for are not relieved", arguments: EngineMaker.all)
    func quotas(engine: EngineMaker) throws {
        try CollectBench.with(engine, .memory) { bench in
            try Self.addClone(bench)
            let quota = Quota(maxSpace: 1 << 40, maxInodes: 0, usedSpace: 471_040, usedInodes: 5)
            let key = try bench.inode("/d1").number
            try bench.edit(.setQuota(QuotaRecord(kind: .directory, key: key, quota: quota)))
            var node = try #require(try bench.node(Self.top))
            node.parent = try bench.inode("/d1")
            try bench.edit(.setNode(Self.top, node))
            #expect(try bench.collect().doneSteps == 1)
            #expect(try bench.engine.read { try $0.quota(.directory, key) } == quota)
        }
    }
}

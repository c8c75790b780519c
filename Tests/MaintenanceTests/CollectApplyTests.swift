// SPDX-License-Identifier: Apache-2.0
// Plans that are kept, looked at by somebody, and executed later.

import Maintenance
import Metadata
import ObjectStorage
import SluiceBase
import SluiceTestSupport
import Testing
import VolumeModel

@Suite("Applying a plan that was kept")
struct CollectApplyTests {
    private static func planPath(_ bench: CollectBench) -> ByteString { bench.directory + "/plan" }

    /// Keeps a plan of three leaked blocks and a slice without users.
    private static func keep(_ bench: CollectBench) throws {
        for id in [990, 991, 992] { try bench.put(ObjectKey("chunks/0/0/\(id)_0_3")) }
        try bench.edit(.setReference(SliceReference(id: 993, size: 3, count: 0)))
        try bench.put("chunks/0/0/993_0_3")
        #expect(try bench.plan { $0.planPath = planPath(bench) }.steps.count == 4)
    }

    private static func apply(_ bench: CollectBench) throws -> CollectSummary {
        var options = CollectOptions(threads: 2)
        options.spill.directory = bench.directory
        let (summary, plan) = try planCollection(
            applying: planPath(bench),
            to: bench.volume,
            store: bench.store,
            options: options
        )
        return try executeCollection(
            plan,
            of: bench.volume,
            store: bench.store,
            options: options,
            journal: DeletionJournal(bench.journalPath),
            summary: summary
        )
    }

    @Test("does what it says, and nothing that came later", arguments: EngineMaker.all)
    func whole(engine: EngineMaker) throws {
        try CollectBench.with(engine, .memory) { bench in
            try Self.keep(bench)
            try bench.put("chunks/0/0/994_0_3")
            let summary = try Self.apply(bench)
            #expect(summary.plannedSteps == 4)
            #expect(summary.doneSteps == 4)
            #expect(summary.skippedSteps == 0)
            let left = try bench.objects()
            for id in 990...993 { #expect(!left.contains(ObjectKey("chunks/0/0/\(id)_0_3"))) }
            #expect(left.contains("chunks/0/0/994_0_3"))
            try bench.expectUnharmed()
            // A second time there is nothing left of it.
            #expect(try Self.apply(bench).skippedSteps == 4)
        }
    }

    @Test(
        "leaves out what no longer holds, a block that is in use by now above all",
        arguments: EngineMaker.all
    )
    func outdated(engine: EngineMaker) throws {
        try CollectBench.with(engine, .memory) { bench in
            try Self.keep(bench)
            let inode = try bench.inode("/d1/f3")
            let late = Slice(position: 50_000, id: 990, size: 3, offset: 0, length: 3)
            try bench.edit(
                .setChunk(
                    ChunkRecord(
                        inode: inode,
                        index: 0,
                        slices: try bench.slice("/d1/f3").encoded + late.encoded
                    )
                ),
                .setReference(SliceReference(id: 990, size: 3, count: 1)),
                .setReference(SliceReference(id: 993, size: 3, count: 2))
            )
            try bench.put("chunks/0/0/991_0_3", [1, 2, 3, 4])
            let summary = try Self.apply(bench)
            #expect(summary.doneSteps == 1)
            #expect(summary.skippedSteps == 3)
            let left = try bench.objects()
            for id in [990, 991, 993] { #expect(left.contains(ObjectKey("chunks/0/0/\(id)_0_3"))) }
        }
    }

    @Test("is refused whole when not everything can be seen", arguments: EngineMaker.all)
    func interlock(engine: EngineMaker) throws {
        try CollectBench.with(engine, .memory) { bench in
            try Self.keep(bench)
            #expect(try bench.damage.garble(.chunk(0, of: bench.inode("/d1/f3"))))
            let before = try bench.objects()
            let summary = try Self.apply(bench)
            #expect(summary.interlocks.count == 1)
            #expect(summary.plannedSteps == 0)
            #expect(try bench.objects() == before)
        }
    }

    @Test("is refused when it is another volume's")
    func otherVolume() throws {
        try CollectBench.with(EngineMaker.all[0], .memory) { bench in
            let path = Self.planPath(bench)
            let plan = try GarbagePlan(
                for: "another",
                created: Timestamp(seconds: 1),
                at: path,
                spill: SpillSpace()
            )
            try plan.finish()
            let error = #expect(throws: MaintenanceError.self) { try Self.apply(bench) }
            #expect(error?.code == .mismatch)
        }
    }

    /// What may happen to a file on its way: lines that go, come, change or change places.
    @Test(
        "is refused when it was cut off or edited",
        arguments: [
            { $0.removeLast() }, { $0.remove(at: 2) }, { $0.swapAt(1, 2) }, { $0.insert($0[1], at: 1) },
            { $0.append($0[1]) }, { $0[1] = $0[2] }, { $0[0].removeLast() }, { $0.removeAll() },
            { $0[5] += " " },
        ] as [@Sendable (inout [String]) -> Void]
    )
    func edited(change: @Sendable (inout [String]) -> Void) throws {
        try CollectBench.with(EngineMaker.all[0], .memory) { bench in
            try Self.keep(bench)
            let path = Self.planPath(bench)
            let text = String(decoding: try Posix.readWholeFile(path, limit: 1 << 20), as: UTF8.self)
            var lines = text.split(separator: "\n").map(String.init)
            #expect(lines.count == 6)
            change(&lines)
            try Posix.replaceFile(path, with: Array(lines.map { $0 + "\n" }.joined().utf8))
            let before = try bench.objects()
            let error = #expect(throws: MaintenanceError.self) { try Self.apply(bench) }
            #expect(error?.code == .refused)
            #expect(try bench.objects() == before)
        }
    }

    @Test("is refused without its last line break")
    func torn() throws {
        try CollectBench.with(EngineMaker.all[0], .memory) { bench in
            try Self.keep(bench)
            let path = Self.planPath(bench)
            let bytes = try Posix.readWholeFile(path, limit: 1 << 20)
            try Posix.replaceFile(path, with: bytes.dropLast(3))
            #expect(throws: CodecError.self) { try Self.apply(bench) }
        }
    }

    @Test("the objects of files and hours are in the journal one by one", arguments: EngineMaker.all)
    func journal(engine: EngineMaker) throws {
        try CollectBench.with(engine, .memory) { bench in
            let gone = try bench.keys("/gone").union(bench.keys("/d1/sub/f2"))
            try bench.volume.unlink("f2", in: bench.inode("/d1/sub"), skipTrash: true)
            bench.builder.clock.advance(seconds: CollectBench.longTime)
            #expect(try bench.collect().doneSteps == 2)
            let lines = try bench.journal().filter { $0["op"]?.stringValue == "delete-object" }
            #expect(Set(lines.compactMap { $0["key"]?.stringValue.map { ObjectKey($0) } }) == gone)
            let steps = Set(lines.map { $0["of"]?["step"]?.stringValue })
            #expect(steps == ["delete-file-data", "empty-trash-hour"])
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Maintenance
import Metadata
import ObjectStorage
import SluiceBase
import SluiceTestSupport
import Testing
import VolumeModel

@Suite("Collecting garbage")
struct CollectTests {
    @Test("a healthy volume has none", arguments: EngineMaker.all, StoreKind.allCases)
    func healthy(engine: EngineMaker, kind: StoreKind) throws {
        try CollectBench.with(engine, kind) { bench in
            let before = try bench.objects()
            let summary = try bench.collect { $0.marginSeconds = 0 }
            #expect(summary[.valid].count == 40)
            #expect(summary[.compactable].count == 1)
            #expect(summary.plannedSteps == 0)
            #expect(try bench.objects() == before)
            try bench.expectClean()
        }
    }

    @Test("row 6: a leaked object goes", arguments: EngineMaker.all, StoreKind.allCases)
    func leaked(engine: EngineMaker, kind: StoreKind) throws {
        try CollectBench.with(engine, kind) { bench in
            let before = try bench.objects()
            try bench.put("chunks/0/0/999_0_3")
            let summary = try bench.collect()
            #expect(summary[.leaked] == CountAndSize(count: 1, bytes: 3))
            #expect(summary.doneSteps == 1)
            #expect(try bench.objects() == before)
            let line = try #require(try bench.journal().first)
            #expect(line["key"]?.stringValue == "chunks/0/0/999_0_3")
            try bench.expectUnharmed()
            try bench.expectClean()
        }
    }

    @Test(
        "row 8: blocks that a living slice does not have go",
        arguments: EngineMaker.all,
        StoreKind.allCases
    )
    func extra(engine: EngineMaker, kind: StoreKind) throws {
        try CollectBench.with(engine, kind) { bench in
            let before = try bench.objects()
            let id = try bench.slice("/d1/sub/f2").id
            try bench.put(ObjectKey("chunks/0/0/\(id)_0_5000"))
            try bench.put(ObjectKey("chunks/0/0/\(id)_7_65536"))
            let summary = try bench.collect()
            #expect(summary[.leaked] == CountAndSize(count: 2, bytes: 6))
            #expect(summary.doneSteps == 2)
            #expect(try bench.objects() == before)
            try bench.expectUnharmed()
        }
    }

    @Test("an extra block stays while its slice is not whole", arguments: EngineMaker.all)
    func extraOfIncomplete(engine: EngineMaker) throws {
        try CollectBench.with(engine, .memory) { bench in
            let id = try bench.slice("/d1/sub/f2").id
            try bench.put(ObjectKey("chunks/0/0/\(id)_0_5000"))
            try bench.store.delete(ObjectKey("chunks/0/0/\(id)_1_34464"))
            let summary = try bench.collect()
            #expect(summary[.claimed] == CountAndSize(count: 1, bytes: 3))
            #expect(summary.plannedSteps == 0)
        }
    }

    @Test("an id that was not given out yet is unknown", arguments: EngineMaker.all)
    func unknown(engine: EngineMaker) throws {
        try CollectBench.with(engine, .memory) { bench in
            try bench.put("chunks/999/999999/999999999_0_3")
            try bench.put("chunks/0/0/0_0_3")
            let summary = try bench.collect { $0.marginSeconds = 0 }
            #expect(summary[.unknown].count == 2)
            #expect(summary.plannedSteps == 0)
        }
    }

    @Test(
        "row 40: a slice without users goes, objects and record",
        arguments: EngineMaker.all,
        StoreKind.allCases
    )
    func pending(engine: EngineMaker, kind: StoreKind) throws {
        try CollectBench.with(engine, kind) { bench in
            let before = try bench.objects()
            try bench.edit(.setReference(SliceReference(id: 999, size: 70_000, count: 0)))
            try bench.put("chunks/0/0/999_0_65536")
            try bench.put("chunks/0/0/999_1_4464")
            try bench.put("chunks/0/0/999_9_4464")
            let summary = try bench.collect()
            #expect(summary[.pending] == CountAndSize(count: 1, bytes: 70_000))
            #expect(summary[.leaked].count == 1)
            #expect(summary.doneSteps == 2)
            #expect(try bench.objects() == before)
            #expect(try !bench.hasReference(999))
            try bench.expectUnharmed()
            try bench.expectClean()
        }
    }

    @Test("the data of a deleted file go", arguments: EngineMaker.all, StoreKind.allCases)
    func deletedFile(engine: EngineMaker, kind: StoreKind) throws {
        try CollectBench.with(engine, kind) { bench in
            let data = try bench.keys("/d1/sub/f2")
            let inode = try bench.inode("/d1/sub/f2")
            try bench.volume.unlink("f2", in: bench.inode("/d1/sub"), skipTrash: true)
            let young = try bench.collect()
            #expect(young.plannedSteps == 0)
            #expect(young[.recent].count == 1)
            bench.builder.clock.advance(seconds: 3601)
            let summary = try bench.collect()
            #expect(summary[.deletedFiles] == CountAndSize(count: 1, bytes: 100_000))
            #expect(summary.doneSteps == 1)
            #expect(try bench.objects().isDisjoint(with: data))
            #expect(try bench.engine.read { try $0.deletedFile(inode) } == nil)
            #expect(try bench.engine.read { try $0.chunks(of: inode) } == [])
            try bench.expectUnharmed(except: ["/d1/sub/f2"])
            try bench.expectClean()
        }
    }

    @Test("a clone's data stay for the others", arguments: EngineMaker.all, StoreKind.allCases)
    func deletedClone(engine: EngineMaker, kind: StoreKind) throws {
        try CollectBench.with(engine, kind) { bench in
            let slice = try bench.slice("/d1/f1")
            try bench.volume.unlink("c1", in: .root, skipTrash: true)
            try bench.volume.unlink("c2", in: .root, skipTrash: true)
            #expect(try bench.collect { $0.marginSeconds = 0 }.doneSteps == 2)
            #expect(try bench.reference(slice.id, size: slice.size) == 2)
            try bench.expectUnharmed(except: ["/c1", "/c2"])
            try bench.expectClean()
        }
    }

    @Test(
        "what compaction replaced goes when its days are over",
        arguments: EngineMaker.all,
        StoreKind.allCases
    )
    func delayed(engine: EngineMaker, kind: StoreKind) throws {
        try CollectBench.with(engine, kind) { bench in
            let now = bench.builder.clock.now().seconds
            try bench.edit(
                .setReference(SliceReference(id: 990, size: 3, count: 1)),
                .setReference(SliceReference(id: 991, size: 3, count: 1))
            )
            try bench.put("chunks/0/0/990_0_3")
            try bench.put("chunks/0/0/991_0_3")
            try bench.delay([(990, 3)], row: 900, deleted: now - 2 * 86400)
            try bench.delay([(991, 3)], row: 901, deleted: now - 3600)
            let summary = try bench.collect()
            #expect(summary[.trash] == CountAndSize(count: 2, bytes: 6))
            #expect(summary[.expiredTrash] == CountAndSize(count: 1, bytes: 3))
            #expect(summary.doneSteps == 1)
            let left = try bench.objects()
            #expect(!left.contains("chunks/0/0/990_0_3"))
            #expect(left.contains("chunks/0/0/991_0_3"))
            #expect(try !bench.hasReference(990))
            #expect(try bench.engine.read { try $0.delayedSlices(900) } == nil)
            #expect(try bench.engine.read { try $0.delayedSlices(901) } != nil)
            try bench.expectUnharmed()
        }
    }

    @Test("young objects stay, and those of unknown age", arguments: EngineMaker.all, StoreKind.allCases)
    func young(engine: EngineMaker, kind: StoreKind) throws {
        try CollectBench.with(engine, kind) { bench in
            let now = bench.builder.clock.now().seconds
            try bench.put("chunks/0/0/990_0_3", modified: now - 3600)
            try bench.put("chunks/0/0/991_0_3", modified: now - 3599)
            try bench.put("chunks/0/0/992_0_3", modified: now + 86400)
            try bench.put("chunks/0/0/993_0_3", modified: 0)
            #expect(try bench.plan { $0.marginSeconds = 86400 }.summary[.recent].count == 4)
            let summary = try bench.collect()
            #expect(summary[.recent].count == 3)
            #expect(summary[.leaked].count == 1)
            #expect(summary.doneSteps == 1)
            #expect(try bench.collect { $0.marginSeconds = 0 }.doneSteps == 2)
            #expect(try bench.plan { $0.marginSeconds = 0 }.summary[.recent].count == 1)
        }
    }
}

@Suite("Plans of a collection")
struct CollectPlanTests {
    static let steps: [GarbageStep] = [
        .object(ObjectKey([0x63, 0xff, 0x22, 0x0a]), bytes: .max, modified: -5, slice: .max),
        .slice(7, size: .max, count: -3),
        .deletedFile(Inode(9), length: 1 << 62, deleted: 1000),
        .delayedSlices(12, deleted: 0),
        .trashHour("2026-01-02-03", Inode(Inode.trash.number + 5)),
        .detachedTree(Inode(77), added: 5),
        .detachedRecord(Inode(1), added: .min),
    ]

    @Test("every step survives its JSON", arguments: steps)
    func roundTrip(step: GarbageStep) throws {
        let line = JSONValue.object(step.json).line
        #expect(!line.contains("\n"))
        let parsed = try #require(try JSONValue.parse(line).objectValue)
        #expect(try GarbageStep(parsed) == step)
    }

    @Test(
        "a line that is no step is refused",
        arguments: [
            "{}", #"{"step":"delete-everything"}"#,
            #"{"step":"delete-slice","slice":1,"bytes":4294967296,"references":0}"#,
            #"{"step":"delete-object","key":"a","key_base64":"%","bytes":1,"modified":1,"slice":1}"#,
            #"{"step":"delete-file-data","inode":-1,"bytes":1,"deleted":1}"#,
        ]
    )
    func refused(line: String) throws {
        let parsed = try #require(try JSONValue.parse(line).objectValue)
        #expect(throws: CodecError.self) { try GarbageStep(parsed) }
    }

    @Test("a plan of many steps is read as it was written, twice")
    func file() throws {
        let directory = try Posix.makeTemporaryDirectory(prefix: "sluice-plan-")
        defer { #expect(throws: Never.self) { try Posix.removeTree(directory) } }
        let plan = try GarbagePlan(
            for: "u",
            created: Timestamp(seconds: 1),
            at: directory + "/plan",
            spill: SpillSpace()
        )
        var written: [GarbageStep] = []
        for number in 0..<5000 {
            let step: GarbageStep = .slice(UInt64(number), size: 5, count: 0)
            written.append(step)
            try plan.add(step)
        }
        for step in Self.steps {
            written.append(step)
            try plan.add(step)
        }
        try plan.finish()
        #expect(plan.stepCount == written.count)
        #expect(try CollectBench.steps(of: plan) == written)
        #expect(try CollectBench.steps(of: plan) == written)
        let text = try Posix.readWholeFile(directory + "/plan", limit: 1 << 22)
        #expect(text.split(separator: UInt8(ascii: "\n")).count == written.count + 2)
    }
}

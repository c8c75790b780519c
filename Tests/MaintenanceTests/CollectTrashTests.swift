// SPDX-License-Identifier: Apache-2.0

import Maintenance
import Metadata
import ObjectStorage
import SluiceBase
import SluiceTestSupport
import Testing
import VolumeModel

@Suite("Collecting the trash")
struct CollectTrashTests {
    @Test("an expired hour is emptied, a younger one stays", arguments: EngineMaker.all, StoreKind.allCases)
    func hours(engine: EngineMaker, kind: StoreKind) throws {
        try CollectBench.with(engine, kind) { bench in
            let gone = try bench.keys("/gone")
            bench.builder.clock.advance(seconds: CollectBench.longTime)
            try bench.volume.unlink("many", in: .root)
            let summary = try bench.collect()
            #expect(summary.doneSteps == 1)
            #expect(summary[.expiredHours].count == 1)
            #expect(summary.failures == [])
            #expect(try bench.objects().isDisjoint(with: gone))
            #expect(try bench.engine.read { try $0.entries(of: .trash, after: nil, limit: 10) }.count == 1)
            #expect(try bench.node(bench.inode("/gone")) == nil)
            try bench.expectUnharmed()
            try bench.expectClean()
        }
    }

    @Test("a removed clone leaves the data to the others", arguments: EngineMaker.all)
    func clone(engine: EngineMaker) throws {
        try CollectBench.with(engine, .memory) { bench in
            let slice = try bench.slice("/d1/f1")
            try bench.volume.unlink("c1", in: .root)
            bench.builder.clock.advance(seconds: CollectBench.longTime)
            #expect(try bench.collect().doneSteps == 1)
            #expect(try bench.reference(slice.id, size: slice.size) == 3)
            try bench.expectUnharmed(except: ["/c1"])
            try bench.expectClean()
        }
    }

    @Test("a file with a name outside the trash that its link count forgot stays", arguments: EngineMaker.all)
    func linkCount(engine: EngineMaker) throws {
        try CollectBench.with(engine, .memory) { bench in
            try bench.volume.unlink("h2", in: .root)
            let inode = try bench.inode("/h1")
            var node = try #require(try bench.node(inode))
            node.linkCount = 1
            try bench.edit(.setNode(inode, node))
            bench.builder.clock.advance(seconds: CollectBench.longTime)
            try expectKept(bench, "names, more than it counts")
        }
    }

    @Test("a live directory with a second entry in the trash stays", arguments: EngineMaker.all)
    func liveDirectory(engine: EngineMaker) throws {
        try CollectBench.with(engine, .memory) { bench in
            let inode = try bench.inode("/d1/sub")
            let hour = try #require(
                try bench.engine.read { try $0.entries(of: .trash, after: nil, limit: 1) }.first
            )
            try bench.edit(
                .setEntry(NamedEntry(name: "2-5-sub", inode: inode, type: .directory), in: hour.inode)
            )
            bench.builder.clock.advance(seconds: CollectBench.longTime)
            try expectKept(bench, "inode \(inode)")
        }
    }

    @Test("an hour that is a directory outside the trash stays", arguments: EngineMaker.all)
    func outside(engine: EngineMaker) throws {
        try CollectBench.with(engine, .memory) { bench in
            let inode = try bench.inode("/d1")
            let hour = try #require(
                try bench.engine.read { try $0.entries(of: .trash, after: nil, limit: 1) }.first
            )
            try bench.edit(.setEntry(NamedEntry(name: hour.name, inode: inode, type: .directory), in: .trash))
            bench.builder.clock.advance(seconds: CollectBench.longTime)
            try expectKept(bench, "not a directory of the trash")
        }
    }

    @Test("row 58: an hour with a bad name is told of", arguments: EngineMaker.all)
    func badName(engine: EngineMaker) throws {
        try CollectBench.with(engine, .memory) { bench in
            let hour = try #require(
                try bench.engine.read { try $0.entries(of: .trash, after: nil, limit: 1) }.first
            )
            try bench.edit(
                .deleteEntry(hour.name, in: .trash),
                .setEntry(NamedEntry(name: "last-week", inode: hour.inode, type: .directory), in: .trash)
            )
            bench.builder.clock.advance(seconds: CollectBench.longTime)
            try expectKept(bench, "last-week")
        }
    }

    @Test("an hour that changed between plan and execution is left out", arguments: EngineMaker.all)
    func changed(engine: EngineMaker) throws {
        try CollectBench.with(engine, .memory) { bench in
            bench.builder.clock.advance(seconds: CollectBench.longTime)
            let hour = try #require(
                try bench.engine.read { try $0.entries(of: .trash, after: nil, limit: 1) }.first
            )
            let inode = try bench.inode("/d1/sub")
            let summary = try bench.collect(between: {
                try bench.edit(
                    .setEntry(NamedEntry(name: "2-5-sub", inode: inode, type: .directory), in: hour.inode)
                )
            })
            #expect(summary.skippedSteps == 1)
            #expect(try bench.keys("/gone").isSubset(of: bench.objects()))
            try bench.expectUnharmed()
        }
    }

    private func expectKept(_ bench: CollectBench, _ reason: String) throws {
        let before = try bench.objects()
        let summary = try bench.collect()
        #expect(summary.plannedSteps == 0)
        #expect(summary.warnings.count == 1)
        #expect(summary.warnings.first?.contains(reason) == true, "\(summary.warnings)")
        #expect(try bench.objects() == before)
        try bench.expectUnharmed()
    }
}

// SPDX-License-Identifier: Apache-2.0
// What engines that count a node's names by directory (Redis, `p<inode>`) may count wrongly, and values
// that do not decode.

import Maintenance
import Metadata
import SluiceBase
import SluiceTestSupport
import Testing
import VolumeModel

@Suite("Damage in the terms of one engine")
struct CheckParentTests {
    @Test("counted names that are not those of the entries", arguments: EngineMaker.all)
    func parentCounts(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let (inode, top) = try (bench.inode("/h1"), bench.inode("/d1"))
            try bench.edit(
                .setParentCount(.root, of: inode, 1),
                .setParentCount(top, of: inode, 0),
                .setParentCount(Inode(999), of: inode, 4)
            )
            let result = try bench.check()
            guard bench.engine.countsParents else {
                #expect(result.lines == [])
                return
            }
            let line = "parent-count inode=\(inode) paths=/d1/h3,/h1,/h2 fix=set-parent-count"
            #expect(result.lines == [line, line, line])
            #expect(
                Set(result.findings.map(\.fix)) == [
                    .setParentCount(inode, parent: .root, from: 1, to: 2),
                    .setParentCount(inode, parent: top, from: 0, to: 1),
                    .setParentCount(inode, parent: Inode(999), from: 4, to: 0),
                ]
            )
        }
    }

    @Test(
        "a directory's entry that does not decode is a finding, and the rest is looked at",
        arguments: EngineMaker.all
    )
    func garbledEntry(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let top = try bench.inode("/d1")
            guard try bench.damage.garble(.entry("f3", in: top)) else { return }
            let bad = try bench.check()
            #expect(bad.codes.contains("record-damaged"))
            #expect(bad.summary.exitBits & 4 != 0)
            try bench.changeNode(try bench.inode("/h1")) { $0.linkCount = 9 }
            #expect(try bench.check().codes.contains("file-nlink-high"))
        }
    }

    @Test(
        "a node that does not decode is a finding, and nothing is concluded from it",
        arguments: EngineMaker.all
    )
    func garbledNode(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            guard try bench.damage.garble(.node(bench.inode("/d1/f3"))) else { return }
            let result = try bench.check()
            #expect(result.codes.contains("record-damaged"))
            #expect(result.summary.exitBits & 4 != 0)
        }
    }

    @Test("a reference that does not decode forbids gc every deletion", arguments: EngineMaker.all)
    func garbledReference(engine: EngineMaker) throws {
        try CollectBench.with(engine, .memory) { bench in
            let slice = try bench.slice("/d1/f3")
            try bench.put("chunks/0/0/999_0_3")
            guard try bench.damage.garble(.reference(slice.id, size: slice.size)) else { return }
            let summary = try bench.collect()
            #expect(summary.interlocks.count == 1)
            #expect(summary.plannedSteps == 0)
            try bench.expectUnharmed()
        }
    }
}

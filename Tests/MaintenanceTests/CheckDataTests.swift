// SPDX-License-Identifier: Apache-2.0
// Rows 29-41 and 49 of the damage matrix (admin-commands §7).

import Maintenance
import Metadata
import ObjectStorage
import SluiceBase
import SluiceTestSupport
import Testing
import VolumeModel

@Suite("Damage to chunks and slices")
struct CheckDataTests {
    @Test(
        "row 29: a chunk without record is matched with the slice that lost its user",
        arguments: EngineMaker.all
    )
    func chunkMissing(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let (inode, slice) = try (bench.inode("/d1/f3"), bench.slice("/d1/f3"))
            let key = try bench.object("/d1/f3")
            try bench.edit(.deleteChunk(0, of: inode))
            let result = try bench.check()
            #expect(
                result.lines == [
                    "chunk-missing inode=\(inode) slice=\(slice.id) paths=/d1/f3 fix=restore-chunk",
                    "length-long info inode=\(inode) paths=/d1/f3 fix=none",
                    unclaimed(slice, key, bench),
                ]
            )
            #expect(result.findings.contains { $0.fix == .restoreChunk(inode, index: 0, slice) })
        }
    }

    @Test(
        "row 30: a chunk's record that is cut off forbids conclusions about its slices",
        arguments: EngineMaker.all
    )
    func chunkDamaged(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let (inode, slice) = try (bench.inode("/d1/f3"), bench.slice("/d1/f3"))
            let key = try bench.object("/d1/f3")
            try bench.setChunk(inode, Array(slice.encoded.prefix(20)))
            let result = try bench.check()
            #expect(
                result.lines == [
                    "chunk-damaged inode=\(inode) paths=/d1/f3 fix=none",
                    unclaimed(slice, key, bench),
                ]
            )
            #expect(result.summary.exitBits == 4 + 64)
        }
    }

    @Test("row 31: a chunk's record of a node that is not there", arguments: EngineMaker.all)
    func chunkOrphan(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let slice = try bench.slice("/d1/f3")
            try bench.setChunk(Inode(800), slice.encoded)
            try bench.edit(.setReference(SliceReference(id: slice.id, size: slice.size, count: 2)))
            let result = try bench.check()
            #expect(result.lines == ["chunk-orphan inode=800 fix=create-node"])
            // A deleted file whose data are still to be removed looks the same and is none.
            try bench.edit(.setDeletedFile(DeletedFile(inode: Inode(800), length: 5, deleted: 1)))
            #expect(try bench.check().lines == [])
        }
    }

    @Test("row 32: a length that is not that of the data", arguments: EngineMaker.all)
    func length(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let (short, long) = try (bench.inode("/d1/f3"), bench.inode("/d1/sub/f2"))
            try bench.changeNode(short) { $0.length = 49_500 }
            try bench.changeNode(long) { $0.length = 100_100 }
            let result = try bench.check()
            #expect(result.codes == ["dir-stat-length", "dir-stat-length", "length-long", "length-short"])
            #expect(result.findings.contains { $0.fix == .setLength(short, from: 49_500, to: 50_000) })
            #expect(result.findings.first { $0.code == .lengthLong }?.severity == .info)
        }
    }

    @Test("row 33: a record that reaches out of its slice", arguments: EngineMaker.all)
    func bounds(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let inode = try bench.inode("/d1/f3")
            var slice = try bench.slice("/d1/f3")
            slice.length += 1
            try bench.setChunk(inode, slice.encoded)
            #expect(try bench.check().lines == ["slice-bounds inode=\(inode) paths=/d1/f3 fix=none"])
        }
    }

    @Test("row 33: two files that share a slice by mistake", arguments: EngineMaker.all)
    func wrongSlice(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let (inode, slice, other) = try (
                bench.inode("/d1/f3"), bench.slice("/d1/f3"), bench.slice("/d1/sub/f2")
            )
            var wrong = slice
            wrong.id = other.id
            try bench.setChunk(inode, wrong.encoded)
            let result = try bench.check()
            #expect(
                result.codes
                    == (bench.engine.omitsSingleReferences
                        ? ["object-leaked", "slice-size"]
                        : ["slice-ref-low", "slice-size", "slice-unclaimed"])
            )
            #expect(result.findings.first { $0.code == .sliceSize }?.paths == ["/d1/f3", "/d1/sub/f2"])
        }
    }

    @Test("rows 34-38: what a reference row may say wrongly", arguments: EngineMaker.all)
    func references(engine: EngineMaker) throws {
        let cases: [(count: Int64?, size: UInt32?, code: String, fix: Fix)] = [
            (nil, nil, "slice-ref-missing", .setReference(1, size: 300_000, from: nil, to: 4)),
            (0, nil, "slice-ref-dead", .setReference(1, size: 300_000, from: 0, to: 4)),
            (-3, nil, "slice-ref-dead", .setReference(1, size: 300_000, from: -3, to: 4)),
            (7, nil, "slice-ref-high", .setReference(1, size: 300_000, from: 7, to: 4)),
            (1, nil, "slice-ref-low", .setReference(1, size: 300_000, from: 1, to: 4)),
            (4, 5, "slice-ref-size", .setReferenceSize(1, from: 5, to: 300_000)),
        ]
        for damage in cases {
            try CheckBench.with(engine) { bench in
                let slice = try bench.slice("/d1/f1")
                #expect(slice.id == 1)
                try bench.edit(.deleteReference(1, size: slice.size))
                if let count = damage.count {
                    let size = damage.size ?? slice.size
                    try bench.edit(.setReference(SliceReference(id: 1, size: size, count: count)))
                }
                let result = try bench.check()
                #expect(result.findings.allSatisfy { $0.paths == ["/c1", "/c2", "/c3", "/d1/f1"] })
                guard bench.engine.omitsSingleReferences, damage.count == nil || damage.size != nil else {
                    #expect(result.codes == [damage.code])
                    #expect(result.findings.first?.fix == damage.fix)
                    return
                }
                // No row is one user; a row of another size belongs to nobody.
                let low = Fix.setReference(1, size: 300_000, from: 1, to: 4)
                let drop = Fix.setReference(1, size: 5, from: 4, to: nil)
                #expect(Set(result.findings.map(\.fix)) == (damage.size == nil ? [low] : [low, drop]))
            }
        }
    }

    @Test("rows 39-41: reference rows that nobody needs", arguments: EngineMaker.all)
    func strayReferences(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            for id in [901, 902] as [UInt64] {
                try bench.store.put(ObjectKey("chunks/0/0/\(id)_0_500"), [UInt8](repeating: 1, count: 500))
            }
            for (id, count) in [(900, 1), (901, 0), (902, 1)] as [(UInt64, Int64)] {
                try bench.edit(.setReference(SliceReference(id: id, size: 500, count: count)))
            }
            try bench.edit(.setReference(SliceReference(id: 0, size: 0, count: 1)))
            #expect(
                try bench.check().lines == [
                    "slice-pending info slice=901 fix=none", "slice-ref-hole slice=0 fix=delete-reference",
                    "slice-ref-stray slice=900 fix=delete-reference", "slice-unclaimed slice=902 fix=none",
                ]
            )
        }
    }

    @Test("row 49: a living slice in the queue of delayed deletions", arguments: EngineMaker.all)
    func delayedLive(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let (inode, slice) = try (bench.inode("/d1/f3"), bench.slice("/d1/f3"))
            var row = ByteWriter()
            row.write(slice.id)
            row.write(slice.size)
            try bench.edit(.setDelayed(DelayedSlices(id: 990, deleted: 1, encodedSlices: row.bytes)))
            let result = try bench.check()
            #expect(
                result.lines == [
                    "delayed-live inode=\(inode) slice=\(slice.id) paths=/d1/f3 fix=forget-delayed"
                ]
            )
            // After a compaction the row and the reference agree.
            try bench.edit(.setReference(SliceReference(id: slice.id, size: slice.size, count: 2)))
            #expect(try bench.check().lines == [])
        }
    }

    @Test(
        "a damaged row of delayed slices is a damaged record and leaves leaks unjudged",
        arguments: EngineMaker.all
    )
    func delayedDamaged(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            try bench.edit(.setDelayed(DelayedSlices(id: 990, deleted: 1, encodedSlices: [1, 2, 3])))
            try bench.store.put("chunks/0/0/999_0_5", [1, 2, 3, 4, 5])
            let result = try bench.check()
            #expect(
                result.lines == [
                    "object-leaked slice=999 object=chunks/0/0/999_0_5 fix=none", "record-damaged fix=none",
                ]
            )
        }
    }

    /// What is said of a slice that lost its only user: where no row counts it, it is known by its object
    /// alone.
    private func unclaimed(_ slice: Slice, _ key: ObjectKey, _ bench: CheckBench) -> String {
        bench.engine.omitsSingleReferences
            ? "object-leaked slice=\(slice.id) object=\(key) fix=none"
            : "slice-unclaimed slice=\(slice.id) fix=none"
    }
}

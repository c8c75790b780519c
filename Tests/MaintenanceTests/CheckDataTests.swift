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
    @Test("row 29: a chunk without record is matched with the slice that lost its user")
    func chunkMissing() throws {
        let bench = try CheckBench()
        let (inode, slice) = try (bench.inode("/d1/f3"), bench.slice("/d1/f3"))
        bench.engine.edit { $0.chunks[inode] = nil }
        let result = try bench.check()
        #expect(
            result.lines == [
                "chunk-missing inode=\(inode) slice=\(slice.id) paths=/d1/f3 fix=restore-chunk",
                "length-long info inode=\(inode) paths=/d1/f3 fix=none",
                "slice-unclaimed slice=\(slice.id) fix=none",
            ]
        )
        #expect(result.findings.contains { $0.fix == .restoreChunk(inode, index: 0, slice) })
    }

    @Test("row 30: a chunk's record that is cut off forbids conclusions about its slices")
    func chunkDamaged() throws {
        let bench = try CheckBench()
        let (inode, slice) = try (bench.inode("/d1/f3"), bench.slice("/d1/f3"))
        bench.engine.edit { records in
            records.chunks[inode] = [0: Array(slice.encoded.prefix(20))]
        }
        let result = try bench.check()
        #expect(
            result.lines == [
                "chunk-damaged inode=\(inode) paths=/d1/f3 fix=none",
                "slice-unclaimed slice=\(slice.id) fix=none",
            ]
        )
        #expect(result.summary.exitBits == 4 + 64)
    }

    @Test("row 31: a chunk's record of a node that is not there")
    func chunkOrphan() throws {
        let bench = try CheckBench()
        let slice = try bench.slice("/d1/f3")
        bench.engine.edit { records in
            records.chunks[Inode(800)] = [0: slice.encoded]
            records.sliceReferences[slice.id]?.count = 2
        }
        let result = try bench.check()
        #expect(result.lines == ["chunk-orphan inode=800 fix=create-node"])
        // A deleted file whose data are still to be removed looks the same and is none.
        bench.engine.edit {
            $0.deletedFiles[Inode(800)] = DeletedFile(inode: Inode(800), length: 5, deleted: 1)
        }
        #expect(try bench.check().lines == [])
    }

    @Test("row 32: a length that is not that of the data")
    func length() throws {
        let bench = try CheckBench()
        let (short, long) = try (bench.inode("/d1/f3"), bench.inode("/d1/sub/f2"))
        bench.engine.edit { records in
            records.nodes[short]?.length = 49_500
            records.nodes[long]?.length = 100_100
        }
        let result = try bench.check()
        #expect(result.codes == ["dir-stat-length", "dir-stat-length", "length-long", "length-short"])
        #expect(result.findings.contains { $0.fix == .setLength(short, from: 49_500, to: 50_000) })
        #expect(result.findings.first { $0.code == .lengthLong }?.severity == .info)
    }

    @Test("row 33: a record that reaches out of its slice")
    func bounds() throws {
        let bench = try CheckBench()
        let inode = try bench.inode("/d1/f3")
        var slice = try bench.slice("/d1/f3")
        slice.length += 1
        bench.engine.edit { [slice] in $0.chunks[inode] = [0: slice.encoded] }
        #expect(try bench.check().lines == ["slice-bounds inode=\(inode) paths=/d1/f3 fix=none"])
    }

    @Test("row 33: two files that share a slice by mistake")
    func wrongSlice() throws {
        let bench = try CheckBench()
        let (inode, slice, other) = try (
            bench.inode("/d1/f3"), bench.slice("/d1/f3"), bench.slice("/d1/sub/f2")
        )
        bench.engine.edit { records in
            var wrong = slice
            wrong.id = other.id
            records.chunks[inode] = [0: wrong.encoded]
        }
        let result = try bench.check()
        #expect(result.codes == ["slice-ref-low", "slice-size", "slice-unclaimed"])
        #expect(result.findings.first { $0.code == .sliceSize }?.paths == ["/d1/f3", "/d1/sub/f2"])
    }

    @Test("rows 34-38: what a reference row may say wrongly")
    func references() throws {
        let cases: [(count: Int64?, size: UInt32?, code: String, fix: Fix)] = [
            (nil, nil, "slice-ref-missing", .setReference(1, size: 300_000, from: nil, to: 4)),
            (0, nil, "slice-ref-dead", .setReference(1, size: 300_000, from: 0, to: 4)),
            (-3, nil, "slice-ref-dead", .setReference(1, size: 300_000, from: -3, to: 4)),
            (7, nil, "slice-ref-high", .setReference(1, size: 300_000, from: 7, to: 4)),
            (1, nil, "slice-ref-low", .setReference(1, size: 300_000, from: 1, to: 4)),
            (4, 5, "slice-ref-size", .setReferenceSize(1, from: 5, to: 300_000)),
        ]
        for damage in cases {
            let bench = try CheckBench()
            let slice = try bench.slice("/d1/f1")
            #expect(slice.id == 1)
            bench.engine.edit { records in
                records.sliceReferences[1] = damage.count.map {
                    SliceReference(id: 1, size: damage.size ?? slice.size, count: $0)
                }
            }
            let result = try bench.check()
            #expect(result.codes == [damage.code])
            #expect(result.findings.first?.fix == damage.fix)
            #expect(result.findings.first?.paths == ["/c1", "/c2", "/c3", "/d1/f1"])
        }
    }

    @Test("rows 39-41: reference rows that nobody needs")
    func strayReferences() throws {
        let bench = try CheckBench()
        for id in [901, 902] as [UInt64] {
            try bench.store.put(ObjectKey("chunks/0/0/\(id)_0_500"), [UInt8](repeating: 1, count: 500))
        }
        bench.engine.edit { records in
            for (id, count) in [(900, 1), (901, 0), (902, 1)] as [(UInt64, Int64)] {
                records.sliceReferences[id] = SliceReference(id: id, size: 500, count: count)
            }
            records.sliceReferences[0] = SliceReference(id: 0, size: 0, count: 1)
        }
        #expect(
            try bench.check().lines == [
                "slice-pending info slice=901 fix=none", "slice-ref-hole slice=0 fix=delete-reference",
                "slice-ref-stray slice=900 fix=delete-reference", "slice-unclaimed slice=902 fix=none",
            ]
        )
    }

    @Test("row 49: a living slice in the queue of delayed deletions")
    func delayedLive() throws {
        let bench = try CheckBench()
        let (inode, slice) = try (bench.inode("/d1/f3"), bench.slice("/d1/f3"))
        var row = ByteWriter()
        row.write(slice.id)
        row.write(slice.size)
        bench.engine.edit { [row] in
            $0.delayedSlices[990] = DelayedSlices(id: 990, deleted: 1, encodedSlices: row.bytes)
        }
        let result = try bench.check()
        #expect(
            result.lines == ["delayed-live inode=\(inode) slice=\(slice.id) paths=/d1/f3 fix=forget-delayed"]
        )
        // After a compaction the row and the reference agree.
        bench.engine.edit { $0.sliceReferences[slice.id]?.count = 2 }
        #expect(try bench.check().lines == [])
    }

    @Test("a damaged row of delayed slices is a damaged record and leaves leaks unjudged")
    func delayedDamaged() throws {
        let bench = try CheckBench()
        bench.engine.edit {
            $0.delayedSlices[990] = DelayedSlices(id: 990, deleted: 1, encodedSlices: [1, 2, 3])
        }
        try bench.store.put("chunks/0/0/999_0_5", [1, 2, 3, 4, 5])
        let result = try bench.check()
        #expect(
            result.lines == [
                "object-leaked slice=999 object=chunks/0/0/999_0_5 fix=none", "record-damaged fix=none",
            ]
        )
    }
}

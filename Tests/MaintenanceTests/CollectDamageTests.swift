// SPDX-License-Identifier: Apache-2.0
// The rows of the damage matrix (admin-commands §7) in which `juicefs gc --delete` 1.4.2 destroys live data
// or files of others: here everything that was alive stays.

import Maintenance
import Metadata
import ObjectStorage
import SluiceBase
import SluiceTestSupport
import Testing
import VolumeModel

@Suite("Collecting on damaged volumes")
struct CollectDamageTests {
    @Test(
        "row 5: a live block in a wrong folder is foreign and stays",
        arguments: EngineMaker.all,
        StoreKind.allCases
    )
    func misplaced(engine: EngineMaker, kind: StoreKind) throws {
        try CollectBench.with(engine, kind) { bench in
            let key = try #require(try bench.keys("/d1/f3").first)
            let wrong = ObjectKey("chunks/7/7/") + key.dropFirst(ObjectKey("chunks/0/0/").count)
            try bench.put(wrong, try bench.store.bytes(of: key))
            try bench.store.delete(key)
            let summary = try bench.collect { $0.marginSeconds = 0 }
            #expect(summary[.foreign] == CountAndSize(count: 1, bytes: 50_000))
            #expect(summary.plannedSteps == 0)
            try bench.put(key, try bench.store.bytes(of: wrong))
            try bench.expectUnharmed()
        }
    }

    @Test(
        "rows 7 and 9: names that are no block's are foreign",
        arguments: EngineMaker.all,
        StoreKind.allCases
    )
    func foreign(engine: EngineMaker, kind: StoreKind) throws {
        try CollectBench.with(engine, kind) { bench in
            for key in ["chunks/foo", "chunks/0/0/a_b_c", "chunks/0/0/01_0_5", "other/thing"] as [ObjectKey] {
                try bench.put(key)
            }
            let before = try bench.objects()
            let summary = try bench.collect { $0.marginSeconds = 0 }
            #expect(summary[.foreign].count == 4)
            #expect(summary.plannedSteps == 0)
            #expect(try bench.objects() == before)
            try bench.expectUnharmed()
        }
    }

    @Test("row 17: a file without a name keeps its data", arguments: EngineMaker.all, StoreKind.allCases)
    func orphan(engine: EngineMaker, kind: StoreKind) throws {
        try CollectBench.with(engine, kind) { bench in
            let parent = try bench.inode("/d1/sub")
            try bench.edit(.deleteEntry("f2", in: parent))
            try expectNothingPlanned(bench)
        }
    }

    @Test(
        "row 21r: the data of a file whose node is lost stay",
        arguments: EngineMaker.all,
        StoreKind.allCases
    )
    func lostNode(engine: EngineMaker, kind: StoreKind) throws {
        try CollectBench.with(engine, kind) { bench in
            let inode = try bench.inode("/d1/f3")
            try bench.edit(.deleteNode(inode))
            try expectNothingPlanned(bench)
        }
    }

    @Test(
        "row 29: blocks whose chunk record is lost are claimed",
        arguments: EngineMaker.all,
        StoreKind.allCases
    )
    func lostChunk(engine: EngineMaker, kind: StoreKind) throws {
        try CollectBench.with(engine, kind) { bench in
            let inode = try bench.inode("/d1/f3")
            let slice = try bench.slice("/d1/f3")
            try bench.edit(.deleteChunk(0, of: inode))
            let summary = try bench.collect { $0.marginSeconds = 0 }
            #expect(summary[.claimed] == CountAndSize(count: 1, bytes: 50_000))
            #expect(summary.plannedSteps == 0)
            try bench.edit(.setChunk(ChunkRecord(inode: inode, index: 0, slices: slice.encoded)))
            try bench.expectUnharmed()
        }
    }

    @Test(
        "row 30: an unreadable chunk record forbids every deletion",
        arguments: EngineMaker.all,
        StoreKind.allCases
    )
    func truncatedChunk(engine: EngineMaker, kind: StoreKind) throws {
        try CollectBench.with(engine, kind) { bench in
            let inode = try bench.inode("/d1/f3")
            let whole = try #require(try bench.engine.read { try $0.chunk(0, of: inode) })
            var damaged = whole
            damaged.slices = Array(whole.slices.prefix(20))
            try bench.edit(.setChunk(damaged))
            try bench.put("chunks/0/0/999_0_3")
            let before = try bench.objects()
            let summary = try bench.collect { $0.marginSeconds = 0 }
            #expect(summary.interlocks.count == 1)
            #expect(summary.interlocks.first?.contains("cannot be read") == true)
            #expect(summary.plannedSteps == 0)
            #expect(try bench.objects() == before)
            try bench.edit(.setChunk(whole))
            try bench.expectUnharmed()
        }
    }

    @Test(
        "row 35: a live slice stays when its reference counts nobody",
        arguments: EngineMaker.all,
        [-1, -4]
    )
    func zeroReferences(engine: EngineMaker, delta: Int64) throws {
        try CollectBench.with(engine, .memory) { bench in
            let slice = try bench.slice("/d1/sub/f2")
            try bench.edit(.setReference(SliceReference(id: slice.id, size: slice.size, count: 1 + delta)))
            let summary = try bench.collect { $0.marginSeconds = 0 }
            #expect(summary.plannedSteps == 0)
            #expect(
                summary.warnings == ["slice \(slice.id) has 1 users but \(1 + delta) references; it is kept"]
            )
            #expect(try bench.keys("/d1/sub/f2").isSubset(of: bench.objects()))
            try bench.expectUnharmed()
        }
    }

    @Test("row 37: a removed clone takes no data along", arguments: EngineMaker.all, StoreKind.allCases)
    func sharedTooLow(engine: EngineMaker, kind: StoreKind) throws {
        try CollectBench.with(engine, kind) { bench in
            let slice = try bench.slice("/d1/f1")
            try bench.edit(.setReference(SliceReference(id: slice.id, size: slice.size, count: 1)))
            try bench.volume.unlink("c1", in: .root, skipTrash: true)
            let summary = try bench.collect { $0.marginSeconds = 0 }
            #expect(summary.plannedSteps == 0)
            #expect(summary.warnings.count == 2)
            #expect(summary[.deletedFiles].count == 0)
            try bench.expectUnharmed(except: ["/c1"])
        }
    }

    @Test(
        "row 37: a clone in the expired trash takes no data along",
        arguments: EngineMaker.all,
        StoreKind.allCases
    )
    func sharedTooLowInTrash(engine: EngineMaker, kind: StoreKind) throws {
        try CollectBench.with(engine, kind) { bench in
            let slice = try bench.slice("/d1/f1")
            try bench.edit(.setReference(SliceReference(id: slice.id, size: slice.size, count: 1)))
            try bench.volume.unlink("c1", in: .root)
            bench.builder.clock.advance(seconds: CollectBench.longTime)
            let summary = try bench.collect()
            #expect(summary.plannedSteps == 0)
            #expect(summary[.expiredHours].count == 0)
            #expect(summary.warnings.count == 2)
            #expect(summary.warnings.contains { $0.hasPrefix("the trash directory") })
            try bench.expectUnharmed()
        }
    }

    @Test("row 41: an object with a reference that no chunk confirms is kept", arguments: EngineMaker.all)
    func strayReference(engine: EngineMaker) throws {
        try CollectBench.with(engine, .memory) { bench in
            try bench.edit(.setReference(SliceReference(id: 999, size: 3, count: 1)))
            try bench.put("chunks/0/0/999_0_3")
            let summary = try bench.collect { $0.marginSeconds = 0 }
            #expect(summary[.claimed] == CountAndSize(count: 1, bytes: 3))
            #expect(summary.plannedSteps == 0)
            #expect(try bench.objects().contains("chunks/0/0/999_0_3"))
            #expect(try bench.reference(999, size: 3) == 1)
            try bench.expectUnharmed()
        }
    }

    @Test(
        "row 49: a delayed row that names a live slice is kept",
        arguments: EngineMaker.all,
        StoreKind.allCases
    )
    func delayedLive(engine: EngineMaker, kind: StoreKind) throws {
        try CollectBench.with(engine, kind) { bench in
            let slice = try bench.slice("/d1/sub/f2")
            try bench.delay([(slice.id, slice.size)], row: 900)
            let summary = try bench.collect { $0.marginSeconds = 0 }
            #expect(summary.plannedSteps == 0)
            #expect(summary.warnings.contains { $0.contains("replaced by slice 900") })
            #expect(try bench.engine.read { try $0.delayedSlices(900) } != nil)
            #expect(try bench.reference(slice.id, size: slice.size) == 1)
            try bench.expectUnharmed()
        }
    }

    @Test("row 49: nor is one that names a slice without a reference", arguments: EngineMaker.all)
    func delayedWithoutReference(engine: EngineMaker) throws {
        try CollectBench.with(engine, .memory) { bench in
            let slice = try bench.slice("/d1/sub/f2")
            try bench.delay([(slice.id, slice.size)], row: 900)
            try bench.edit(.deleteReference(slice.id, size: slice.size))
            let summary = try bench.collect { $0.marginSeconds = 0 }
            #expect(summary.plannedSteps == 0)
            #expect(summary.warnings.count == 2)
            try bench.expectUnharmed()
        }
    }

    @Test(
        "row 50: a live file that is marked for removal stays",
        arguments: EngineMaker.all,
        StoreKind.allCases
    )
    func markedAlive(engine: EngineMaker, kind: StoreKind) throws {
        try CollectBench.with(engine, kind) { bench in
            let inode = try bench.inode("/d1/sub/f2")
            try bench.edit(.setDeletedFile(DeletedFile(inode: inode, length: 100_000, deleted: 1000)))
            let summary = try bench.collect { $0.marginSeconds = 0 }
            #expect(summary.warnings == ["inode \(inode) is marked for removal but alive; it is kept"])
            #expect(summary.plannedSteps == 0)
            try bench.expectUnharmed()
        }
    }

    @Test("row 59: storage without a block of the volume forbids every deletion", arguments: EngineMaker.all)
    func emptyStorage(engine: EngineMaker) throws {
        try CollectBench.with(engine, .memory) { bench in
            let other = MemoryStore()
            // A leaked block and a foreign name do not make it the volume's storage.
            try other.put(
                "chunks/0/0/999_0_3",
                [1, 2, 3],
                options: PutOptions(modified: Timestamp(seconds: 1))
            )
            try other.put("picture.png", [1])
            let summary = try bench.collect({ $0.marginSeconds = 0 }, through: other)
            #expect(summary.interlocks == ["the storage holds no block of the 35 slices that are in use"])
            #expect(summary.plannedSteps == 0)
            #expect(try other.bytes(of: "chunks/0/0/999_0_3") == [1, 2, 3])
            try bench.expectUnharmed()
        }
    }

    @Test("blocks beyond a chunk record's wrong size are claimed, not leaked", arguments: EngineMaker.all)
    func wrongSize(engine: EngineMaker) throws {
        try CollectBench.with(engine, .memory) { bench in
            let inode = try bench.inode("/d1/sub/f2")
            let slice = try bench.slice("/d1/sub/f2")
            for size in [5, 65536] as [UInt32] {
                let short = Slice(position: 0, id: slice.id, size: size, offset: 0, length: size)
                try bench.edit(.setChunk(ChunkRecord(inode: inode, index: 0, slices: short.encoded)))
                let summary = try bench.collect { $0.marginSeconds = 0 }
                #expect(summary[.leaked].count == 0, "\(size)")
                #expect(summary[.claimed].count == (size == 5 ? 2 : 1))
            }
            try bench.edit(.setChunk(ChunkRecord(inode: inode, index: 0, slices: slice.encoded)))
            try bench.expectUnharmed()
        }
    }

    /// Nothing is planned, deleted or unreadable, and no block changes its class.
    private func expectNothingPlanned(_ bench: CollectBench) throws {
        let before = try bench.objects()
        let summary = try bench.collect { $0.marginSeconds = 0 }
        #expect(summary.plannedSteps == 0)
        #expect(summary[.valid].count == 40)
        #expect(try bench.objects() == before)
        try bench.expectUnharmed()
    }
}

extension CollectBench {
    /// Puts slices on the list of those that compaction replaced, long ago.
    func delay(_ slices: [(id: UInt64, size: UInt32)], row: UInt64, deleted: Int64 = 1000) throws {
        var bytes: [UInt8] = []
        for slice in slices {
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(slice.id >> UInt64(shift) & 255))
            }
            for shift in stride(from: 24, through: 0, by: -8) {
                bytes.append(UInt8(slice.size >> UInt32(shift) & 255))
            }
        }
        try edit(.setDelayed(DelayedSlices(id: row, deleted: deleted, encodedSlices: bytes)))
    }
}

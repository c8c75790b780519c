// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase
import Testing
import VolumeModel

extension VolumeConformance {
    static let dataCases = [
        VolumeCase("a compaction puts one slice in the place of many (§5.5)", compacting),
        VolumeCase("a compaction of a chunk that changed is given up (§5.5)", outdated),
        VolumeCase("without trash replaced slices go at once (§5.5)", settings: noTrash, compactingForGood),
        VolumeCase("large records at the front are left alone (§5.5)", skipping),
        VolumeCase("what compaction replaced goes when the trash need not keep it (§5.5)", expiring),
        VolumeCase("a range is copied with its holes and split at chunks (§5.4)", copying),
        VolumeCase("a copy within a file must not overlap, nor change what must not (§5.4)", refusedCopies),
    ]

    /// Appends `count` slices of `length` bytes one after the other; ids are taken from the volume.
    @discardableResult
    private static func append(
        _ count: Int,
        _ length: UInt32,
        to file: Inode,
        _ test: VolumeBench
    ) throws -> [Slice] {
        let ids = try test.volume.takeSliceIDs(count)
        return try ids.map { id in
            let end = UInt32(try test.volume.attributes(of: file).length)
            let slice = Slice(position: end, id: id, size: length, offset: 0, length: length)
            try test.volume.perform { _ = try $0.write(slice, toChunk: 0, of: file) }
            return slice
        }
    }

    static func slices(_ chunk: UInt32, of file: Inode, _ test: VolumeBench) throws -> [Slice] {
        let record = try test.engine.read { try $0.chunk(chunk, of: file) }
        return try Slice.list(decoding: record?.slices ?? [])
    }

    /// How many users each slice has, 0 where there is no record.
    static func users(of slices: [Slice], _ test: VolumeBench) throws -> [Int64] {
        let keys = slices.map { SliceKey(id: $0.id, size: $0.size) }
        return try test.engine.read { try $0.sliceReferences(keys) }.map { $0?.count ?? 0 }
    }

    private static func compacting(_ test: VolumeBench) throws {
        let file = try test.volume.createFile("f", in: .root).inode
        let old = try append(3, 10, to: file, test)
        let plan = try #require(try test.volume.compactionPlan(of: file, chunk: 0))
        #expect((plan.skipped, plan.position, plan.size, plan.replaced) == (0, 0, 30, old))
        let later = try append(1, 5, to: file, test)
        let id = try test.volume.takeSliceIDs(1)[0]
        #expect(try test.volume.commit(plan, as: id) { _, _ in Issue.record("a slice was removed") })
        let new = Slice(position: 0, id: id, size: 30, offset: 0, length: 30)
        #expect(try slices(0, of: file, test) == [new] + later)
        #expect(try users(of: [new] + old, test) == [1, 1, 1, 1])
        let kept = try #require(try test.engine.read { try $0.delayedSlices(id) })
        #expect(kept.deleted == test.clock.now().seconds)
        #expect(try kept.slices().map(\.id) == old.map(\.id))
    }

    private static func outdated(_ test: VolumeBench) throws {
        let file = try test.volume.createFile("f", in: .root).inode
        try append(2, 10, to: file, test)
        let plan = try #require(try test.volume.compactionPlan(of: file, chunk: 0))
        let ids = try test.volume.takeSliceIDs(2)
        #expect(try test.volume.commit(plan, as: ids[0]) { _, _ in })
        let before = try slices(0, of: file, test)
        var removed: [UInt64] = []
        #expect(try !test.volume.commit(plan, as: ids[1]) { id, _ in removed.append(id) })
        #expect(removed == [ids[1]])
        #expect(try slices(0, of: file, test) == before)
        #expect(try test.engine.read { try $0.delayedSlices(ids[1]) } == nil)
        try test.engine.snapshot { scanner throws in
            let stored = try all(scanner.scanSliceReferences()).map(\.id)
            #expect(!stored.contains(ids[1]))
        }
    }

    private static func compactingForGood(_ test: VolumeBench) throws {
        let volume = test.volume
        let file = try volume.createFile("f", in: .root).inode
        let old = try append(2, 10, to: file, test)
        let copy = try volume.createFile("copy", in: .root).inode
        _ = try volume.copyRange(of: file, from: 0, to: copy, at: 0, count: 10)
        let plan = try #require(try volume.compactionPlan(of: file, chunk: 0))
        let id = try volume.takeSliceIDs(1)[0]
        var removed: [UInt64] = []
        #expect(try volume.commit(plan, as: id) { id, _ in removed.append(id) })
        // The copy still uses the first one.
        #expect(removed == [old[1].id])
        #expect(try users(of: [old[0]], test) == [1])
        #expect(try test.engine.read { try $0.delayedSlices(id) } == nil)
    }

    private static func skipping(_ test: VolumeBench) throws {
        let file = try test.volume.createFile("f", in: .root).inode
        let large = try append(1, 1_500_000, to: file, test)
        #expect(try test.volume.compactionPlan(of: file, chunk: 0) == nil)
        let small = try append(3, 3, to: file, test)
        let plan = try #require(try test.volume.compactionPlan(of: file, chunk: 0))
        #expect((plan.skipped, plan.position, plan.size, plan.replaced) == (1, 1_500_000, 9, small))
        // Something over the large one makes it worth copying.
        try test.volume.perform { _ = try $0.allocate(file, from: 0, length: 10, mode: .zeroRange) }
        let whole = try #require(try test.volume.compactionPlan(of: file, chunk: 0))
        #expect((whole.skipped, whole.position, whole.size) == (0, 10, 1_499_999))
        let id = try test.volume.takeSliceIDs(1)[0]
        #expect(try test.volume.commit(plan, as: id) { _, _ in })
        let result = try slices(0, of: file, test)
        #expect(result.map(\.id) == [large[0].id, id, 0])
        // Of a chunk of nothing but holes a byte is left.
        let empty = try test.volume.createFile("holes", in: .root).inode
        try test.setLength(of: empty, to: 100)
        try test.setLength(of: empty, to: 200)
        let hole = try #require(try test.volume.compactionPlan(of: empty, chunk: 0))
        #expect((hole.size, hole.pieces.count) == (1, 1))
    }

    private static func expiring(_ test: VolumeBench) throws {
        let file = try test.volume.createFile("f", in: .root).inode
        let old = try append(2, 10, to: file, test)
        let plan = try #require(try test.volume.compactionPlan(of: file, chunk: 0))
        let id = try test.volume.takeSliceIDs(1)[0]
        #expect(try test.volume.commit(plan, as: id) { _, _ in })
        let deleted = test.clock.now().seconds
        var removed: [UInt64] = []
        func expire(before time: Int64) throws -> Int {
            try test.volume.expireDelayedSlices(before: time, limit: 10) { id, _ in removed.append(id) }
        }
        #expect(try expire(before: deleted) == 0)
        #expect(try expire(before: deleted + 1) == 1)
        #expect(Set(removed) == Set(old.map(\.id)))
        #expect(try expire(before: deleted + 1) == 0)
    }

    private static func copying(_ test: VolumeBench) throws {
        let volume = test.volume
        let source = try volume.createFile("s", in: .root).inode
        let stored = try append(1, 1000, to: source, test)[0]
        try test.setLength(of: source, to: 3000)
        _ = try volume.perform { try $0.allocate(source, from: 100, length: 50, mode: .zeroRange) }
        let copy = try volume.createFile("c", in: .root).inode
        test.clock.advance(seconds: 9)
        let start = Chunk.size - 500
        let result = try volume.copyRange(of: source, from: 50, to: copy, at: start, count: 10_000)
        #expect((result.count, result.length) == (2950, start + 2950))
        let attributes = try volume.attributes(of: copy)
        #expect((attributes.length, attributes.modifyTime) == (start + 2950, test.clock.now()))
        let base = UInt32(start)
        #expect(
            try slices(0, of: copy, test) == [
                Slice(position: base, id: stored.id, size: 1000, offset: 50, length: 50),
                .hole(position: base + 50, length: 50),
                Slice(position: base + 100, id: stored.id, size: 1000, offset: 150, length: 400),
            ]
        )
        #expect(
            try slices(1, of: copy, test) == [
                Slice(position: 0, id: stored.id, size: 1000, offset: 550, length: 450),
                .hole(position: 450, length: 2000),
            ]
        )
        #expect(try users(of: [stored], test) == [4])
        #expect(try volume.copyRange(of: source, from: 3000, to: copy, at: 0, count: 5).count == 0)
        #expect(try volume.copyRange(of: source, from: 0, to: source, at: 3000, count: 100).length == 3100)
        try volume.unlink("c", in: .root, skipTrash: true)
    }

    private static func refusedCopies(_ test: VolumeBench) throws {
        let volume = test.volume
        let source = try volume.createFile("s", in: .root).inode
        try append(1, 1000, to: source, test)
        let directory = try volume.makeDirectory("d", in: .root).inode
        let fixed = try volume.createFile("fixed", in: .root).inode
        try volume.setAttributes(of: fixed, AttributeChange(flags: .append))
        func refusal(_ to: Inode, _ from: UInt64, _ at: UInt64, _ count: UInt64) throws -> VolumeError.Code? {
            try test.refusal { _ = try $0.copyRange(of: source, from: from, to: to, at: at, count: count) }
        }
        #expect(try refusal(source, 0, 500, 501) == .invalid)
        #expect(try refusal(directory, 0, 0, 1) == .isDirectory)
        #expect(try refusal(fixed, 0, 0, 1) == .notPermitted)
        #expect(try refusal(Inode(99), 0, 0, 1) == .noEntry)
        #expect(try refusal(source, 0, .max, 500) == .tooLarge)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase
import SluiceTestSupport
import Testing
import VolumeModel

private struct StoreDown: Error {}

@Suite("Deleting data")
struct DataDeletionTests {
    let sample: SampleVolume

    init() throws {
        sample = try SampleVolume()
    }

    /// A file with slices 1 (twice), 2 in its first chunk and 3 in its second, deleted; slice 2 has another
    /// user.
    private func deletedFile() throws -> DeletedFile {
        let inode = try sample.addFile()
        let other = try sample.addFile(Inode(101))
        let file = DeletedFile(inode: inode, length: Chunk.size + 30, deleted: 1_800_000_000)
        try sample.volume.perform { operation in
            try operation.write(.whole(1, size: 10), toChunk: 0, of: inode)
            try operation.write(.whole(2, size: 20, at: 10), toChunk: 0, of: inode)
            try operation.write(.whole(3, size: 30), toChunk: 1, of: inode)
            let transaction = operation.transaction
            try transaction.appendSlices([.whole(1, size: 10, at: 40)], toChunk: 0, of: inode)
            try transaction.adjustSliceReference(1, size: 10, by: 1)
            try transaction.appendSlices([.whole(2, size: 20)], toChunk: 0, of: other)
            try transaction.adjustSliceReference(2, size: 20, by: 1)
            try transaction.deleteNode(inode)
            try transaction.setDeletedFile(file)
        }
        return file
    }

    @Test("Objects of slices without users go, then references, chunks and the record; shared slices stay")
    func everything() throws {
        let file = try deletedFile()
        var removed: [SliceKey] = []
        try sample.volume.deleteData(of: file) { slices in
            removed += slices
            // Objects go first: the references still tell about them.
            for slice in slices { #expect(sample.records.sliceReferences[slice.id]?.count == 0) }
            #expect(sample.records.deletedFiles[file.inode] == file)
        }
        #expect(removed == [SliceKey(id: 1, size: 10), SliceKey(id: 3, size: 30)])
        #expect(sample.records.sliceReferences == [2: SliceReference(id: 2, size: 20, count: 1)])
        #expect(sample.records.chunks[file.inode]?.isEmpty ?? true)
        #expect(sample.records.deletedFiles.isEmpty)
    }

    @Test("Deleting again after a failed removal, or after success, counts no user twice")
    func repeating() throws {
        let file = try deletedFile()
        #expect(throws: StoreDown.self) {
            try sample.volume.deleteData(of: file) {
                if $0.contains(where: { $0.id == 3 }) { throw StoreDown() }
            }
        }
        #expect(sample.records.deletedFiles[file.inode] == file)
        #expect(sample.records.sliceReferences[2]?.count == 1)
        for _ in 0..<2 { try sample.volume.deleteData(of: file) { _ in } }
        #expect(sample.records.deletedFiles.isEmpty)
        #expect(sample.records.sliceReferences[2]?.count == 1)
        // What the failure left is found by its count.
        var removed: [SliceKey] = []
        #expect(
            try sample.volume.removeUnusedSlices(limit: 10) { removed += $0 } == 2
        )
        #expect(removed == [SliceKey(id: 1, size: 10), SliceKey(id: 3, size: 30)])
        #expect(sample.records.sliceReferences.keys.sorted() == [2])
    }

    @Test("A file whose node is there keeps its data, whatever the record says")
    func livingFile() throws {
        let inode = try sample.addFile()
        try sample.volume.perform { _ = try $0.write(.whole(1, size: 10), toChunk: 0, of: inode) }
        let before = sample.records.chunks
        let error = #expect(throws: VolumeError.self) {
            let file = DeletedFile(inode: inode, length: 10, deleted: 0)
            try sample.volume.deleteData(of: file) { _ in Issue.record("a living file's slice was removed")
            }
        }
        #expect(error?.code == .damaged)
        #expect(sample.records.chunks == before)
    }

    @Test("A chunk that cannot be read keeps the whole file's data")
    func damagedChunk() throws {
        let file = try deletedFile()
        sample.engine.edit { $0.chunks[file.inode]?[1]?.removeLast() }
        let before = sample.records.chunks
        #expect(throws: VolumeError.self) {
            try sample.volume.deleteData(of: file) { _ in Issue.record("a slice was removed") }
        }
        #expect(sample.records.chunks == before)
        #expect(sample.records.deletedFiles[file.inode] == file)
    }

    @Test("A slice without a reference is not taken for free")
    func missingReference() throws {
        let file = try deletedFile()
        sample.engine.edit { $0.sliceReferences[3] = nil }
        var removed: [SliceKey] = []
        try sample.volume.deleteData(of: file) { removed += $0 }
        #expect(removed == [SliceKey(id: 1, size: 10)])
    }

    @Test("Compacted slices go when the trash need not keep them, records that cannot be read stay")
    func delayedSlices() throws {
        let now: Int64 = 1_800_000_000
        try sample.engine.write { transaction in
            try transaction.insertSliceReference(SliceReference(id: 5, size: 50, count: 1))
            try transaction.insertSliceReference(SliceReference(id: 6, size: 60, count: 2))
            var old = ByteWriter()
            for (id, size) in [(UInt64(5), UInt32(50)), (6, 60)] {
                old.write(id)
                old.write(size)
            }
            try transaction.setDelayedSlices(
                DelayedSlices(id: 7, deleted: now - 86401, encodedSlices: old.bytes)
            )
            try transaction.setDelayedSlices(
                DelayedSlices(id: 8, deleted: now - 86400, encodedSlices: old.bytes)
            )
            try transaction.setDelayedSlices(DelayedSlices(id: 9, deleted: 0, encodedSlices: [1]))
        }
        var removed: [SliceKey] = []
        let count = try sample.volume.expireDelayedSlices(before: now - 86400, limit: 10) {
            removed += $0
        }
        #expect(count == 1)
        #expect(removed == [SliceKey(id: 5, size: 50)])
        #expect(sample.records.sliceReferences == [6: SliceReference(id: 6, size: 60, count: 1)])
        #expect(sample.records.delayedSlices.keys.sorted() == [8, 9])
    }

    @Test("Only files deleted before a time are listed, no more than asked for")
    func listing() throws {
        try sample.engine.write { transaction in
            for number in 1...5 {
                let file = DeletedFile(inode: Inode(UInt64(number)), length: 0, deleted: Int64(number))
                try transaction.setDeletedFile(file)
            }
        }
        #expect(try sample.volume.deletedFiles(before: 4, limit: 10).map(\.inode.number) == [1, 2, 3])
        #expect(try sample.volume.deletedFiles(before: 4, limit: 2).count == 2)
    }
}

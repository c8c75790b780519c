// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase
import SluiceTestSupport
import Testing
import VolumeModel

@Suite("Reading data")
struct DataReadTests {
    let sample: SampleVolume

    init() throws {
        sample = try SampleVolume()
    }

    private func pieces(_ inode: Inode, in range: Range<UInt64>? = nil) throws -> [FilePiece] {
        var pieces: [FilePiece] = []
        try sample.volume.forEachPiece(of: inode, in: range) { pieces.append($0) }
        return pieces
    }

    private func store(_ slices: [Slice], of inode: Inode) throws {
        try sample.engine.write { _ = try $0.appendSlices(slices, toChunk: 0, of: inode) }
    }

    @Test("A plan lays later records over earlier ones, fills gaps and ends with the file")
    func plan() throws {
        let inode = try sample.addFile { $0.length = 150 }
        try store(
            [.whole(1, size: 100, at: 20), .whole(2, size: 10, at: 50), .whole(3, size: 500, at: 140)],
            of: inode
        )
        #expect(
            try sample.volume.readPlan(of: inode, chunk: 0) == [
                .hole(position: 0, length: 20),
                Slice(position: 20, id: 1, size: 100, offset: 0, length: 30),
                .whole(2, size: 10, at: 50),
                Slice(position: 60, id: 1, size: 100, offset: 40, length: 60),
                .hole(position: 120, length: 20),
                Slice(position: 140, id: 3, size: 500, offset: 0, length: 10),
            ]
        )
        #expect(try sample.volume.readPlan(of: inode, chunk: 1) == [])
    }

    @Test("The pieces of a range are cut to it and leave no gap")
    func range() throws {
        let inode = try sample.addFile { $0.length = 1000 }
        try store([.whole(1, size: 100, at: 100)], of: inode)
        #expect(
            try pieces(inode, in: 150..<400) == [
                FilePiece(offset: 150, slice: Slice(position: 150, id: 1, size: 100, offset: 50, length: 50)),
                FilePiece(offset: 200, slice: .hole(position: 200, length: 200)),
            ]
        )
        #expect(try pieces(inode, in: 1000..<2000) == [])
        #expect(
            try pieces(inode, in: 900..<5000) == [
                FilePiece(offset: 900, slice: .hole(position: 900, length: 100))
            ]
        )
    }

    @Test("A file of many chunks is covered from start to end, absent chunks as holes")
    func manyChunks() throws {
        let length = 40 * Chunk.size + 7
        let inode = try sample.addFile { $0.length = length }
        try sample.engine.write { _ = try $0.appendSlices([.whole(9, size: 7)], toChunk: 40, of: inode) }
        let found = try pieces(inode)
        #expect(found.count == 41)
        var next: UInt64 = 0
        for piece in found {
            #expect(piece.offset == next)
            next += UInt64(piece.length)
        }
        #expect(next == length)
        #expect(found.last?.slice == .whole(9, size: 7))
    }

    @Test("An empty file has no pieces; a directory and a missing file are errors")
    func nothing() throws {
        let inode = try sample.addFile()
        #expect(try pieces(inode) == [])
        #expect(throws: VolumeError.self) { try pieces(.root) }
        #expect(throws: VolumeError.self) { try pieces(Inode(999)) }
    }

    @Test(
        "Records that reach outside their slice or chunk are damage, not a read out of bounds",
        arguments: [
            Slice(position: 0, id: 1, size: 10, offset: 5, length: 100),
            Slice(position: 0, id: 1, size: 10, offset: .max, length: 10),
            Slice(position: .max, id: 0, size: 0, offset: 0, length: .max),
            Slice(position: 0, id: 1, size: .max, offset: 0, length: .max),
        ]
    )
    func damage(slice: Slice) throws {
        let inode = try sample.addFile { $0.length = Chunk.size }
        try store([slice], of: inode)
        guard slice.position == 0 else {
            // Behind the end of the file nobody looks at it.
            #expect(try sample.volume.readPlan(of: inode, chunk: 0).allSatisfy { $0.end <= Chunk.size })
            return
        }
        let error = #expect(throws: VolumeError.self) { try sample.volume.readPlan(of: inode, chunk: 0) }
        #expect(error?.code == .damaged)
    }

    @Test("A record of odd length is damage")
    func oddLength() throws {
        let inode = try sample.addFile { $0.length = 10 }
        sample.engine.edit { $0.chunks[inode] = [0: [1, 2, 3]] }
        #expect(throws: VolumeError.self) { try pieces(inode) }
    }
}

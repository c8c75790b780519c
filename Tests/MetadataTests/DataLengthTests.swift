// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase
import SluiceTestSupport
import Testing
import VolumeModel

@Suite("Truncating and allocating")
struct DataLengthTests {
    private static let mebibyte: UInt64 = 1 << 20
    let sample: SampleVolume

    init() throws {
        sample = try SampleVolume()
    }

    @Test("The worked examples of metadata-format §5.4 give these records")
    func examples() throws {
        let inode = try sample.addFile { $0.length = 5000 }
        try sample.volume.perform { _ = try $0.truncate(inode, to: 1000) }
        let shrinking = "000003e80000000000000000000000000000000000000fa0"
        #expect(try sample.chunk(0, of: inode) == shrinking)
        try sample.volume.perform { _ = try $0.truncate(inode, to: 70 * Self.mebibyte) }
        #expect(
            try sample.chunk(0, of: inode) == shrinking + "000003e80000000000000000000000000000000003fffc18"
        )
        #expect(try sample.chunk(1, of: inode) == "000000000000000000000000000000000000000000600000")
        #expect(try sample.attributes(inode)?.length == 70 * Self.mebibyte)
        #expect(sample.volume.usage.pendingTotals.space == Int64(70 * Self.mebibyte) - 8192)
    }

    @Test("Chunks between the ends get a hole only when they exist", arguments: [3, 40])
    func middleChunks(middle: UInt32) throws {
        let inode = try sample.addFile()
        try sample.volume.perform { _ = try $0.write(.whole(1, size: 10), toChunk: middle, of: inode) }
        try sample.volume.perform { _ = try $0.truncate(inode, to: 5) }
        let middleText = try #require(try sample.chunk(middle, of: inode))
        // It is the last chunk, with 10 bytes, which the hole covers.
        #expect(middleText.hasSuffix("00000000000000000000000000000000000000000000000a"))
        #expect(try sample.chunk(1, of: inode) == nil)
        try sample.volume.perform { _ = try $0.truncate(inode, to: UInt64(middle + 2) * Chunk.size) }
        #expect(
            try sample.chunk(middle, of: inode) == middleText
                + "000000000000000000000000000000000000000004000000"
        )
        #expect(try sample.chunk(middle + 2, of: inode) == nil)
        #expect(sample.records.chunks[inode]?.keys.sorted() == [0, middle])
    }

    @Test("The same length changes nothing, not even times")
    func sameLength() throws {
        let inode = try sample.addFile { $0.length = 5000 }
        let before = sample.records.nodes
        try sample.volume.perform { _ = try $0.truncate(inode, to: 5000) }
        #expect(sample.records.nodes == before)
        #expect(sample.records.chunks.isEmpty)
    }

    @Test("Truncating to nothing frees no slice but the space")
    func truncatingToZero() throws {
        let inode = try sample.addFile()
        try sample.volume.perform { _ = try $0.write(.whole(1, size: 9000), toChunk: 0, of: inode) }
        try sample.volume.perform { _ = try $0.truncate(inode, to: 0) }
        #expect(sample.records.sliceReferences[1]?.count == 1)
        #expect(sample.volume.usage.pendingTotals.space == 0)
        #expect(sample.volume.usage.pendingStat(of: .root).isZero)
    }

    @Test("Protected files and files in the trash keep their length")
    func refusals() throws {
        let immutable = try sample.addFile(Inode(100)) { $0.flags = .immutable }
        let append = try sample.addFile(Inode(101)) { $0.flags = .append }
        let trashed = try sample.addFile(Inode(102)) { $0.parent = Inode(Inode.trash.number + 1) }
        for inode in [immutable, append, trashed] {
            let error = #expect(throws: VolumeError.self) {
                try sample.volume.perform { _ = try $0.truncate(inode, to: 1) }
            }
            #expect(error?.code == .notPermitted)
        }
        let fine = try sample.addFile(Inode(103))
        let tooLarge = #expect(throws: VolumeError.self) {
            try sample.volume.perform { _ = try $0.truncate(fine, to: .max) }
        }
        #expect(tooLarge?.code == .tooLarge)
    }

    @Test("Punching keeps the length and covers only what the file has")
    func punching() throws {
        let inode = try sample.addFile()
        try sample.volume.perform { _ = try $0.write(.whole(1, size: 9000), toChunk: 0, of: inode) }
        try sample.volume.perform {
            _ = try $0.allocate(inode, from: 8000, length: 5000, mode: [.punchHole, .keepSize])
        }
        #expect(try sample.attributes(inode)?.length == 9000)
        #expect(
            try sample.volume.readPlan(of: inode, chunk: 0) == [
                Slice(position: 0, id: 1, size: 9000, offset: 0, length: 8000),
                .hole(position: 8000, length: 1000),
            ]
        )
    }

    @Test("Allocating grows the file without a record; zeroing adds one for the old part")
    func growing() throws {
        let inode = try sample.addFile { $0.length = 100 }
        try sample.volume.perform { _ = try $0.allocate(inode, from: 0, length: 10000, mode: []) }
        #expect(try sample.attributes(inode)?.length == 10000)
        #expect(sample.records.chunks.isEmpty)
        try sample.volume.perform { _ = try $0.allocate(inode, from: 9990, length: 100, mode: .zeroRange) }
        #expect(try sample.attributes(inode)?.length == 10090)
        #expect(try sample.chunk(0, of: inode) == "00002706000000000000000000000000000000000000000a")
        #expect(sample.volume.usage.pendingTotals.space == 8192)
    }

    @Test(
        "Modes that contradict each other are invalid, those that move data are not supported",
        arguments: [
            (0x02, VolumeError.Code.invalid), (0x08, .notSupported), (0x20, .notSupported), (0x09, .invalid),
            (0x28, .invalid), (0x40, .notSupported),
        ] as [(UInt32, VolumeError.Code)]
    )
    func modes(mode: UInt32, code: VolumeError.Code) throws {
        let inode = try sample.addFile()
        let error = #expect(throws: VolumeError.self) {
            try sample.volume.perform {
                _ = try $0.allocate(inode, from: 0, length: 1, mode: AllocationMode(rawValue: mode))
            }
        }
        #expect(error?.code == code)
    }
}

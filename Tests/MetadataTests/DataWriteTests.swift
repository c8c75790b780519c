// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase
import SluiceTestSupport
import Testing
import VolumeModel

@Suite("Writing data")
struct DataWriteTests {
    let sample: SampleVolume

    init() throws {
        sample = try SampleVolume()
    }

    @Test("A write appends the record of metadata-format §3.2, registers one user and grows the file")
    func firstWrite() throws {
        let inode = try sample.addFile()
        let modified = Timestamp(seconds: 1_700_000_000, nanoseconds: 5)
        let count = try sample.volume.perform {
            try $0.write(.whole(1, size: 5000), toChunk: 0, of: inode, modified: modified)
        }
        #expect(count == 1)
        #expect(try sample.chunk(0, of: inode) == "000000000000000000000001000013880000000000001388")
        #expect(sample.records.sliceReferences == [1: SliceReference(id: 1, size: 5000, count: 1)])
        let attributes = try #require(try sample.attributes(inode))
        #expect(attributes.length == 5000)
        #expect(attributes.modifyTime == modified)
        #expect(attributes.changeTime == sample.clock.now())
        #expect(sample.volume.usage.pendingTotals == QuotaUsage(space: 4096, inodes: 0))
        #expect(
            sample.volume.usage.pendingStat(of: .root)
                == DirectoryStat(dataLength: 5000, usedSpace: 4096, usedInodes: 0)
        )
    }

    @Test("Overwriting keeps the length and charges nothing")
    func overwriting() throws {
        let inode = try sample.addFile()
        let counts = try sample.volume.perform {
            try $0.write(.whole(1, size: 5000), toChunk: 0, of: inode)
            return try $0.write(.whole(2, size: 100, at: 50), toChunk: 0, of: inode)
        }
        #expect(counts == 2)
        #expect(try sample.attributes(inode)?.length == 5000)
        #expect(sample.volume.usage.pendingTotals == QuotaUsage(space: 4096, inodes: 0))
    }

    @Test("Several slices of a file keep their order in each chunk")
    func bulk() throws {
        let inode = try sample.addFile()
        let counts = try sample.volume.perform {
            try $0.write(
                [
                    ChunkWrite(.whole(1, size: 10), toChunk: 0),
                    ChunkWrite(.whole(2, size: 20), toChunk: 3),
                    ChunkWrite(.whole(3, size: 5, at: 1), toChunk: 0),
                ],
                of: inode
            )
        }
        #expect(counts == [0: 2, 3: 1])
        #expect(
            try sample.chunk(0, of: inode)
                == "0000000000000000000000010000000a000000000000000a"
                + "000000010000000000000003000000050000000000000005"
        )
        #expect(try sample.attributes(inode)?.length == 3 * Chunk.size + 20)
        #expect(sample.records.sliceReferences.count == 3)
    }

    @Test("Every name of a file is charged in its directory, the volume once", arguments: [false, true])
    func hardLinks(likeRedis: Bool) throws {
        let sample = try SampleVolume(likeRedis: likeRedis)
        let other = try sample.addDirectory(Inode(50))
        let inode = try sample.addFile(in: [.root, .root, other])
        try sample.volume.perform { _ = try $0.write(.whole(1, size: 8192), toChunk: 0, of: inode) }
        let usage = sample.volume.usage
        #expect(
            usage.pendingStat(of: .root) == DirectoryStat(dataLength: 16384, usedSpace: 8192, usedInodes: 0)
        )
        #expect(
            usage.pendingStat(of: other) == DirectoryStat(dataLength: 8192, usedSpace: 4096, usedInodes: 0)
        )
        let total = likeRedis ? try sample.counter(.usedSpace) : usage.pendingTotals.space
        #expect(total == 4096)
    }

    @Test("A file without a name charges no directory")
    func nameless() throws {
        let inode = try sample.addFile { $0.linkCount = 0 }
        try sample.volume.perform { _ = try $0.write(.whole(1, size: 8192), toChunk: 0, of: inode) }
        #expect(sample.volume.usage.pendingStat(of: .root).isZero)
        #expect(sample.volume.usage.pendingTotals.space == 4096)
    }

    @Test("A slice id is never registered twice, and a refused write leaves nothing behind")
    func reusedID() throws {
        let inode = try sample.addFile()
        try sample.volume.perform { _ = try $0.write(.whole(1, size: 10), toChunk: 0, of: inode) }
        let before = sample.records.chunks
        #expect(throws: EngineError.self) {
            try sample.volume.perform { _ = try $0.write(.whole(1, size: 10), toChunk: 0, of: inode) }
        }
        #expect(sample.records.chunks == before)
    }

    @Test("Immutable files and what is no file cannot be written")
    func refusals() throws {
        let immutable = try sample.addFile(Inode(100)) { $0.flags = .immutable }
        let expectations: [(Inode, VolumeError.Code)] = [
            (immutable, .notPermitted), (.root, .isDirectory), (Inode(999), .noEntry),
        ]
        for (inode, code) in expectations {
            let error = #expect(throws: VolumeError.self) {
                try sample.volume.perform { _ = try $0.write(.whole(1, size: 1), toChunk: 0, of: inode) }
            }
            #expect(error?.code == code)
        }
    }

    @Test("An append-only file takes late parts of an append, but never new bytes over old ones")
    func appendOnly() throws {
        let inode = try sample.addFile { $0.flags = .append }
        try sample.volume.perform { operation in
            try operation.write(.whole(1, size: 100, at: 200), toChunk: 0, of: inode)
            try operation.write(.whole(2, size: 200), toChunk: 0, of: inode)
        }
        let error = #expect(throws: VolumeError.self) {
            try sample.volume.perform { _ = try $0.write(.whole(3, size: 1, at: 299), toChunk: 0, of: inode) }
        }
        #expect(error?.code == .notPermitted)
        try sample.volume.perform { _ = try $0.write(.whole(3, size: 1, at: 300), toChunk: 0, of: inode) }
        #expect(try sample.attributes(inode)?.length == 301)
    }

    @Test("Slices that break their bounds are refused")
    func inconsistentSlices() throws {
        let inode = try sample.addFile()
        let slices = [
            Slice(position: 0, id: 1, size: 10, offset: 5, length: 6),
            Slice(position: UInt32(Chunk.size) - 1, id: 1, size: 2, offset: 0, length: 2),
            Slice(position: 0, id: 1, size: 10, offset: 0, length: 0),
            Slice(position: 0, id: 1, size: 10, offset: .max, length: .max),
        ]
        for slice in slices {
            let error = #expect(throws: VolumeError.self) {
                try sample.volume.perform { _ = try $0.write(slice, toChunk: 0, of: inode) }
            }
            #expect(error?.code == .invalid)
        }
        let beyond = #expect(throws: VolumeError.self) {
            try sample.volume.perform { _ = try $0.write(.whole(1, size: 1), toChunk: 1 << 31, of: inode) }
        }
        #expect(beyond?.code == .tooLarge)
    }

    @Test("A full volume and a used-up quota refuse growth")
    func limits() throws {
        let full = try SampleVolume { $0.capacity = 8192 }
        let inode = try full.addFile()
        let noSpace = #expect(throws: VolumeError.self) {
            try full.volume.perform { _ = try $0.write(.whole(1, size: 20000), toChunk: 0, of: inode) }
        }
        #expect(noSpace?.code == .noSpace)
        let directory = try sample.addDirectory(Inode(50))
        try sample.engine.write {
            try $0.setQuota(
                QuotaRecord(
                    kind: .directory,
                    key: 50,
                    quota: Quota(maxSpace: 8192, maxInodes: 0, usedSpace: 4096)
                )
            )
        }
        let limited = try sample.addFile(in: [directory])
        try sample.volume.perform { _ = try $0.write(.whole(1, size: 8192), toChunk: 0, of: limited) }
        let exceeded = #expect(throws: VolumeError.self) {
            try sample.volume.perform {
                _ = try $0.write(.whole(2, size: 1, at: 8192), toChunk: 0, of: limited)
            }
        }
        #expect(exceeded?.code == .quotaExceeded)
    }
}

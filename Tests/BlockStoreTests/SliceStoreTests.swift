// SPDX-License-Identifier: Apache-2.0

import ObjectStorage
import SluiceBase
import Synchronization
import Testing
import VolumeModel

@testable import BlockStore

@Suite("Slices as blocks")
struct SliceStoreTests {
    private static let blockSize = 65536

    private static func bytes(_ count: Int, seed: Int = 1) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: ($0 &* 31 &+ seed) >> ($0 & 3)) }
    }

    private static func store(_ objects: RecordingStore, _ compression: Compression) -> SliceStore {
        SliceStore(
            objects: objects,
            layout: BlockLayout(blockSize: UInt32(blockSize), hashPrefix: false),
            compression: compression
        )
    }

    private static func read(
        _ store: SliceStore,
        id: UInt64,
        size: UInt32,
        _ range: Range<UInt32>
    ) throws -> [UInt8] {
        var collected: [UInt8] = []
        try unsafe store.read(slice: id, size: size, range: range) { run in
            unsafe collected.append(contentsOf: run)
        }
        return collected
    }

    @Test("A slice of any length comes back, whole and in parts", arguments: Compression.allCases)
    func roundTrip(_ compression: Compression) throws {
        for size in [1, blockSize - 1, blockSize, blockSize + 1, 11 * blockSize + 5] {
            let objects = RecordingStore()
            let store = Self.store(objects, compression)
            let bytes = Self.bytes(size)
            let count = UInt32(size)
            #expect(try store.write(slice: 5, from: ArraySource(bytes), limit: .init(Chunk.size)) == count)
            #expect(objects.keys.count == (size - 1) / Self.blockSize + 1)
            #expect(try Self.read(store, id: 5, size: count, 0..<count) == bytes)
            let middle = UInt32(size / 3)..<UInt32(size - size / 5)
            #expect(
                try Self.read(store, id: 5, size: count, middle)
                    == Array(bytes[Int(middle.lowerBound)..<Int(middle.upperBound)])
            )
        }
    }

    private var blockSize: Int { Self.blockSize }

    @Test("Blocks carry the names of their slice")
    func names() throws {
        let objects = RecordingStore()
        let bytes = Self.bytes(2 * blockSize + 7)
        _ = try Self.store(objects, .none).write(slice: 4097, from: ArraySource(bytes), limit: .max >> 8)
        #expect(
            objects.keys == ["chunks/0/4/4097_0_65536", "chunks/0/4/4097_1_65536", "chunks/0/4/4097_2_7"]
        )
    }

    @Test("An empty source stores nothing")
    func empty() throws {
        let objects = RecordingStore()
        #expect(try Self.store(objects, .lz4).write(slice: 1, from: ArraySource([]), limit: 100) == 0)
        #expect(objects.keys.isEmpty)
    }

    @Test("A limit ends a slice and leaves the source where it stands")
    func limit() throws {
        let store = Self.store(RecordingStore(), .zstd)
        let source = ArraySource(Self.bytes(1000))
        #expect(try store.write(slice: 1, from: source, limit: 600) == 600)
        #expect(try store.write(slice: 2, from: source, limit: 600) == 400)
        #expect(try Self.read(store, id: 2, size: 400, 0..<400) == Array(Self.bytes(1000)[600...]))
    }

    @Test("Only raw blocks are read in part")
    func partialReads() throws {
        for compression in Compression.allCases {
            let objects = RecordingStore()
            let store = Self.store(objects, compression)
            _ = try store.write(slice: 9, from: ArraySource(Self.bytes(blockSize)), limit: 1 << 20)
            #expect(
                try Self.read(store, id: 9, size: 65536, 100..<200) == Array(Self.bytes(blockSize)[100..<200])
            )
            let expected = compression == .none ? ByteRange(offset: 100, length: 100) : .whole
            #expect(objects.reads == [expected])
        }
    }

    @Test("A failed upload surfaces at the end and leaves no blocks", arguments: [0, 1, 3])
    func failedUpload(_ index: Int) throws {
        let objects = RecordingStore()
        let key: ObjectKey = index == 3 ? "chunks/0/0/6_3_9" : ByteString("chunks/0/0/6_\(index)_65536")
        objects.state.withLock { _ = $0.failingPuts.insert(key) }
        let source = ArraySource(Self.bytes(3 * blockSize + 9))
        let error = #expect(throws: BlockError.self) {
            try Self.store(objects, .none).write(slice: 6, from: source, limit: 1 << 20)
        }
        #expect(error?.code == .storage)
        #expect(error?.isTransient == true)
        #expect(error?.block?.index == UInt32(index))
        #expect(objects.keys.isEmpty)
    }

    @Test("A source that throws ends the slice and leaves no blocks")
    func failedSource() throws {
        let objects = RecordingStore()
        let source = BreakingSource(after: 2 * blockSize + 10)
        let error = #expect(throws: BlockError.self) {
            try Self.store(objects, .lz4).write(slice: 6, from: source, limit: 1 << 20)
        }
        #expect(error?.code == .source)
        #expect(objects.keys.isEmpty)
    }

    @Test("Missing, short, long and undecodable objects are told apart from good ones")
    func verification() throws {
        for compression in Compression.allCases {
            let objects = RecordingStore()
            let store = Self.store(objects, compression)
            _ = try store.write(slice: 3, from: ArraySource(Self.bytes(500)), limit: 500)
            let key = BlockKey(sliceID: 3, index: 0, size: 500)
            let name = store.layout.objectKey(of: key)
            try store.verify(key)
            let good = try #require(objects[name])
            objects[name] = Array(good.dropLast())
            #expect(throws: BlockError.self) { try store.verify(key) }
            objects[name] = good + [UInt8](repeating: 1, count: 5000)
            let error = #expect(throws: BlockError.self) { try store.verify(key) }
            #expect(error?.code == .damaged)
            #expect(error?.block == key)
            objects[name] = nil
            let missing = #expect(throws: BlockError.self) { try store.verify(key) }
            #expect(missing?.code == .missing)
        }
    }

    @Test("Records that reach past their slice are refused before anything is read")
    func hostileRecords() throws {
        let objects = RecordingStore()
        let store = Self.store(objects, .none)
        let records = [
            Slice(position: 0, id: 1, size: 10, offset: 5, length: 6),
            Slice(position: 0, id: 1, size: .max, offset: 0, length: 6),
            Slice(position: 0, id: 1, size: 10, offset: .max, length: .max),
        ]
        for record in records {
            let error = #expect(throws: BlockError.self) { try store.layout.parts(of: record) }
            #expect(error?.code == .invalid)
        }
        #expect(throws: BlockError.self) { try store.verify(BlockKey(sliceID: 1, index: 0, size: .max)) }
        #expect(objects.reads.isEmpty)
    }

    @Test("Deleting removes every block, present or not")
    func deletion() throws {
        let objects = RecordingStore()
        let store = Self.store(objects, .none)
        _ = try store.write(slice: 3, from: ArraySource(Self.bytes(3 * blockSize)), limit: 1 << 20)
        objects["chunks/0/0/3_1_65536"] = nil
        try store.delete(slice: 3, size: UInt32(3 * blockSize))
        #expect(objects.keys.isEmpty)
        try store.delete(slice: 3, size: UInt32(3 * blockSize))
    }

    @Test("Holes, parts and several slices come in order")
    func pieces() throws {
        let store = Self.store(RecordingStore(), .lz4)
        let first = Self.bytes(5 * blockSize, seed: 3)
        let second = Self.bytes(100, seed: 9)
        _ = try store.write(slice: 1, from: ArraySource(first), limit: 1 << 20)
        _ = try store.write(slice: 2, from: ArraySource(second), limit: 1 << 20)
        var collected: [UInt8] = []
        let reader = unsafe SliceReader(store) { run in unsafe collected.append(contentsOf: run) }
        try reader.add(.hole(position: 0, length: 700_000))
        try reader.add(Slice(position: 0, id: 1, size: UInt32(first.count), offset: 10, length: 300_000))
        try reader.add(Slice(position: 0, id: 2, size: 100, offset: 50, length: 50))
        try reader.add(zeros: 3)
        #expect(try reader.finish() == 1_000_053)
        let expected =
            [UInt8](repeating: 0, count: 700_000) + first[10..<300_010] + second[50...] + [0, 0, 0]
        #expect(collected == expected)
    }

    @Test("A missing block ends a read with its name")
    func missingBlock() throws {
        let objects = RecordingStore()
        let store = Self.store(objects, .none)
        _ = try store.write(slice: 1, from: ArraySource(Self.bytes(9 * blockSize)), limit: 1 << 20)
        objects["chunks/0/0/1_6_65536"] = nil
        var collected = 0
        let error = #expect(throws: BlockError.self) {
            try unsafe store.read(slice: 1, size: 589_824, range: 0..<589_824) { collected += $0.count }
        }
        #expect(error?.code == .missing)
        #expect(error?.block == BlockKey(sliceID: 1, index: 6, size: 65536))
        #expect(collected <= 6 * blockSize)
    }
}

/// Delivers zeros and throws when `after` bytes are out.
private final class BreakingSource: ByteSource {
    struct Broken: Error {}
    private var left: Int
    init(after count: Int) { left = count }
    var length: UInt64 { 1 << 20 }
    func rewind() {}
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard left > 0 else { throw Broken() }
        let count = min(left, buffer.count)
        unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]).initializeMemory(
            as: UInt8.self,
            repeating: 0
        )
        left -= count
        return count
    }
}

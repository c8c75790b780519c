// SPDX-License-Identifier: Apache-2.0
import SluiceBase
import SluiceTestSupport
import Testing
import VolumeModel

@Suite struct SliceTests {
    @Test(arguments: [
        (
            Slice(position: 0, id: 1, size: 5000, offset: 0, length: 5000),
            "000000000000000000000001000013880000000000001388"
        ),
        (
            Slice(position: 1000, id: 0, size: 0, offset: 0, length: 4000),
            "000003e80000000000000000000000000000000000000fa0"
        ),
        (
            Slice(position: 8192, id: 133, size: 200_000, offset: 4096, length: 50000),
            "00002000000000000000008500030d40000010000000c350"
        ),
    ])
    func `records encode as JuiceFS stores them`(slice: Slice, hex: String) throws {
        #expect(Hex.encode(slice.encoded) == hex)
        #expect(try Slice.list(decoding: Hex.decode(hex)) == [slice])
    }

    @Test func `a list of broken length is refused`() {
        #expect(throws: CodecError.self) { try Slice.list(decoding: Array(repeating: 0, count: 20)) }
    }

    @Test func `records outside their bounds are inconsistent`() {
        #expect(Slice(position: 0, id: 1, size: 10, offset: 0, length: 10).isConsistent)
        #expect(!Slice(position: 0, id: 1, size: 10, offset: 1, length: 10).isConsistent)
        #expect(!Slice(position: 64 << 20, id: 1, size: 10, offset: 0, length: 10).isConsistent)
        #expect(!Slice(position: .max, id: 1, size: .max, offset: .max, length: .max).isConsistent)
        #expect(Slice.hole(position: 5, length: 5).isConsistent)
    }

    @Test func `later records cover earlier ones`() {
        let base = Slice(position: 0, id: 1, size: 100, offset: 0, length: 100)
        let middle = Slice(position: 40, id: 2, size: 20, offset: 0, length: 20)
        #expect(
            Overlay.pieces(of: [base, middle]) == [
                Slice(position: 0, id: 1, size: 100, offset: 0, length: 40), middle,
                Slice(position: 60, id: 1, size: 100, offset: 60, length: 40),
            ]
        )
    }

    @Test func `gaps read as holes and the end is where the last record ends`() {
        let late = Slice(position: 200, id: 3, size: 5, offset: 0, length: 5)
        #expect(Overlay.pieces(of: [late]) == [.hole(position: 0, length: 200), late])
        #expect(Overlay.pieces(of: []) == [])
    }

    @Test func `what a lying record leaves behind 2^32 does not come back at the chunk's start`() {
        let long = Slice(position: 0xFFFF_FFF0, id: 1, size: 64, offset: 0, length: 0x20)
        let short = Slice(position: 0xFFFF_FFF0, id: 2, size: 64, offset: 0, length: 0x18)
        #expect(Overlay.pieces(of: [long, short]) == [.hole(position: 0, length: 0xFFFF_FFF0), short])
    }

    @Test func `overlay agrees with painting byte by byte`() {
        var random = SeededRandom.fromEnvironment()
        for _ in 0..<300 {
            var painted: [UInt64: (id: UInt64, offset: UInt32)] = [:]
            var slices: [Slice] = []
            for id in 1...UInt64.random(in: 1...12, using: &random) {
                let position = UInt32.random(in: 0..<60, using: &random)
                let length = UInt32.random(in: 0..<40, using: &random)
                let offset = UInt32.random(in: 0..<9, using: &random)
                let slice = Slice(
                    position: position,
                    id: id,
                    size: offset + length,
                    offset: offset,
                    length: length
                )
                slices.append(slice)
                for byte in 0..<length { painted[UInt64(position + byte)] = (id, offset + byte) }
            }
            let pieces = Overlay.pieces(of: slices)
            var position: UInt64 = 0
            for piece in pieces {
                #expect(UInt64(piece.position) == position, "seed \(random.seed)")
                for byte in 0..<piece.length {
                    let expected = painted.removeValue(forKey: position + UInt64(byte))
                    #expect((expected?.id ?? 0) == piece.id, "seed \(random.seed)")
                    if let expected { #expect(expected.offset == piece.offset + byte, "seed \(random.seed)") }
                }
                position = piece.end
            }
            #expect(painted.isEmpty, "seed \(random.seed)")
        }
    }
}

@Suite struct BlockKeyTests {
    @Test(arguments: [
        (BlockKey(sliceID: 1, index: 0, size: 65536), "chunks/0/0/1_0_65536", "chunks/01/0/1_0_65536"),
        (BlockKey(sliceID: 4097, index: 0, size: 3), "chunks/0/4/4097_0_3", "chunks/01/0/4097_0_3"),
        (
            BlockKey(sliceID: 1_234_567, index: 2, size: 4_194_304), "chunks/1/1234/1234567_2_4194304",
            "chunks/87/1/1234567_2_4194304"
        ),
    ])
    func `objects are named as JuiceFS names them`(block: BlockKey, plain: String, hashed: String) {
        let layout = BlockLayout(blockSize: 4 << 20, hashPrefix: false)
        let hashLayout = BlockLayout(blockSize: 4 << 20, hashPrefix: true)
        #expect(layout.objectKey(of: block) == ByteString(plain))
        #expect(hashLayout.objectKey(of: block) == ByteString(hashed))
        #expect(layout.parse(ByteString(plain)) == .block(block))
        #expect(hashLayout.parse(ByteString(hashed)) == .block(block))
        #expect(layout.parse(ByteString(hashed)) == .misplaced(block))
    }

    @Test(arguments: [
        "chunks/0/0/foo", "chunks/0/0/a_b_c", "chunks/0/0/1_0", "chunks/0/0/1_0_5_6", "chunks/0/0/01_0_5",
        "chunks/0/0/1_0_99999999999999999999", "other/0/0/1_0_5", "chunks/0/0/1_0_5x", "chunks/0/0/", "",
        "chunks/0/0/1_4294967296_5",
    ])
    func `other names are foreign`(name: String) {
        #expect(BlockLayout(blockSize: 65536, hashPrefix: false).parse(ByteString(name)) == .foreign)
    }

    @Test func `slices are cut into whole blocks and a rest`() {
        let layout = BlockLayout(blockSize: 65536, hashPrefix: false)
        #expect(layout.blocks(ofSlice: 7, size: 0).isEmpty)
        #expect(layout.blocks(ofSlice: 7, size: 65536).map(\.size) == [65536])
        #expect(layout.blocks(ofSlice: 7, size: 65537).map(\.size) == [65536, 1])
        #expect(layout.block(2, ofSlice: 7, size: 65537) == nil)
        #expect(layout.blockCount(ofSliceSize: .max) == 65536)
    }
}

// SPDX-License-Identifier: Apache-2.0

import ObjectStorage
import SluiceBase
import Testing
import VolumeModel

@testable import BlockStore

@Suite("Blocks in their stored form")
struct BlockCodecTests {
    static let hello = Array("hello sluice\n".utf8)

    private func compress(_ bytes: [UInt8], _ compression: Compression) throws -> [UInt8] {
        var output = [UInt8](repeating: 0, count: compression.storedBound(ofBlockSize: bytes.count))
        let count = try unsafe output.withUnsafeMutableBytes { output in
            try unsafe bytes.withUnsafeBytes { try unsafe BlockCodec(compression).compress($0, into: output) }
        }
        return Array(output[..<count])
    }

    private func decompress(_ bytes: [UInt8], _ compression: Compression, size: Int) throws -> [UInt8] {
        var output = [UInt8](repeating: 0xEE, count: size)
        try unsafe output.withUnsafeMutableBytes { output in
            try unsafe bytes.withUnsafeBytes {
                try unsafe BlockCodec(compression).decompress($0, into: output)
            }
        }
        return output
    }

    @Test("Bytes of data-format §1.4 come out exactly")
    func referenceBytes() throws {
        #expect(try compress(Self.hello, .lz4) == [0xD0] + Self.hello)
        #expect(
            try compress(Self.hello, .zstd)
                == [0x28, 0xB5, 0x2F, 0xFD, 0x20, 0x0D, 0x69, 0x00, 0x00] + Self.hello
        )
        let letters = [UInt8](repeating: UInt8(ascii: "B"), count: 1000)
        #expect(
            try compress(letters, .lz4)
                == [0x1F, 0x42, 0x01, 0x00, 0xFF, 0xFF, 0xFF, 0xD2, 0x50, 0x42, 0x42, 0x42, 0x42, 0x42]
        )
    }

    @Test("What was compressed comes back", arguments: Compression.allCases)
    func roundTrip(_ compression: Compression) throws {
        for size in [1, 13, 4096, 65536] {
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* $0 / 7) }
            #expect(try decompress(compress(bytes, compression), compression, size: size) == bytes)
        }
    }

    @Test("A stored form of another length than the name says is damaged", arguments: Compression.allCases)
    func wrongLength(_ compression: Compression) throws {
        let stored = try compress(Self.hello, compression)
        for size in [1, 12, 14, 100] {
            let error = #expect(throws: BlockError.self) {
                try decompress(stored, compression, size: size)
            }
            #expect(error?.code == .damaged)
        }
    }

    @Test("Arbitrary bytes never decode past the block", arguments: [Compression.lz4, .zstd])
    func hostileBytes(_ compression: Compression) throws {
        var state: UInt64 = 42
        let stored = try compress([UInt8](repeating: 7, count: 5000), compression)
        for round in 0..<500 {
            var bytes = stored
            for _ in 0...(round % 5) {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes[Int(state >> 33) % bytes.count] = UInt8(truncatingIfNeeded: state >> 20)
            }
            bytes.removeLast(round % bytes.count)
            do {
                #expect(try decompress(bytes, compression, size: 5000).count == 5000)
            } catch let error as BlockError {
                #expect(error.code == .damaged)
            }
        }
    }

    @Test("The settings' words are read in any case")
    func names() {
        #expect(Compression(named: "LZ4") == .lz4)
        #expect(Compression(named: "Zstd") == .zstd)
        #expect(Compression(named: "") == Compression.none)
        #expect(Compression(named: "none") == Compression.none)
        #expect(Compression(named: "brotli") == nil)
    }
}

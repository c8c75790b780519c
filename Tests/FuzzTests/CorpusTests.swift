// SPDX-License-Identifier: Apache-2.0
// The committed inputs of the fuzzer without the fuzzer, and damaged copies of them: what once trapped, or
// never should, shows in every test run.

import FuzzDecoders
import SluiceBase
import SluiceTestSupport
import Testing

@Suite("Decoders of foreign bytes")
struct CorpusTests {
    @Test("Every committed input is decoded or refused", arguments: Decoder.all)
    func corpus(_ decoder: Decoder) throws {
        let inputs = try Corpus.inputs(of: decoder)
        #expect(inputs.count >= 5)
        for input in inputs {
            #expect(throws: Never.self, "\(decoder)/\(input.name)") { try decoder.check(input.bytes) }
            #expect(input.bytes.count <= decoder.maximumLength, "\(decoder)/\(input.name)")
        }
    }

    @Test("Every input cut short is decoded or refused", arguments: Decoder.all)
    func truncations(_ decoder: Decoder) throws {
        for input in try Corpus.inputs(of: decoder) {
            // All ends of short inputs, 32 of long ones.
            for end in stride(from: 0, to: input.bytes.count, by: max(1, input.bytes.count / 32)) {
                #expect(throws: Never.self, "\(decoder)/\(input.name), \(end) bytes") {
                    try decoder.check(Array(input.bytes[..<end]))
                }
            }
        }
    }

    @Test("Every input with wrong bytes is decoded or refused", arguments: Decoder.all)
    func damage(_ decoder: Decoder) throws {
        var random = SeededRandom.fromEnvironment()
        let edges: [UInt8] = [0, 1, 0x2D, 0x30, 0x39, 0x7F, 0x80, 0xFF]
        for input in try Corpus.inputs(of: decoder) where !input.bytes.isEmpty {
            for _ in 0..<32 {
                var bytes = input.bytes
                for _ in 0...Int.random(in: 0..<3, using: &random) {
                    bytes[Int.random(in: bytes.indices, using: &random)] =
                        edges.randomElement(using: &random) ?? 0
                }
                #expect(
                    throws: Never.self,
                    "\(decoder)/\(input.name), seed \(random.seed): \(Hex.encode(bytes))"
                ) {
                    try decoder.check(bytes)
                }
            }
        }
    }

    @Test("Every folder of the corpus belongs to a decoder")
    func folders() throws {
        let folders = try DirectoryHandle(Corpus.root).items().filter { $0.name != "ORIGIN.md" }
        #expect(Set(folders.map(\.name.description)) == Set(Decoder.all.map(\.name)))
        #expect(folders.count == Decoder.all.count)
    }
}

/// The committed inputs.
enum Corpus {
    struct Input {
        let name: ByteString
        let bytes: [UInt8]
    }

    /// This file is Tests/FuzzTests/CorpusTests.swift.
    static let root = ByteString(
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2).joined(separator: "/")
            + "/Fuzz/Corpus"
    )

    static func inputs(of decoder: Decoder) throws -> [Input] {
        let folder = root + ByteString("/\(decoder.name)")
        return try DirectoryHandle(folder).items().map(\.name).sorted().map { name in
            Input(name: name, bytes: try Posix.readWholeFile(folder + "/" + name, limit: 1 << 20))
        }
    }
}

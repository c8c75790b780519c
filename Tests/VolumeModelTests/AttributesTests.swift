// SPDX-License-Identifier: Apache-2.0
import SluiceBase
import Testing
import VolumeModel

@Suite struct AttributesTests {
    /// Captures of JuiceFS 1.4.2 on Redis (metadata-format §4.2).
    static let plainFile = """
        00 11a4 00000000 00000000 000000006b049240 23ec795b
        000000006b049240 23f3743e 000000006b049240 2492fb83
        00000001 000000000000000d 00000000 0000000000000001 00
        """
    static let fileWithACL = """
        00 11b4 00000000 00000000 000000006b049240 397f07ba
        000000006b049240 3982975c 000000006b049240 399d8352
        00000001 0000000000000009 00000000 0000000000000073 00000001 00000000 00
        """

    static func bytes(_ text: String) throws -> [UInt8] {
        try Hex.decode(text.filter { !$0.isWhitespace })
    }

    @Test func `a plain file decodes to its fields`() throws {
        let attributes = try Attributes(decoding: Self.bytes(Self.plainFile))
        var expected = Attributes(
            type: .file,
            mode: 0o644,
            time: Timestamp(seconds: 0x6b04_9240, nanoseconds: 0x23ec_795b),
            length: 13,
            parent: .root
        )
        expected.modifyTime.nanoseconds = 0x23f3_743e
        expected.changeTime.nanoseconds = 0x2492_fb83
        #expect(attributes == expected)
    }

    @Test(arguments: [plainFile, fileWithACL])
    func `captured attributes encode to the same bytes`(text: String) throws {
        let bytes = try Self.bytes(text)
        #expect(try Attributes(decoding: bytes).encoded == bytes)
    }

    @Test func `lengths follow what is set`() {
        var attributes = Attributes(type: .file, mode: 0, time: .epoch, parent: .root)
        #expect(attributes.encoded.count == 72)
        attributes.tier = 2
        #expect(attributes.encoded.count == 73)
        attributes.defaultACL = 7
        #expect(attributes.encoded.count == 81)
        attributes.tier = 0
        #expect(attributes.encoded.count == 80)
    }

    @Test func `every cut of a record throws or reads what is there`() throws {
        let bytes = try Self.bytes(Self.fileWithACL)
        for length in 0..<63 {
            #expect(throws: CodecError.self) { try Attributes(decoding: Array(bytes.prefix(length))) }
        }
        for length in 63...bytes.count {
            _ = try Attributes(decoding: Array(bytes.prefix(length)))
        }
    }

    @Test func `nanoseconds past a second are refused`() throws {
        var bytes = try Self.bytes(Self.plainFile)
        bytes[19] = 0xFF
        #expect(throws: CodecError.self) { try Attributes(decoding: bytes) }
    }

    @Test(arguments: [(0, 4096), (1, 4096), (4096, 4096), (4097, 8192), (UInt64.max, Int64.max & ~4095)])
    func `used space is whole blocks`(length: UInt64, space: Int64) {
        #expect(Usage.space(ofLength: length) == space)
    }
}

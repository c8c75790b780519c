// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SluiceBase

@Suite("CRC-32C")
struct Crc32cTests {
    @Test(
        "Known checksums",
        arguments: [
            (Array("123456789".utf8), 0xE306_9283), ([], 0), ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
            ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43), (Array(0..<32), 0x46DD_794E),
            (Array((0..<32).reversed()), 0x113F_DB5C),
        ] as [([UInt8], UInt32)]
    )
    func vectors(bytes: [UInt8], checksum: UInt32) {
        #expect(Crc32c.checksum(bytes) == checksum)
        #expect(Crc32c.portableChecksum(bytes) == checksum)
    }

    @Test("The fast way, the portable way and any division into parts agree at every length")
    func agree() {
        var random = SeededRandom.announced("CRC-32C")
        for length in Array(0..<600) + [767, 768, 769, 24_575, 24_576, 24_577, 100_003] {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            let whole = Crc32c.checksum(bytes)
            #expect(whole == Crc32c.portableChecksum(bytes))
            let cut = Int.random(in: 0...length, using: &random)
            var parts = Crc32c()
            parts.update(Array(bytes[..<cut]))
            parts.update(Array(bytes[cut...]))
            #expect(parts.value == whole)
        }
    }
}

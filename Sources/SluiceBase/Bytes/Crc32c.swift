// SPDX-License-Identifier: Apache-2.0

import CLinux

/// CRC-32C (Castagnoli), the checksum of cache files and of object stores.
package struct Crc32c: Hashable, Sendable {
    /// The checksum of everything seen so far; 0 before the first byte.
    package private(set) var value: UInt32

    /// - Parameter seed: the checksum of the bytes before, to continue it.
    package init(seed: UInt32 = 0) {
        value = seed
    }

    /// Takes in further bytes.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        value = unsafe Self.checksum(bytes, seed: value)
    }

    /// Takes in further bytes.
    package mutating func update(_ bytes: [UInt8]) {
        value = Self.checksum(bytes, seed: value)
    }

    /// The checksum of a run of bytes that follows bytes of checksum `seed`.
    package static func checksum(_ bytes: UnsafeRawBufferPointer, seed: UInt32 = 0) -> UInt32 {
        unsafe clinux_crc32c(seed, bytes.baseAddress, bytes.count)
    }

    /// The checksum of a run of bytes that follows bytes of checksum `seed`.
    package static func checksum(_ bytes: [UInt8], seed: UInt32 = 0) -> UInt32 {
        unsafe bytes.withUnsafeBytes { unsafe checksum($0, seed: seed) }
    }

    /// The checksum of two runs of bytes behind each other, from the checksums of both.
    package static func combined(_ first: UInt32, _ second: UInt32, secondLength: UInt64) -> UInt32 {
        // x^(8 * secondLength) modulo the polynomial, by squaring: bit 31 is x^0.
        var power: UInt32 = 1 << 31
        var square: UInt32 = 1 << 23
        var rest = secondLength
        while rest > 0 {
            if rest & 1 == 1 { power = product(power, square) }
            square = product(square, square)
            rest >>= 1
        }
        return product(power, first) ^ second
    }

    /// The product of two polynomials modulo the generator, bits reflected.
    private static func product(_ left: UInt32, _ right: UInt32) -> UInt32 {
        var (left, sum) = (left, UInt32(0))
        for bit in stride(from: UInt32(31), through: 0, by: -1) {
            if right >> bit & 1 == 1 { sum ^= left }
            left = left & 1 == 1 ? left >> 1 ^ 0x82F6_3B78 : left >> 1
        }
        return sum
    }

    /// The same by tables alone, as on a processor without the instruction.
    static func portableChecksum(_ bytes: [UInt8], seed: UInt32 = 0) -> UInt32 {
        unsafe bytes.withUnsafeBytes { unsafe clinux_crc32c_portable(seed, $0.baseAddress, $0.count) }
    }
}

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

    /// The same by tables alone, as on a processor without the instruction.
    static func portableChecksum(_ bytes: [UInt8], seed: UInt32 = 0) -> UInt32 {
        unsafe bytes.withUnsafeBytes { unsafe clinux_crc32c_portable(seed, $0.baseAddress, $0.count) }
    }
}

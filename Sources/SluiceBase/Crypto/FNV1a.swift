// SPDX-License-Identifier: Apache-2.0

/// The FNV-1a hash that spreads keys over shards (data-format §1.3).
///
/// Not for hash tables of foreign keys.
package enum FNV1a {
    package static func hash32(_ bytes: [UInt8]) -> UInt32 {
        var hash: UInt32 = 0x811C_9DC5
        for byte in bytes {
            // The hash is defined modulo 2^32.
            hash = (hash ^ UInt32(byte)) &* 0x0100_0193
        }
        return hash
    }
}

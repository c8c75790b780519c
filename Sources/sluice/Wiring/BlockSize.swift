// SPDX-License-Identifier: Apache-2.0

import SluiceBase

/// The block sizes a volume can have.
enum BlockSize {
    /// Reads a size as JuiceFS does: KiB unless a unit is given, rounded down to a power of two, 64 KiB to 16
    /// MiB.
    static func kibibytes(_ text: String, warn: (String) -> Void) throws -> Int64 {
        let bytes = try parseBytes(text, defaultUnit: .kibi)
        let least: UInt64 = 64 << 10
        let most: UInt64 = 16 << 20
        if bytes < least || bytes > most {
            warn("a block size of \(formatBytes(bytes)) is outside 64 KiB ... 16 MiB, the nearest is taken")
        }
        let clamped = min(max(bytes, least), most)
        let rounded = UInt64(1) << UInt64(63 - clamped.leadingZeroBitCount)
        if rounded != clamped { warn("the block size is rounded down to \(formatBytes(rounded))") }
        return Int64(rounded >> 10)
    }
}

// SPDX-License-Identifier: Apache-2.0
// The forms in which a block is stored (data-format §1.4, JuiceFS 1.4.2): raw, one raw LZ4 block, or one zstd
// frame of level 1 with its content size. There is no header of our own, and no stored fallback: output may
// be larger than input.

import CLZ4
import CZstd

/// How blocks are compressed.
package enum Compression: Hashable, Sendable, CaseIterable {
    case none, lz4, zstd

    /// Reads the settings' word: any case, empty means none; nil for a word that JuiceFS 1.4.2 does not know.
    package init?(named name: String) {
        switch name.lowercased() {
        case "", "none": self = .none
        case "lz4": self = .lz4
        case "zstd": self = .zstd
        default: return nil
        }
    }

    /// The settings' word.
    package var name: String {
        switch self {
        case .none: "none"
        case .lz4: "lz4"
        case .zstd: "zstd"
        }
    }

    /// Most bytes that a block of `size` bytes takes when stored; readers fetch no more than this.
    package func storedBound(ofBlockSize size: Int) -> Int {
        switch self {
        case .none: size
        case .lz4: size + size / 255 + 16
        case .zstd: ZSTD_compressBound(size)
        }
    }
}

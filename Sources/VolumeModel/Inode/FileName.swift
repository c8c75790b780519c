// SPDX-License-Identifier: Apache-2.0

package import SluiceBase

/// The name of an entry of a directory: bytes without `/` and NUL.
package typealias FileName = ByteString

extension FileName {
    /// Longest name, in bytes (metadata-format §0).
    package static let maximumLength = 255
    /// Longest symlink target, in bytes.
    package static let maximumTargetLength = 4096
    /// Largest value of an extended attribute, in bytes.
    package static let maximumAttributeLength = 65536
    /// Chunk indexes are 31 bits wide, so a file has at most 64 MiB × 2³¹ bytes.
    package static let maximumFileLength: UInt64 = (64 << 20) << 31

    /// Whether the bytes can be an entry's name: not empty, no `/`, no NUL, not `.` or `..`, not too long.
    package var isValidName: Bool {
        !isEmpty && count <= Self.maximumLength && !bytes.contains(0) && !bytes.contains(UInt8(ascii: "/"))
            && self != "." && self != ".."
    }
}

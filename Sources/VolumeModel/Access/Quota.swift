// SPDX-License-Identifier: Apache-2.0

package import SluiceBase

/// What a quota limits.
package enum QuotaKind: UInt32, Hashable, Sendable, CaseIterable {
    /// Everything below a directory; the key is its inode.
    case directory = 0
    /// What a user owns; the key is the uid.
    case user = 1
    /// What a group owns; the key is the gid.
    case group = 2
}

/// Limits and recorded usage (metadata-format §5.8).
package struct Quota: Hashable, Sendable {
    /// Bytes; 0 or less means unlimited.
    package var maxSpace: Int64
    /// 0 or less means unlimited.
    package var maxInodes: Int64
    /// Bytes.
    package var usedSpace: Int64
    package var usedInodes: Int64

    package init(maxSpace: Int64, maxInodes: Int64, usedSpace: Int64 = 0, usedInodes: Int64 = 0) {
        self.maxSpace = maxSpace
        self.maxInodes = maxInodes
        self.usedSpace = usedSpace
        self.usedInodes = usedInodes
    }

    /// Whether growth by so much would pass a limit.
    package func isExceeded(byAddingSpace space: Int64, inodes: Int64) -> Bool {
        (space > 0 && maxSpace > 0 && usedSpace.saturatingAdd(space) > maxSpace)
            || (inodes > 0 && maxInodes > 0 && usedInodes.saturatingAdd(inodes) > maxInodes)
    }
}

extension Quota {
    /// The limits as Redis stores them: two big-endian numbers (metadata-format §4.1).
    package var encodedLimits: [UInt8] {
        var writer = ByteWriter(capacity: 16)
        writer.write(maxSpace)
        writer.write(maxInodes)
        return writer.bytes
    }

    /// - Throws: `CodecError` when the value has not 16 bytes.
    package init(decodingLimits bytes: [UInt8]) throws(CodecError) {
        var reader = ByteReader(bytes, of: "quota limits")
        self.init(maxSpace: try reader.read(), maxInodes: try reader.read())
        try reader.finish()
    }
}

extension Int64 {
    /// The sum, held at the ends of the range.
    package func saturatingAdd(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        guard overflow else { return sum }
        return other > 0 ? .max : .min
    }
}

/// What the direct children of a directory add up to (metadata-format §5.8).
package struct DirectoryStat: Hashable, Sendable {
    /// Sum of the lengths of the files, in bytes.
    package var dataLength: Int64
    /// Bytes: files in whole 4 KiB blocks, everything else 4096.
    package var usedSpace: Int64
    /// Number of entries.
    package var usedInodes: Int64

    package init(dataLength: Int64 = 0, usedSpace: Int64 = 0, usedInodes: Int64 = 0) {
        self.dataLength = dataLength
        self.usedSpace = usedSpace
        self.usedInodes = usedInodes
    }

    package static func + (left: DirectoryStat, right: DirectoryStat) -> DirectoryStat {
        DirectoryStat(
            dataLength: left.dataLength.saturatingAdd(right.dataLength),
            usedSpace: left.usedSpace.saturatingAdd(right.usedSpace),
            usedInodes: left.usedInodes.saturatingAdd(right.usedInodes)
        )
    }

    package var isZero: Bool { self == DirectoryStat() }
}

// SPDX-License-Identifier: Apache-2.0

/// The number of a file, directory or other node of a volume.
package struct Inode: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let number: UInt64

    package init(_ number: UInt64) {
        self.number = number
    }

    /// The root directory.
    package static let root = Inode(1)
    /// The directory `.trash` of the root (metadata-format §0).
    package static let trash = Inode(0x7FFF_FFFF_1000_0000)

    /// Whether this is the trash root or one of its hourly directories.
    package var isTrash: Bool { self >= .trash }

    /// Ids taken from the inode counter at a time (metadata-format §0).
    package static let batch: Int64 = 1024

    package static func < (left: Inode, right: Inode) -> Bool {
        left.number < right.number
    }

    package var description: String { String(number) }
}

/// What a node is.
///
/// A stored number may be none of the known ones, so this is not an enum.
package struct FileType: Hashable, Sendable, RawRepresentable, CustomStringConvertible {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    package static let file = FileType(rawValue: 1)
    package static let directory = FileType(rawValue: 2)
    package static let symlink = FileType(rawValue: 3)
    package static let fifo = FileType(rawValue: 4)
    package static let blockDevice = FileType(rawValue: 5)
    package static let characterDevice = FileType(rawValue: 6)
    package static let socket = FileType(rawValue: 7)

    /// Whether the number is one of the seven of metadata-format §0.
    package var isKnown: Bool { (1...7) ~= rawValue }

    package var description: String {
        switch self {
        case .file: "file"
        case .directory: "directory"
        case .symlink: "symlink"
        case .fifo: "fifo"
        case .blockDevice: "block device"
        case .characterDevice: "character device"
        case .socket: "socket"
        default: "unknown type \(rawValue)"
        }
    }
}

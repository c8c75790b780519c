// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// The attributes of a local file.
package struct FileStatus: Hashable, Sendable {
    /// What a file is.
    package enum Kind: UInt8, Sendable {
        case regular, directory, symbolicLink, fifo, socket, characterDevice, blockDevice
        /// A kind that this system does not name, or one not told by a directory listing.
        case unknown

        /// - Parameter mode: `st_mode`.
        init(mode: UInt32) {
            switch mode & UInt32(S_IFMT) {
            case UInt32(S_IFREG): self = .regular
            case UInt32(S_IFDIR): self = .directory
            case UInt32(S_IFLNK): self = .symbolicLink
            case UInt32(S_IFIFO): self = .fifo
            case UInt32(S_IFSOCK): self = .socket
            case UInt32(S_IFCHR): self = .characterDevice
            case UInt32(S_IFBLK): self = .blockDevice
            default: self = .unknown
            }
        }
    }

    package let kind: Kind
    /// Permission bits with set-user, set-group and sticky bit: 0 ...
    ///
    /// 0o7777.
    package let mode: UInt32
    package let uid: UInt32
    package let gid: UInt32
    /// Bytes; of a symbolic link the length of its target.
    package let size: UInt64
    /// Last change of content.
    package let modified: Timestamp
    /// Last access.
    package let accessed: Timestamp
    /// Last change of attributes.
    package let changed: Timestamp
    /// The file system's device number.
    package let device: UInt64
    package let inode: UInt64
    package let linkCount: UInt64
    /// The device number that a device file stands for.
    package let specialDevice: UInt64
    /// Allocated space in units of 512 bytes.
    package let blocks: UInt64

    init(_ found: clinux_status) {
        kind = Kind(mode: found.mode)
        mode = found.mode & 0o7777
        (uid, gid) = (found.uid, found.gid)
        size = found.size
        modified = Timestamp(seconds: found.modification_seconds, nanoseconds: found.modification_nanoseconds)
        accessed = Timestamp(seconds: found.access_seconds, nanoseconds: found.access_nanoseconds)
        changed = Timestamp(seconds: found.change_seconds, nanoseconds: found.change_nanoseconds)
        (device, inode, linkCount) = (found.device, found.inode, found.link_count)
        (specialDevice, blocks) = (found.special_device, found.blocks)
    }
}

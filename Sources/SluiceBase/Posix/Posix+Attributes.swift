// SPDX-License-Identifier: Apache-2.0
// Owners, modes, times, extended attributes and space of local files.

import CLinux
import Glibc

extension Posix {
    /// Sets the permission bits of a file, following a symbolic link.
    package static func setMode(
        _ path: ByteString,
        _ mode: UInt32,
        at directory: DirectoryHandle? = nil,
    ) throws(SystemError) {
        let base = base(directory)
        unsafe try systemCall("chmod", on: path) { unsafe fchmodat(base, $0, mode_t(mode), 0) }
    }

    /// Sets the permission bits of a file that must be no symbolic link.
    /// - Throws: EOPNOTSUPP for a symbolic link, whose mode Linux does not keep.
    package static func setModeWithoutFollowing(
        _ path: ByteString,
        _ mode: UInt32,
        at directory: DirectoryHandle? = nil,
    ) throws(SystemError) {
        let base = base(directory)
        unsafe try systemCall("fchmodat", on: path) { unsafe clinux_chmod_nofollow(base, $0, mode) }
    }

    /// Sets owner and group, of a symbolic link itself; nil leaves one as it is.
    package static func setOwner(
        _ path: ByteString,
        uid: UInt32?,
        gid: UInt32?,
        at directory: DirectoryHandle? = nil,
    ) throws(SystemError) {
        let base = base(directory)
        unsafe try systemCall("lchown", on: path) {
            unsafe fchownat(base, $0, uid ?? .max, gid ?? .max, AT_SYMLINK_NOFOLLOW)
        }
    }

    /// Sets access and modification time to the nanosecond, of a symbolic link itself; nil leaves one as it
    /// is.
    package static func setTimes(
        _ path: ByteString,
        accessed: Timestamp?,
        modified: Timestamp?,
        at directory: DirectoryHandle? = nil,
    ) throws(SystemError) {
        let base = base(directory)
        unsafe try systemCall("utimensat", on: path) {
            unsafe clinux_set_times(
                base,
                $0,
                0,
                accessed?.seconds ?? 0,
                accessed.map { Int64($0.nanoseconds) } ?? -1,
                modified?.seconds ?? 0,
                modified.map { Int64($0.nanoseconds) } ?? -1
            )
        }
    }

    // MARK: Extended attributes

    /// The names of a file's extended attributes.
    package static func attributeNames(
        _ path: ByteString,
        follow: Bool = false,
    ) throws(SystemError) -> [ByteString] {
        let names = unsafe try growing { buffer throws(SystemError) in
            unsafe try systemCall("listxattr", on: path) {
                unsafe clinux_xattr_list(
                    $0,
                    follow ? 1 : 0,
                    buffer.bindMemory(to: CChar.self).baseAddress,
                    buffer.count
                )
            }
        }
        return names.split(separator: 0).map { ByteString($0) }
    }

    /// The value of an extended attribute.
    /// - Throws: ENODATA when the file has none of that name.
    package static func attribute(
        _ path: ByteString,
        _ name: ByteString,
        follow: Bool = false,
    ) throws(SystemError) -> [UInt8] {
        unsafe try growing { buffer throws(SystemError) in
            unsafe try systemCall("getxattr", on: path) { file in
                unsafe withCString(name) {
                    unsafe clinux_xattr_read(file, follow ? 1 : 0, $0, buffer.baseAddress, buffer.count)
                }
            }
        }
    }

    /// Creates or replaces an extended attribute.
    package static func setAttribute(
        _ path: ByteString,
        _ name: ByteString,
        to value: [UInt8],
        follow: Bool = false,
    ) throws(SystemError) {
        unsafe try systemCall("setxattr", on: path, and: name) { file, attribute in
            unsafe value.withUnsafeBytes {
                unsafe clinux_xattr_write(file, follow ? 1 : 0, attribute, $0.baseAddress, $0.count)
            }
        }
    }

    /// Removes an extended attribute.
    package static func removeAttribute(
        _ path: ByteString,
        _ name: ByteString,
        follow: Bool = false,
    ) throws(SystemError) {
        unsafe try systemCall("removexattr", on: path, and: name) {
            unsafe clinux_xattr_remove($0, follow ? 1 : 0, $1)
        }
    }

    /// Repeats a call with a larger buffer while it says ERANGE, up to the kernel's limit of 64 KiB.
    private static func growing(
        _ call: (UnsafeMutableRawBufferPointer) throws(SystemError) -> Int64,
    ) throws(SystemError) -> [UInt8] {
        for capacity in [512, 4096] {
            do throws(SystemError) {
                return unsafe try filledArray(count: capacity) { buffer throws(SystemError) in
                    Int(unsafe try call(buffer))
                }
            } catch {
                guard error.code == ERANGE else { throw error }
            }
        }
        return unsafe try filledArray(count: 65536) { buffer throws(SystemError) in
            Int(unsafe try call(buffer))
        }
    }

    // MARK: Space

    /// How much a file system holds.
    package struct Space: Hashable, Sendable {
        package let totalBytes: UInt64
        /// Free for anybody.
        package let availableBytes: UInt64
        /// Free, with what is reserved for the superuser.
        package let freeBytes: UInt64
        package let totalInodes: UInt64
        package let freeInodes: UInt64
    }

    /// The space of the file system that a path lies on.
    package static func space(_ path: ByteString) throws(SystemError) -> Space {
        var found = statvfs()
        let call: (UnsafePointer<CChar>, UnsafeMutablePointer<statvfs>) -> Int32 = unsafe statvfs
        unsafe try systemCall("statvfs", on: path) { unsafe call($0, &found) }
        let unit = UInt64(found.f_frsize)
        func bytes(_ blocks: some BinaryInteger) -> UInt64 {
            let (product, overflow) = UInt64(blocks).multipliedReportingOverflow(by: unit)
            return overflow ? .max : product
        }
        return Space(
            totalBytes: bytes(found.f_blocks),
            availableBytes: bytes(found.f_bavail),
            freeBytes: bytes(found.f_bfree),
            totalInodes: UInt64(found.f_files),
            freeInodes: UInt64(found.f_ffree)
        )
    }
}

// SPDX-License-Identifier: Apache-2.0
// Directories. A tree walk opens each directory once and names children relative to it: the kernel then
// resolves one name per call instead of a whole path, and a directory renamed meanwhile is still the one
// that is being walked.

import CLinux
import Glibc

/// One entry of a directory listing.
package struct DirectoryItem: Hashable, Sendable {
    package let name: ByteString
    /// What the listing says the file is; `.unknown` on file systems that do not say.
    package let kindHint: FileStatus.Kind
    package let inode: UInt64
}

/// An open directory.
///
/// Any thread may use it, but only one at a time may list it.
package final class DirectoryHandle: Sendable {
    private let descriptor: FileDescriptor

    /// Opens a directory, relative to another when one is given.
    /// - Parameter follow: whether a symbolic link in its place is followed; ELOOP or ENOTDIR when not.
    package init(
        _ path: ByteString,
        at directory: DirectoryHandle? = nil,
        follow: Bool = true
    )
        throws(SystemError)
    {
        let flags: OpenFlags = follow ? [.directory] : [.directory, .noFollow]
        descriptor = try FileDescriptor.open(path, flags, at: directory)
    }

    /// The descriptor's number, valid as long as the handle lives.
    package var raw: Int32 { descriptor.raw }

    /// What was opened, for error texts.
    package var path: ByteString? { descriptor.path }

    /// Opens a child directory.
    package func directory(_ name: ByteString, follow: Bool = false) throws(SystemError) -> DirectoryHandle {
        try DirectoryHandle(name, at: self, follow: follow)
    }

    /// Opens a child file.
    package func open(
        _ name: ByteString,
        _ flags: OpenFlags = .readOnly,
        mode: UInt32 = 0o644,
    ) throws(SystemError) -> FileDescriptor {
        try FileDescriptor.open(name, flags, mode: mode, at: self)
    }

    /// A child's attributes.
    package func status(_ name: ByteString, follow: Bool = false) throws(SystemError) -> FileStatus {
        try Posix.status(name, follow: follow, at: self)
    }

    /// The directory's own attributes.
    package func status() throws(SystemError) -> FileStatus {
        try descriptor.status()
    }

    /// Makes creations, renames and removals in this directory durable.
    package func synchronize() throws(SystemError) {
        try descriptor.synchronize()
    }

    /// All entries but `.` and `..`, in the file system's order.
    package func items() throws(SystemError) -> [DirectoryItem] {
        var items: [DirectoryItem] = []
        try forEachItem { item in
            items.append(item)
            return true
        }
        return items
    }

    /// Calls `body` for every entry but `.` and `..` in the file system's order until it returns false.
    ///
    /// Memory does not grow with the directory. Entries added or removed meanwhile may or may not be seen.
    package func forEachItem(_ body: (DirectoryItem) throws(SystemError) -> Bool) throws(SystemError) {
        let raw = raw
        try systemCall("lseek", path) { lseek(raw, 0, SEEK_SET) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 8)
        defer { unsafe buffer.deallocate() }
        while true {
            let count = try systemCall("getdents64", path) {
                unsafe clinux_read_directory(raw, buffer.baseAddress, buffer.count)
            }
            if count == 0 { return }
            let records = unsafe UnsafeRawBufferPointer(rebasing: buffer[..<min(Int(count), buffer.count)])
            guard unsafe try Self.forEachRecord(records, body) else { return }
        }
    }

    /// Records are struct linux_dirent64: inode (8 bytes), offset (8), record length (2), kind (1), name
    /// with NUL.
    private static func forEachRecord(
        _ records: UnsafeRawBufferPointer,
        _ body: (DirectoryItem) throws(SystemError) -> Bool,
    ) throws(SystemError) -> Bool {
        let nameOffset = 19
        var start = 0
        while start + nameOffset < records.count {
            let length = Int(unsafe records.loadUnaligned(fromByteOffset: start + 16, as: UInt16.self))
            guard length > nameOffset, start + length <= records.count else { return true }
            let field = unsafe UnsafeRawBufferPointer(rebasing: records[start + nameOffset..<start + length])
            let nameLength = unsafe field.firstIndex(of: 0) ?? field.count
            let name = unsafe ByteString([UInt8](field[..<nameLength]))
            if name != "." && name != ".." {
                let item = DirectoryItem(
                    name: name,
                    // d_type is the file type's part of st_mode.
                    kindHint: FileStatus.Kind(mode: UInt32(unsafe records[start + 18]) << 12),
                    inode: unsafe records.loadUnaligned(fromByteOffset: start, as: UInt64.self)
                )
                guard try body(item) else { return false }
            }
            start += length
        }
        return true
    }
}

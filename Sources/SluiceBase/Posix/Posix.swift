// SPDX-License-Identifier: Apache-2.0
// File system calls on paths. Each takes an optional open directory that a relative path starts from, so
// that there is one wrapper per call and not two. No call follows a symbolic link in the last place unless
// it says `follow`.

import CLinux
import Glibc

/// The system calls, throwing and on byte paths.
package enum Posix {
    /// A file's attributes.
    package static func status(
        _ path: ByteString,
        follow: Bool = false,
        at directory: DirectoryHandle? = nil,
    ) throws(SystemError) -> FileStatus {
        let base = base(directory)
        var found = clinux_status()
        unsafe try systemCall(follow ? "stat" : "lstat", on: path) {
            unsafe clinux_status_at(base, $0, follow ? 1 : 0, &found)
        }
        return FileStatus(found)
    }

    /// A file's attributes, nil when it is not there.
    package static func statusIfPresent(
        _ path: ByteString,
        follow: Bool = false,
        at directory: DirectoryHandle? = nil,
    ) throws(SystemError) -> FileStatus? {
        do throws(SystemError) {
            return try status(path, follow: follow, at: directory)
        } catch {
            if error.isNotFound { return nil }
            throw error
        }
    }

    /// All entries of a directory but `.` and `..`, in the file system's order.
    package static func listDirectory(_ path: ByteString) throws(SystemError) -> [DirectoryItem] {
        try DirectoryHandle(path).items()
    }

    /// Calls `body` for every entry of a directory until it returns false, in constant memory.
    package static func forEachItem(
        of path: ByteString,
        _ body: (DirectoryItem) throws(SystemError) -> Bool,
    ) throws(SystemError) {
        try DirectoryHandle(path).forEachItem(body)
    }

    // MARK: Names

    /// Creates a directory.
    package static func makeDirectory(
        _ path: ByteString,
        mode: UInt32 = 0o755,
        at directory: DirectoryHandle? = nil,
    ) throws(SystemError) {
        let base = base(directory)
        unsafe try systemCall("mkdir", on: path) { unsafe mkdirat(base, $0, mode_t(mode)) }
    }

    /// Creates a directory and those above it that are missing; one that is there already is no error.
    package static func makeDirectories(_ path: ByteString, mode: UInt32 = 0o755) throws(SystemError) {
        do throws(SystemError) {
            try makeDirectory(path, mode: mode)
        } catch {
            if error.isAlreadyThere, try status(path, follow: true).kind == .directory { return }
            guard error.code == ENOENT, let parent = parent(of: path) else { throw error }
            try makeDirectories(parent, mode: mode)
            do throws(SystemError) {
                try makeDirectory(path, mode: mode)
            } catch {
                // Somebody else may have been faster.
                guard error.isAlreadyThere else { throw error }
            }
        }
    }

    /// Renames, replacing what has the new name.
    package static func rename(
        _ from: ByteString,
        to target: ByteString,
        at directory: DirectoryHandle? = nil,
        toDirectory: DirectoryHandle? = nil,
    ) throws(SystemError) {
        let (base, targetBase) = (base(directory), base(toDirectory ?? directory))
        unsafe try systemCall("rename", on: from, and: target) { unsafe renameat(base, $0, targetBase, $1) }
    }

    /// Renames, failing with EEXIST when the new name is taken.
    package static func renameWithoutReplacing(
        _ from: ByteString,
        to target: ByteString,
        at directory: DirectoryHandle? = nil,
    ) throws(SystemError) {
        let base = base(directory)
        unsafe try systemCall("renameat2", on: from, and: target) {
            unsafe clinux_rename_noreplace(base, $0, base, $1)
        }
    }

    /// Lets two existing names change their files.
    package static func exchange(
        _ first: ByteString,
        _ second: ByteString,
        at directory: DirectoryHandle? = nil,
    ) throws(SystemError) {
        let base = base(directory)
        unsafe try systemCall("renameat2", on: first, and: second) {
            unsafe clinux_rename_exchange(base, $0, base, $1)
        }
    }

    /// Removes a name that is no directory.
    package static func unlink(_ path: ByteString, at directory: DirectoryHandle? = nil) throws(SystemError) {
        let base = base(directory)
        unsafe try systemCall("unlink", on: path) { unsafe unlinkat(base, $0, 0) }
    }

    /// Removes an empty directory.
    package static func removeDirectory(
        _ path: ByteString,
        at directory: DirectoryHandle? = nil
    )
        throws(SystemError)
    {
        let base = base(directory)
        unsafe try systemCall("rmdir", on: path) { unsafe unlinkat(base, $0, AT_REMOVEDIR) }
    }

    /// Creates a symbolic link at `path` that points to `target`.
    package static func makeSymbolicLink(
        _ path: ByteString,
        to target: ByteString,
        at directory: DirectoryHandle? = nil,
    ) throws(SystemError) {
        let base = base(directory)
        unsafe try systemCall("symlink", on: path, and: target) { unsafe symlinkat($1, base, $0) }
    }

    /// The target of a symbolic link.
    package static func readLink(
        _ path: ByteString,
        at directory: DirectoryHandle? = nil,
    ) throws(SystemError) -> ByteString {
        let base = base(directory)
        var capacity = 256
        while true {
            var length = 0
            let room = capacity
            let bytes = unsafe try filledArray(count: room) { buffer throws(SystemError) in
                guard let start = unsafe buffer.bindMemory(to: CChar.self).baseAddress else { return 0 }
                length = unsafe try systemCall("readlink", on: path) {
                    unsafe readlinkat(base, $0, start, room)
                }
                return length
            }
            // A full buffer may be a cut target.
            if length < room { return ByteString(bytes) }
            guard capacity < 1 << 20 else { throw SystemError(ENAMETOOLONG, "readlink", path) }
            capacity *= 4
        }
    }

    /// Gives a file a second name.
    package static func link(
        _ existing: ByteString,
        as name: ByteString,
        at directory: DirectoryHandle? = nil,
    ) throws(SystemError) {
        let base = base(directory)
        unsafe try systemCall("link", on: existing, and: name) { unsafe linkat(base, $0, base, $1, 0) }
    }

    /// Creates a FIFO.
    package static func makeFIFO(
        _ path: ByteString,
        mode: UInt32 = 0o644,
        at directory: DirectoryHandle? = nil,
    ) throws(SystemError) {
        let base = base(directory)
        unsafe try systemCall("mkfifo", on: path) { unsafe mkfifoat(base, $0, mode_t(mode)) }
    }

    /// Creates a device file, FIFO, socket or empty file.
    /// - Parameter mode: kind (`S_IF…`) and permission bits.
    /// - Parameter device: as in `FileStatus.specialDevice`.
    package static func makeNode(
        _ path: ByteString,
        mode: UInt32,
        device: UInt64 = 0,
        at directory: DirectoryHandle? = nil,
    ) throws(SystemError) {
        let base = base(directory)
        unsafe try systemCall("mknod", on: path) { unsafe clinux_make_node(base, $0, mode, device) }
    }

    // MARK: Shared pieces

    /// The descriptor that relative paths start from.
    static func base(_ directory: DirectoryHandle?) -> Int32 {
        directory?.raw ?? AT_FDCWD
    }

    /// The path of the directory that `path` lies in, nil for `/` and for a bare name.
    package static func parent(of path: ByteString) -> ByteString? {
        var end = path.bytes.count
        while end > 1, path.bytes[end - 1] == UInt8(ascii: "/") { end -= 1 }
        guard let slash = path.bytes[..<end].lastIndex(of: UInt8(ascii: "/")), end > 1 else { return nil }
        return ByteString(slash == 0 ? [UInt8(ascii: "/")] : Array(path.bytes[..<slash]))
    }

    /// Runs a system call on two paths; the error names the first.
    static func systemCall(
        _ call: String,
        on first: ByteString,
        and second: ByteString,
        _ body: (UnsafePointer<CChar>, UnsafePointer<CChar>) -> Int32,
    ) throws(SystemError) {
        guard !second.bytes.contains(0) else { throw SystemError(EINVAL, call, second) }
        unsafe try SluiceBase.systemCall(call, on: first) { firstName in
            unsafe withCString(second) { unsafe body(firstName, $0) }
        }
    }

    /// See the function of the module; here because the static one of the same name hides it.
    @discardableResult
    static func systemCall<Number: SignedInteger>(
        _ call: String,
        on path: ByteString,
        _ body: (UnsafePointer<CChar>) -> Number,
    ) throws(SystemError) -> Number {
        unsafe try SluiceBase.systemCall(call, on: path, body)
    }
}

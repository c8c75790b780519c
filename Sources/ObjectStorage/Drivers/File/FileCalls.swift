// SPDX-License-Identifier: Apache-2.0
// The system calls of the file driver on byte paths. Every call is repeated when a signal interrupts it; a
// failure is thrown as SystemError. The listing looks names up relative to open directories and from memory
// that it owns, several hundred thousand a second, which is why these stand beside SluiceBase's Posix.

import Glibc
import SluiceBase

/// A path or name as the kernel takes it: bytes with a zero at the end.
struct PathBytes {
    private var bytes: [UInt8]

    init(_ path: some Sequence<UInt8>) {
        bytes = Array(path)
        bytes.append(0)
    }

    func withPointer<Result, Failure: Error>(
        _ body: (UnsafePointer<CChar>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe bytes.withUnsafeBufferPointer { (buffer) throws(Failure) in
            // `init` appended a byte, so there is a base address.
            let base = unsafe UnsafeRawPointer(buffer.baseAddress.unsafelyUnwrapped)
            return try unsafe body(base.assumingMemoryBound(to: CChar.self))
        }
    }

    /// The result of a call that says -1 when it fails.
    @discardableResult
    func call(_ body: (UnsafePointer<CChar>) -> Int32) throws(SystemError) -> Int32 {
        try unsafe withPointer { (pointer) throws(SystemError) in
            try checked { unsafe body(pointer) }
        }
    }
}

/// Repeats a call that a signal interrupted; throws what else went wrong.
@discardableResult
func checked<Number: SignedInteger>(_ body: () -> Number) throws(SystemError) -> Number {
    while true {
        let result = body()
        if result >= 0 { return result }
        let number = errno
        guard number == EINTR else { throw SystemError(number, "file") }
    }
}

/// An open file, closed at the end of its life.
final class OpenFile {
    let descriptor: Int32
    /// Whether writes go past the page cache (DirectWriting.swift).
    var isDirect = false

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    convenience init(_ path: PathBytes, _ flags: Int32, mode: mode_t = 0) throws(SystemError) {
        self.init(try unsafe path.call { unsafe open($0, flags | O_CLOEXEC, mode) })
    }

    deinit {
        close(descriptor)
    }

    func status() throws(SystemError) -> stat {
        var status = stat()
        try checked { unsafe fstat(descriptor, &status) }
        return status
    }

    /// Fills `buffer` from `offset` on, less only at the end of the file.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(SystemError) -> Int {
        var filled = 0
        while filled < buffer.count {
            let place = unsafe buffer.baseAddress?.advanced(by: filled)
            let rest = buffer.count - filled
            let position = off_t(clamping: offset + UInt64(filled))
            let count = try checked { unsafe pread(descriptor, place, rest, position) }
            guard count > 0 else { break }
            filled += count
        }
        return filled
    }

    func write(_ buffer: UnsafeRawBufferPointer) throws(SystemError) {
        var done = 0
        while done < buffer.count {
            let place = unsafe buffer.baseAddress?.advanced(by: done)
            let rest = buffer.count - done
            done += try checked { unsafe Glibc.write(descriptor, place, rest) }
        }
    }
}

extension PathBytes {
    /// Looks a path up.
    func status(followingLinks: Bool) throws(SystemError) -> stat {
        var status = stat()
        let flags = followingLinks ? 0 : AT_SYMLINK_NOFOLLOW
        try unsafe call { unsafe fstatat(AT_FDCWD, $0, &status, flags) }
        return status
    }

    /// The text of a symbolic link, relative to an open directory.
    func linkTarget(at directory: Int32 = AT_FDCWD) throws(SystemError) -> ByteString {
        var text = [CChar](repeating: 0, count: Int(PATH_MAX))
        let capacity = text.count
        let count = try unsafe withPointer { (path) throws(SystemError) in
            try checked { unsafe readlinkat(directory, path, &text, capacity) }
        }
        return ByteString(text.prefix(count).map { UInt8(bitPattern: $0) })
    }
}

extension stat {
    var format: mode_t { st_mode & S_IFMT }
    var isDirectory: Bool { format == S_IFDIR }
    var isLink: Bool { format == S_IFLNK }
    var isRegular: Bool { format == S_IFREG }

    var modified: Timestamp {
        Timestamp(seconds: Int64(st_mtim.tv_sec), nanoseconds: UInt32(truncatingIfNeeded: st_mtim.tv_nsec))
    }

    /// Mode, owner and links of the file.
    func facts(target: ByteString? = nil) -> FileFacts {
        let hasSeveralNames = st_nlink > 1 && !isDirectory
        return FileFacts(
            mode: UInt16(truncatingIfNeeded: st_mode & 0o7777),
            uid: st_uid,
            gid: st_gid,
            target: target,
            linkIdentity: hasSeveralNames
                ? LinkIdentity(device: UInt64(st_dev), inode: UInt64(st_ino)) : nil,
            special: special
        )
    }

    private var special: SpecialFile? {
        switch format {
        case S_IFIFO: SpecialFile(.fifo)
        case S_IFSOCK: SpecialFile(.socket)
        case S_IFCHR: SpecialFile(.characterDevice, device: UInt64(st_rdev))
        case S_IFBLK: SpecialFile(.blockDevice, device: UInt64(st_rdev))
        default: nil
        }
    }

    /// What the file is called in a listing.
    func info(_ key: ObjectKey, target: ByteString? = nil) -> ObjectInfo {
        let kind: ObjectKind =
            switch format {
            case S_IFREG: .object
            case S_IFDIR: .directory
            case S_IFLNK: .symlink
            default: .special
            }
        return ObjectInfo(
            key: key,
            size: isRegular ? UInt64(clamping: st_size) : 0,
            modified: modified,
            kind: kind,
            file: facts(target: target)
        )
    }
}

extension StorageError {
    /// The failure of a system call as the error of a store.
    init(_ failure: SystemError, _ operation: String, key: ObjectKey?, address: String) {
        let code: Code =
            switch failure.code {
            case ENOENT, ENOTDIR: .notFound
            case EACCES, EPERM, EROFS: .denied
            case EEXIST, ENOTEMPTY, EISDIR: .exists
            case ENOSPC, EDQUOT: .noSpace
            case ENAMETOOLONG, EILSEQ: .invalidKey
            case EFBIG: .tooLarge
            case ETIMEDOUT: .timedOut
            case EOPNOTSUPP, ENOSYS: .unsupported
            default: .failed
            }
        self.init(
            code,
            operation,
            key: key,
            address: address,
            reason: failure.reason,
            isTransient: failure.isTransient
        )
    }
}

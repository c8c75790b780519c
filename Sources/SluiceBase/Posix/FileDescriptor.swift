// SPDX-License-Identifier: Apache-2.0
// Open files as values with one owner: closed when the owner goes away, or by `close()` where its error
// matters.

import CLinux
import Glibc

/// An open file.
///
/// Calls may come from several threads; those with an offset do not disturb each other.
package struct FileDescriptor: ~Copyable, Sendable {
    /// The descriptor's number, valid as long as this value lives.
    package private(set) var raw: Int32
    /// What was opened, for error texts.
    package let path: ByteString?

    /// Takes over an open descriptor and closes it in the end.
    package init(adopting raw: Int32, path: ByteString? = nil) {
        self.raw = raw
        self.path = path
    }

    deinit {
        if raw >= 0 { _ = Glibc.close(raw) }
    }

    /// Opens a file, relative to `directory` when one is given.
    /// - Parameter mode: permission bits of a new file, lessened by the umask.
    package static func open(
        _ path: ByteString,
        _ flags: OpenFlags = .readOnly,
        mode: UInt32 = 0o644,
        at directory: DirectoryHandle? = nil,
    ) throws(SystemError) -> FileDescriptor {
        let base = directory?.raw ?? AT_FDCWD
        let number = unsafe try systemCall("open", on: path) {
            unsafe openat(base, $0, flags.rawValue | clinux_o_cloexec, mode_t(mode))
        }
        return FileDescriptor(adopting: number, path: path)
    }

    /// Closes the file; errors that the system kept back until now (network file systems, quotas) are thrown.
    package consuming func close() throws(SystemError) {
        let number = raw
        let path = path
        // deinit must not close a second time: the number may belong to somebody else by then.
        raw = -1
        // After EINTR the descriptor is closed on Linux, so the call is not repeated.
        if Glibc.close(number) != 0, errno != EINTR { throw SystemError(errno, "close", path) }
    }

    /// Gives the descriptor away; the caller closes it.
    package consuming func release() -> Int32 {
        let number = raw
        raw = -1
        return number
    }

    // MARK: Reading

    /// Reads what is there, at least one byte unless at the end of the file.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        let raw = raw
        return try systemCall("read", path) { unsafe Glibc.read(raw, buffer.baseAddress, buffer.count) }
    }

    /// Reads until the buffer is full or the file ends.
    /// - Returns: the bytes read, fewer than the buffer holds only at the end of the file.
    package func readFully(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        var filled = 0
        while filled < buffer.count {
            let count = unsafe try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    /// Reads at an offset until the buffer is full or the file ends.
    /// - Returns: the bytes read, fewer than the buffer holds only at the end of the file.
    package func readFully(
        into buffer: UnsafeMutableRawBufferPointer,
        at offset: Int64
    ) throws(SystemError)
        -> Int
    {
        let raw = raw
        var filled = 0
        while filled < buffer.count {
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let position = off_t(offset) + off_t(filled)
            let count = try systemCall("pread", path) {
                unsafe pread(raw, rest.baseAddress, rest.count, position)
            }
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    /// Up to `count` bytes from the current position, fewer only at the end of the file.
    package func read(count: Int) throws(SystemError) -> [UInt8] {
        unsafe try filledArray(count: count) { buffer throws(SystemError) in
            unsafe try readFully(into: buffer)
        }
    }

    /// Up to `count` bytes from `offset`, fewer only at the end of the file.
    package func read(count: Int, at offset: Int64) throws(SystemError) -> [UInt8] {
        unsafe try filledArray(count: count) { buffer throws(SystemError) in
            unsafe try readFully(into: buffer, at: offset)
        }
    }

    // MARK: Writing

    /// Writes all bytes at the current position.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        let raw = raw
        var written = 0
        while written < bytes.count {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[written...])
            written += try systemCall("write", path) { unsafe Glibc.write(raw, rest.baseAddress, rest.count) }
        }
    }

    /// Writes all bytes at an offset.
    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(SystemError) {
        let raw = raw
        var written = 0
        while written < bytes.count {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[written...])
            let position = off_t(offset) + off_t(written)
            written += try systemCall("pwrite", path) {
                unsafe pwrite(raw, rest.baseAddress, rest.count, position)
            }
        }
    }

    /// Writes all bytes at the current position.
    package func write(_ bytes: [UInt8]) throws(SystemError) {
        unsafe try withBytes(of: bytes) { run throws(SystemError) in unsafe try write(run) }
    }

    /// Writes all bytes at an offset.
    package func write(_ bytes: [UInt8], at offset: Int64) throws(SystemError) {
        unsafe try withBytes(of: bytes) { run throws(SystemError) in unsafe try write(run, at: offset) }
    }

    // MARK: The file itself

    /// Brings content and attributes to stable storage.
    package func synchronize() throws(SystemError) {
        let raw = raw
        try systemCall("fsync", path) { fsync(raw) }
    }

    /// Brings content to stable storage, and attributes only as far as reading it back needs them.
    package func synchronizeData() throws(SystemError) {
        let raw = raw
        try systemCall("fdatasync", path) { fdatasync(raw) }
    }

    /// Sets the size; what is new reads as zeros.
    package func truncate(to size: Int64) throws(SystemError) {
        let raw = raw
        try systemCall("ftruncate", path) { ftruncate(raw, off_t(size)) }
    }

    /// Sets the permission bits, whatever the umask.
    package func setMode(_ mode: UInt32) throws(SystemError) {
        let raw = raw
        try systemCall("fchmod", path) { fchmod(raw, mode_t(mode)) }
    }

    /// The file's attributes.
    package func status() throws(SystemError) -> FileStatus {
        let raw = raw
        var found = clinux_status()
        try systemCall("fstat", path) { unsafe clinux_status_of(raw, &found) }
        return FileStatus(found)
    }

    /// Copies bytes inside the kernel, sharing extents where the file system can.
    /// - Returns: the bytes copied, which may be fewer than asked for; 0 at the end of the source.
    package func copy(
        count: Int,
        from offset: Int64,
        to target: borrowing FileDescriptor,
        at targetOffset: Int64,
    ) throws(SystemError) -> Int {
        let (source, destination) = (raw, target.raw)
        var (from, to) = (offset, targetOffset)
        return Int(
            try systemCall("copy_file_range", path) {
                unsafe clinux_copy_range(source, &from, destination, &to, count)
            }
        )
    }
}

/// An array of up to `count` bytes that `fill` writes without their being zeroed first.
func filledArray(
    count: Int,
    _ fill: (UnsafeMutableRawBufferPointer) throws(SystemError) -> Int,
) throws(SystemError) -> [UInt8] {
    var failure: SystemError?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: max(count, 0)) { buffer, initializedCount in
        do throws(SystemError) {
            initializedCount = unsafe try fill(UnsafeMutableRawBufferPointer(buffer))
        } catch {
            failure = error
        }
    }
    if let failure { throw failure }
    return bytes
}

/// The bytes of an array as a buffer that is valid during `body`; the standard function loses the error's
/// type.
func withBytes(
    of bytes: [UInt8],
    _ body: (UnsafeRawBufferPointer) throws(SystemError) -> Void,
) throws(SystemError) {
    var failure: SystemError?
    unsafe bytes.withUnsafeBytes { run in
        do throws(SystemError) {
            unsafe try body(run)
        } catch {
            failure = error
        }
    }
    if let failure { throw failure }
}

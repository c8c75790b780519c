// SPDX-License-Identifier: Apache-2.0
// Failed system calls. Also the two small pieces every wrapper shares: the loop over EINTR and paths as C
// strings.

import CLinux
import Glibc

/// A system call that failed.
@usableFromInline
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The errno value.
    package let code: Int32
    /// The call, as its manual page is named: `open`, `fsync`.
    package let call: String
    /// The file it was about, nil when there is none.
    package let path: ByteString?

    /// - Parameter call: the name of the call's manual page.
    package init(_ code: Int32, _ call: String, _ path: ByteString? = nil) {
        self.code = code
        self.call = call
        self.path = path
    }

    /// The system's words for the errno value: `No such file or directory`.
    package var reason: String {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let start = buffer.baseAddress else { return "error \(code)" }
            unsafe clinux_error_text(code, start, buffer.count)
            return unsafe String(cString: start)
        }
    }

    /// `open /x: No such file or directory`.
    @usableFromInline
    package var description: String {
        guard let path else { return "\(call): \(reason)" }
        return "\(call) \(path): \(reason)"
    }

    /// Whether the same call may succeed later without anybody doing anything.
    package var isTransient: Bool {
        [EINTR, EAGAIN, EBUSY, ENOMEM, ENFILE, EMFILE, ETIMEDOUT, ESTALE].contains(code)
    }

    /// Whether the file is not there (ENOENT, or ENOTDIR on the way to it).
    package var isNotFound: Bool { code == ENOENT || code == ENOTDIR }

    /// Whether the file is there already.
    package var isAlreadyThere: Bool { code == EEXIST }

    /// Whether the caller lacks the right.
    package var isPermissionDenied: Bool { code == EACCES || code == EPERM }

    /// Whether space or quota is used up.
    package var isOutOfSpace: Bool { code == ENOSPC || code == EDQUOT }
}

/// Runs a system call until it is not interrupted, and turns -1 into an error.
@discardableResult
func systemCall<Number: SignedInteger>(
    _ call: String,
    _ path: ByteString? = nil,
    _ body: () -> Number,
) throws(SystemError) -> Number {
    while true {
        let result = body()
        if result >= 0 { return result }
        let code = errno
        if code != EINTR { throw SystemError(code, call, path) }
    }
}

/// Runs a system call on a path: the path as a C string lives as long as `body`.
///
/// An embedded NUL is EINVAL, because the system would take the part before it for the name.
@discardableResult
func systemCall<Number: SignedInteger>(
    _ call: String,
    on path: ByteString,
    _ body: (UnsafePointer<CChar>) -> Number,
) throws(SystemError) -> Number {
    guard !path.bytes.contains(0) else { throw SystemError(EINVAL, call, path) }
    return try systemCall(call, path) { unsafe withCString(path, body) }
}

/// The bytes with a NUL behind them, valid during `body`.
func withCString<Result>(_ bytes: ByteString, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
    unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: bytes.count + 1) { buffer in
        for position in 0..<bytes.count { unsafe buffer[position] = bytes.bytes[position] }
        unsafe buffer[bytes.count] = 0
        return unsafe buffer.withMemoryRebound(to: CChar.self) { characters in
            // The buffer holds at least the NUL, so it has an address.
            guard let start = unsafe UnsafePointer(characters.baseAddress) else {
                preconditionFailure("an allocation of at least one byte has an address")
            }
            return unsafe body(start)
        }
    }
}

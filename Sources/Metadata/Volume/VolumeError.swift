// SPDX-License-Identifier: Apache-2.0
// What file-system operations fail with. Each code stands for one errno, so that a mount can answer with it.

import Glibc
import SluiceBase
package import VolumeModel

/// An operation of the file system that was refused.
package struct VolumeError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable, CaseIterable {
        case noEntry, exists, notDirectory, isDirectory, notEmpty
        /// Not allowed whoever asks for it, or only for root (EPERM).
        case notPermitted
        /// Not allowed for this user (EACCES).
        case accessDenied
        case invalid, nameTooLong, noSpace, quotaExceeded, readOnly, noAttribute, outOfRange, tooLarge
        case linkLoop, notSupported
        /// Others hold a lock that is in the way (EAGAIN).
        case wouldBlock
        /// Stored records contradict each other.
        case damaged
    }

    package var code: Code
    /// A verb phrase: "rename", "create".
    package var operation: String
    package var subject: String
    package var reason: String

    package init(_ code: Code, _ operation: String, _ subject: String, reason: String = "") {
        self.code = code
        self.operation = operation
        self.subject = subject
        self.reason = reason
    }

    package init(
        _ code: Code,
        _ operation: String,
        _ name: FileName,
        in directory: Inode,
        reason: String = ""
    ) {
        self.init(code, operation, "\(name) in directory \(directory)", reason: reason)
    }

    package init(_ code: Code, _ operation: String, _ inode: Inode, reason: String = "") {
        self.init(code, operation, "inode \(inode)", reason: reason)
    }

    package var description: String {
        "\(operation) \(subject): \(reason.isEmpty ? code.sentence : reason)"
    }
}

extension VolumeError.Code {
    /// The POSIX error number.
    package var errno: Int32 {
        switch self {
        case .noEntry: ENOENT
        case .exists: EEXIST
        case .notDirectory: ENOTDIR
        case .isDirectory: EISDIR
        case .notEmpty: ENOTEMPTY
        case .notPermitted: EPERM
        case .accessDenied: EACCES
        case .invalid: EINVAL
        case .nameTooLong: ENAMETOOLONG
        case .noSpace: ENOSPC
        case .quotaExceeded: EDQUOT
        case .readOnly: EROFS
        case .noAttribute: ENODATA
        case .outOfRange: ERANGE
        case .tooLarge: EFBIG
        case .linkLoop: ELOOP
        case .notSupported: ENOTSUP
        case .wouldBlock: EAGAIN
        case .damaged: EIO
        }
    }

    /// The code in words.
    package var sentence: String {
        switch self {
        case .noEntry: "no such file or directory"
        case .exists: "exists already"
        case .notDirectory: "not a directory"
        case .isDirectory: "is a directory"
        case .notEmpty: "directory not empty"
        case .notPermitted: "operation not permitted"
        case .accessDenied: "permission denied"
        case .invalid: "invalid argument"
        case .nameTooLong: "name too long"
        case .noSpace: "the volume is full"
        case .quotaExceeded: "quota exceeded"
        case .readOnly: "read-only"
        case .noAttribute: "no such attribute"
        case .outOfRange: "value too large"
        case .tooLarge: "file too large"
        case .linkLoop: "too many levels of symbolic links"
        case .notSupported: "not supported"
        case .wouldBlock: "locked by another process"
        case .damaged: "the metadata are damaged"
        }
    }
}

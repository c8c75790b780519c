// SPDX-License-Identifier: Apache-2.0

import Glibc

extension Posix {
    /// The folder that relative paths start from.
    package static func currentDirectory() throws(SystemError) -> ByteString {
        guard let path = unsafe getcwd(nil, 0) else { throw SystemError(errno, "getcwd") }
        defer { unsafe free(path) }
        return ByteString(unsafe Array(UnsafeRawBufferPointer(start: path, count: strlen(path))))
    }
}

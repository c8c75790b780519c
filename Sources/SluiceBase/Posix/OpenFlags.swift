// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// How a file is opened.
///
/// Every descriptor is closed on exec without being asked for.
package struct OpenFlags: OptionSet, Sendable {
    package let rawValue: Int32

    package init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// Reading only; the absence of the two others.
    package static let readOnly = OpenFlags([])
    /// Writing only.
    package static let writeOnly = OpenFlags(rawValue: O_WRONLY)
    /// Reading and writing.
    package static let readWrite = OpenFlags(rawValue: O_RDWR)
    /// Creates the file when it is not there.
    package static let create = OpenFlags(rawValue: O_CREAT)
    /// With `create`: fails with EEXIST when it is there.
    package static let exclusive = OpenFlags(rawValue: O_EXCL)
    /// Empties the file.
    package static let truncate = OpenFlags(rawValue: O_TRUNC)
    /// Every write goes to the end.
    package static let append = OpenFlags(rawValue: O_APPEND)
    /// Fails with ENOTDIR unless it is a directory.
    package static let directory = OpenFlags(rawValue: clinux_o_directory)
    /// Fails with ELOOP when the last part of the path is a symbolic link.
    package static let noFollow = OpenFlags(rawValue: clinux_o_nofollow)
    /// Opens no content, only the place (O_PATH).
    package static let placeOnly = OpenFlags(rawValue: clinux_o_path)
    /// With a directory and writing: an unnamed file that vanishes when closed (O_TMPFILE).
    package static let unnamed = OpenFlags(rawValue: clinux_o_tmpfile)
    /// Past the page cache (O_DIRECT); buffers and offsets must be aligned.
    package static let direct = OpenFlags(rawValue: clinux_o_direct)
    /// Does not wait for the other end of a FIFO or device.
    package static let nonBlocking = OpenFlags(rawValue: O_NONBLOCK)
}

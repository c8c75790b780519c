// SPDX-License-Identifier: Apache-2.0

package import SluiceBase

/// What a dump holds and what it may use.
package struct DumpOptions: Sendable {
    /// Dump this directory as if it were the root, without the trash; a path from the root.
    package var subdirectory: ByteString?
    /// Leave secrets in, sealed as they are stored.
    package var keepsSecrets = false
    package var skipsTrash = false
    /// Bytes that one sorter may hold; two are full at a time on engines that scan in order, six elsewhere.
    package var sortMemory = 20 << 20
    /// Directory for what is sorted; nil for `$TMPDIR` or `/tmp`.
    package var spillDirectory: ByteString?
    package var cancellation = Cancellation()

    package init() {}
}

/// What a dump wrote.
package struct DumpSummary: Hashable, Sendable {
    /// Names, each name of a file with several included.
    package var entries: UInt64 = 0
    package var directories: UInt64 = 0
    /// Chunks and slices as often as they are written: with each name of their file.
    package var chunks: UInt64 = 0
    package var slices: UInt64 = 0
    /// Bytes before compression.
    package var bytes: UInt64 = 0
    /// Directories with entries that no path from the root reaches: being cloned, or lost.
    package var unreachable: UInt64 = 0

    package init() {}
}

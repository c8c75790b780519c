// SPDX-License-Identifier: Apache-2.0

package import SluiceBase

/// What a load may use and what it lets pass.
package struct LoadOptions: Sendable {
    /// Clear what an interrupted load left, and load again from the start.
    package var isResuming = false
    /// Load a dump whose footer does not fit it, or which tells something twice in different ways.
    package var isForced = false
    /// Bytes that the sorter of nodes may hold.
    package var sortMemory = 24 << 20
    /// Directory for what is sorted; nil for `$TMPDIR` or `/tmp`.
    package var spillDirectory: ByteString?
    package var cancellation = Cancellation()

    package init() {}
}

/// What is known about a dump's being whole.
package enum Completeness: Hashable, Sendable {
    /// Its footer fits everything before it.
    case verified
    /// It has no footer: another program wrote it.
    case unknown
    /// The footer says something else; only a forced load goes on.
    case mismatch(String)
}

/// What a load brought.
package struct LoadSummary: Hashable, Sendable {
    package var settings: String
    package var completeness: Completeness = .unknown
    package var entries: UInt64 = 0
    package var inodes: UInt64 = 0
    package var chunks: UInt64 = 0
    package var slices: UInt64 = 0
    /// Bytes after decompression.
    package var bytes: UInt64 = 0
    package var usedSpace: Int64 = 0
    package var nextInode: Int64 = 0
    package var nextChunk: Int64 = 0
    /// Whether the dump came without secrets that the volume needs.
    package var lacksSecrets = false
    /// Slices that the dump records with several sizes; `fsck` finds their users.
    package var disputedSlices: UInt64 = 0
}

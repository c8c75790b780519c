// SPDX-License-Identifier: Apache-2.0

package import SluiceBase

/// The tree that a test of an engine makes, and who works on it.
package struct MetadataTestOptions: Sendable {
    /// The tree's top; its parent exists, it does not.
    package var path: ByteString
    /// 1 or more.
    package var threads: Int
    /// Directories in each directory above the lowest level; 0 or more.
    package var width: Int
    /// Levels below the top; 0 or more.
    package var depth: Int
    /// Files of each thread in each directory.
    package var files: Int
    /// Whether the tree stays.
    package var isKept: Bool
    package var cancellation: Cancellation

    package init(
        path: ByteString,
        threads: Int,
        width: Int,
        depth: Int,
        files: Int,
        isKept: Bool,
        cancellation: Cancellation = Cancellation(),
    ) {
        self.path = path
        self.threads = threads
        self.width = width
        self.depth = depth
        self.files = files
        self.isKept = isKept
        self.cancellation = cancellation
    }

    /// Directories of the whole tree; saturates.
    package var directoryCount: Int {
        var (all, level) = (1, 1)
        for _ in 0..<depth {
            level = level.multipliedReportingOverflow(by: width).overflow ? .max : level * width
            all = all.addingReportingOverflow(level).overflow ? .max : all + level
            guard level > 0, all < .max else { break }
        }
        return all
    }
}

/// What was done many times, and how long it took.
package struct MetadataTestPhase: Hashable, Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        case mkdir, create, stat, readdir, unlink, rmdir
    }

    package var kind: Kind
    package var measured: Measurement
}

// SPDX-License-Identifier: Apache-2.0
// Where directories are, so that a bulk import does not walk the same path for every file. An entry lives for
// one second, as entries do in clients with a mount (data-format §5.3); a change that fails is tried again
// without.

import Synchronization
import VolumeModel

/// Paths of directories that exist.
///
/// Thread-safe.
final class DirectoryCache: Sendable {
    private struct Known {
        var inode: Inode
        var since: ContinuousClock.Instant
    }

    /// Directories remembered; the cache starts anew when it is full.
    private static let limit = 10_000
    private static let lifetime = Duration.seconds(1)
    private let known = Mutex<[[FileName]: Known]>([:])

    func find(_ names: [FileName]) -> Inode? {
        let now = ContinuousClock.now
        return known.withLock { known in
            guard let found = known[names], now - found.since < Self.lifetime else { return nil }
            return found.inode
        }
    }

    /// Remembers what a committed transaction walked or made.
    func remember(_ directories: [[FileName]: Inode]) {
        guard !directories.isEmpty else { return }
        let now = ContinuousClock.now
        known.withLock { known in
            if known.count + directories.count > Self.limit { known = [:] }
            for (names, inode) in directories { known[names] = Known(inode: inode, since: now) }
        }
    }

    func forget() {
        known.withLock { $0 = [:] }
    }
}

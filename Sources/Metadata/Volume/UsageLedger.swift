// SPDX-License-Identifier: Apache-2.0
// Usage that has been committed with its operations but not yet added to the stored totals: live peers flush
// every second too (metadata-format §5.8).

import Synchronization
package import VolumeModel

/// Collects changes of usage between flushes.
///
/// Thread-safe.
package final class UsageLedger: Sendable {
    private let pending = Mutex(Effects())

    package init() {}

    /// Records what a committed transaction changed.
    /// - Parameter countsTotals: false where the engine added the totals inside the transaction.
    func add(_ effects: Effects, countsTotals: Bool) {
        pending.withLock { sum in
            if countsTotals {
                sum.space += effects.space
                sum.inodes += effects.inodes
            }
            for (inode, delta) in effects.directories {
                sum.directories[inode] = (sum.directories[inode] ?? DirectoryStat()) + delta
            }
            for (key, delta) in effects.quotas {
                let old = sum.quotas[key] ?? QuotaUsage(space: 0, inodes: 0)
                sum.quotas[key] = QuotaUsage(
                    space: old.space + delta.space,
                    inodes: old.inodes + delta.inodes
                )
            }
        }
    }

    /// Takes everything out, for a flush.
    func drain() -> Effects {
        pending.withLock { sum in
            let drained = sum
            sum = Effects()
            return drained
        }
    }

    /// Takes out what is pending for one directory's stat.
    func takePending(of directory: Inode) -> Effects {
        pending.withLock { sum in
            var taken = Effects()
            taken.directories[directory] = sum.directories.removeValue(forKey: directory)
            return taken
        }
    }

    /// The change of one directory's stat that is not flushed yet.
    package func pendingStat(of directory: Inode) -> DirectoryStat {
        pending.withLock { $0.directories[directory] ?? DirectoryStat() }
    }

    /// Changes of the volume's totals that are not flushed yet.
    package var pendingTotals: QuotaUsage {
        pending.withLock { QuotaUsage(space: $0.space, inodes: $0.inodes) }
    }

    /// The change of one quota's usage that is not flushed yet.
    package func pendingUsage(of key: QuotaKey) -> QuotaUsage? {
        pending.withLock { $0.quotas[key] }
    }
}

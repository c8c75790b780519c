// SPDX-License-Identifier: Apache-2.0

package import VolumeModel

/// What a transaction changes besides the records it names: counted usage and data without an owner.
package struct Effects: Sendable {
    /// Change of the volume's used bytes.
    package var space: Int64 = 0
    /// Change of the volume's number of nodes.
    package var inodes: Int64 = 0
    /// Changes of directory stats: the direct children of each directory.
    package var directories: [Inode: DirectoryStat] = [:]
    /// Changes of quota usage by kind and key.
    package var quotas: [QuotaKey: QuotaUsage] = [:]
    /// Files that lost their last name; their data can be removed now.
    package var deletedFiles: [DeletedFile] = []

    package init() {}
}

/// Names a quota.
package struct QuotaKey: Hashable, Sendable {
    package var kind: QuotaKind
    package var key: UInt64

    package init(kind: QuotaKind, key: UInt64) {
        self.kind = kind
        self.key = key
    }
}

/// A change of a quota's usage.
package struct QuotaUsage: Hashable, Sendable {
    package var space: Int64
    package var inodes: Int64

    package init(space: Int64, inodes: Int64) {
        self.space = space
        self.inodes = inodes
    }
}

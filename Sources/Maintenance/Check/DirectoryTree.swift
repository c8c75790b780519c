// SPDX-License-Identifier: Apache-2.0
// Which directory lies in which: sorted arrays of the directories only, 24 bytes each and a byte or four
// beside them. Walks are loops with marks, never recursion: a damaged tree may be a circle or a million
// levels deep.

import VolumeModel

/// A directory in the tree.
struct DirectoryDigest: BitwiseCopyable, Sendable {
    var inode: UInt64
    /// The directory whose entry names this one; 0 when none does.
    var parent: UInt64
    var linkCount: UInt32
}

/// The directories of a volume in order of their inodes.
struct DirectoryTree {
    private(set) var directories: [DirectoryDigest] = []
    /// For each directory the position + 1 in `quotas` of the nearest quota at or above it.
    private var nearestQuota: [UInt32] = []

    mutating func append(_ directory: DirectoryDigest) {
        directories.append(directory)
    }

    /// The position of a directory, nil when it is none.
    func position(of inode: UInt64) -> Int? {
        var low = 0
        var high = directories.count
        while low < high {
            let middle = (low + high) / 2
            if directories[middle].inode < inode { low = middle + 1 } else { high = middle }
        }
        return low < directories.count && directories[low].inode == inode ? low : nil
    }

    /// One directory of every circle: the one with the lowest inode.
    func loops() -> [Inode] {
        // 0 not visited, 1 on the way of this walk, 2 done.
        var marks = [UInt8](repeating: 0, count: directories.count)
        var tops: [Inode] = []
        for start in directories.indices where marks[start] == 0 {
            var path: [Int] = []
            var current: Int? = start
            while let here = current, marks[here] == 0 {
                marks[here] = 1
                path.append(here)
                let parent = directories[here].parent
                current = parent == 0 ? nil : position(of: parent)
            }
            if let here = current, marks[here] == 1, let entry = path.firstIndex(of: here) {
                // Positions are in order of inodes.
                if let lowest = path[entry...].min() { tops.append(Inode(directories[lowest].inode)) }
            }
            for here in path { marks[here] = 2 }
        }
        return tops
    }

    /// Finds for every directory the nearest quota at or above it.
    ///
    /// `quotas` is sorted.
    mutating func assign(quotas: [UInt64]) {
        guard !quotas.isEmpty else { return }
        nearestQuota = [UInt32](repeating: 0, count: directories.count)
        let unknown: UInt32 = .max
        for index in nearestQuota.indices { nearestQuota[index] = unknown }
        for start in directories.indices where nearestQuota[start] == unknown {
            var path: [Int] = []
            var current: Int? = start
            var result: UInt32 = 0
            while let here = current {
                if nearestQuota[here] != unknown {
                    result = nearestQuota[here]
                    break
                }
                if let quota = Self.position(of: directories[here].inode, in: quotas) {
                    result = UInt32(clamping: quota + 1)
                    path.append(here)
                    break
                }
                // Marks the way, so that a circle ends at itself with no quota.
                nearestQuota[here] = 0
                path.append(here)
                let parent = directories[here].parent
                current = parent == 0 ? nil : position(of: parent)
            }
            for here in path { nearestQuota[here] = result }
        }
    }

    /// The position in the quotas of the nearest one at or above the directory.
    func quota(at position: Int) -> Int? {
        guard position < nearestQuota.count, nearestQuota[position] != 0 else { return nil }
        return Int(nearestQuota[position]) - 1
    }

    static func position(of value: UInt64, in sorted: [UInt64]) -> Int? {
        var low = 0
        var high = sorted.count
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low < sorted.count && sorted[low] == value ? low : nil
    }
}

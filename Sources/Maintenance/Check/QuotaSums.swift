// SPDX-License-Identifier: Apache-2.0
// What lies below each directory with a quota, summed up in the pass (metadata-format §5.8). Nested quotas
// count in the outer ones too.

import Metadata
import VolumeModel

/// Directory quotas with what they should say.
struct QuotaSums: Sendable {
    private(set) var records: [QuotaRecord] = []
    private(set) var sums: [QuotaUsage] = []
    /// Positions of quotas whose directory is not there.
    private(set) var strays: [Int] = []

    init(_ records: [QuotaRecord] = []) {
        self.records = records.sorted { $0.key < $1.key }
        sums = records.map { _ in QuotaUsage(space: 0, inodes: 0) }
    }

    /// The directories that have quotas, in order.
    var inodes: [UInt64] { records.map(\.key) }

    mutating func add(_ stat: DirectoryStat, at position: Int?) {
        guard let position, position < sums.count else { return }
        sums[position].space = sums[position].space.saturatingAdd(stat.usedSpace)
        sums[position].inodes = sums[position].inodes.saturatingAdd(stat.usedInodes)
    }

    /// Adds the sums of inner quotas to the outer ones.
    mutating func addNested(_ tree: DirectoryTree) {
        let own = sums
        for (position, record) in records.enumerated() {
            guard let directory = tree.position(of: record.key) else {
                strays.append(position)
                continue
            }
            var current = directory
            // No more quotas than there are can lie above; the limit ends a walk in a circle.
            for _ in records.indices {
                let parent = tree.directories[current].parent
                guard let above = tree.position(of: parent), let outer = tree.quota(at: above),
                    outer != position, let next = tree.position(of: records[outer].key)
                else { break }
                sums[outer].space = sums[outer].space.saturatingAdd(own[position].space)
                sums[outer].inodes = sums[outer].inodes.saturatingAdd(own[position].inodes)
                current = next
            }
        }
    }

    /// Quotas whose stored usage is not the sum.
    var differing: [(record: QuotaRecord, expected: QuotaUsage)] {
        records.indices.compactMap { position in
            let quota = records[position].quota
            let expected = sums[position]
            guard !strays.contains(position),
                quota.usedSpace != expected.space || quota.usedInodes != expected.inodes
            else { return nil }
            return (records[position], expected)
        }
    }
}

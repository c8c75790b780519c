// SPDX-License-Identifier: Apache-2.0

import VolumeModel

/// How full a volume is, as statfs and `status` tell it.
package struct VolumeStatistics: Hashable, Sendable {
    /// Bytes.
    package var totalSpace: UInt64
    /// Bytes.
    package var usedSpace: UInt64
    package var usedInodes: UInt64
    package var availableInodes: UInt64

    /// Bytes.
    package var availableSpace: UInt64 { totalSpace - usedSpace }

    /// Works out totals from limits and usage (metadata-format §5.8, JuiceFS 1.4.2).
    ///
    /// Without a capacity the total is 1 PiB, doubled until use is at most 80 % of it; without a limit of
    /// inodes 10 Mi are free, doubled until use is at most four times that.
    package init(usedSpace: Int64, usedInodes: Int64, capacity: UInt64, inodes: UInt64) {
        let space = UInt64(clamping: usedSpace)
        let nodes = UInt64(clamping: usedInodes)
        self.usedSpace = space
        self.usedInodes = nodes
        if capacity > 0 {
            totalSpace = max(capacity, space)
        } else {
            var total: UInt64 = 1 << 50
            // Use is below 2^63, so that 4/5 of 2^63 may fall short of it and 2^64 does not exist.
            while total < 1 << 63, total / 5 * 4 + total % 5 * 4 / 5 < space { total *= 2 }
            totalSpace = total
        }
        if inodes > 0 {
            availableInodes = inodes - min(inodes, nodes)
        } else {
            var free: UInt64 = 10 << 20
            // Ends below 2^62, because use is below 2^63.
            while free * 4 < nodes { free *= 2 }
            availableInodes = free
        }
    }
}

extension Volume {
    /// How full the volume is, with what this client has not flushed yet.
    package func statistics() throws -> VolumeStatistics {
        let (space, inodes) = try engine.read { reader in
            (try reader.counter(.usedSpace) ?? 0, try reader.counter(.totalInodes) ?? 0)
        }
        let pending = usage.pendingTotals
        let settings = settings
        return VolumeStatistics(
            usedSpace: space.saturatingAdd(pending.space),
            usedInodes: inodes.saturatingAdd(pending.inodes),
            capacity: settings.capacity,
            inodes: settings.inodes
        )
    }
}

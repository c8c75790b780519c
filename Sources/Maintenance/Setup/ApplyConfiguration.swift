// SPDX-License-Identifier: Apache-2.0

package import Metadata
import SluiceBase
package import VolumeModel

/// Stores new settings of a volume, and fills user and group usage when that is turned on.
/// - Parameters:
///   - settings: secrets in clear.
///   - forced: also settings that objects depend on.
package func applyConfiguration(_ settings: VolumeSettings, to volume: Volume, forced: Bool) throws {
    let turnsUsageOn = settings.userGroupQuota && !volume.settings.userGroupQuota
    try volume.updateSettings(force: forced) { $0 = settings }
    if turnsUsageOn { try countOwners(of: volume) }
}

/// Counts what every user and group owns.
///
/// Files and directories only, as JuiceFS's own scan does (metadata-format §5.8); memory grows with the
/// number of owners.
private func countOwners(of volume: Volume) throws {
    let usage = try volume.engine.snapshot { scanner in
        var usage: [QuotaKey: QuotaUsage] = [:]
        try forEachRecord(of: scanner.scanNodes()) { node in
            let attributes = node.attributes
            guard node.inode != .root, !node.inode.isTrash, [.file, .directory].contains(attributes.type)
            else { return }
            for key in [
                QuotaKey(kind: .user, key: UInt64(attributes.uid)),
                QuotaKey(kind: .group, key: UInt64(attributes.gid)),
            ] {
                let old = usage[key] ?? QuotaUsage(space: 0, inodes: 0)
                usage[key] = QuotaUsage(
                    space: old.space.saturatingAdd(attributes.usedSpace),
                    inodes: old.inodes.saturatingAdd(1)
                )
            }
        }
        return usage
    }
    try volume.engine.write { transaction in
        for (key, used) in usage {
            let quota = Quota(maxSpace: -1, maxInodes: -1, usedSpace: used.space, usedInodes: used.inodes)
            try transaction.setQuota(QuotaRecord(kind: key.kind, key: key.key, quota: quota))
        }
    }
}

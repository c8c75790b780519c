// SPDX-License-Identifier: Apache-2.0

/// On whose behalf an operation runs.
package struct Caller: Hashable, Sendable {
    package var uid: UInt32
    package var gid: UInt32
    /// Supplementary groups.
    package var groups: [UInt32]
    /// Mode bits that new nodes do not get.
    package var umask: UInt16

    package init(uid: UInt32, gid: UInt32, groups: [UInt32] = [], umask: UInt16 = 0o022) {
        self.uid = uid
        self.gid = gid
        self.groups = groups
        self.umask = umask
    }

    /// Root without a umask: how administration commands act.
    package static let superuser = Caller(uid: 0, gid: 0, umask: 0)

    package var isSuperuser: Bool { uid == 0 }

    package func isMember(of group: UInt32) -> Bool {
        gid == group || groups.contains(group)
    }
}

// SPDX-License-Identifier: Apache-2.0

import VolumeModel

/// What a process asks of a lock.
package enum LockWish: Hashable, Sendable {
    case read
    case write
    case unlock
}

/// Who holds a lock: the kernel's owner within a session (metadata-format §5.9).
package struct LockHolder: Hashable, Sendable {
    package var session: UInt64
    /// The kernel's number; any value.
    package var owner: UInt64

    package init(session: UInt64, owner: UInt64) {
        self.session = session
        self.owner = owner
    }
}

extension FileLock {
    var holder: LockHolder { LockHolder(session: session, owner: owner) }
}

extension OwnedRangeLocks {
    var holder: LockHolder { LockHolder(session: session, owner: owner) }
}

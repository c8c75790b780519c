// SPDX-License-Identifier: Apache-2.0
// The names of a volume's keys (metadata-format §4.1), and which of them a transaction watches: those that
// live peers watch. Never the hashes and counters that every client changes all the time, which would make
// every transaction a conflict.

import Metadata
import VolumeModel

/// A key of the server.
struct Key: Hashable, Sendable {
    let bytes: [UInt8]
    /// Whether a transaction that reads it fails when somebody else changes it.
    let isWatched: Bool
}

/// Makes the keys of one volume.
struct Keys: Sendable {
    /// Stands before every key.
    let prefix: [UInt8]

    private func key(_ name: StaticString, isWatched: Bool = false) -> Key {
        Key(bytes: prefix + name.bytes, isWatched: isWatched)
    }

    private func key(_ name: StaticString, _ number: UInt64, isWatched: Bool = false) -> Key {
        var bytes = prefix
        bytes.reserveCapacity(prefix.count + name.utf8CodeUnitCount + 20)
        bytes += name.bytes
        bytes.append(decimal: number)
        return Key(bytes: bytes, isWatched: isWatched)
    }

    var setting: Key { key("setting", isWatched: true) }

    func node(_ inode: Inode) -> Key { key("i", inode.number, isWatched: true) }
    func entries(_ directory: Inode) -> Key { key("d", directory.number, isWatched: true) }
    func parents(_ inode: Inode) -> Key { key("p", inode.number, isWatched: true) }
    func extendedAttributes(_ inode: Inode) -> Key { key("x", inode.number, isWatched: true) }
    func fileLocks(_ inode: Inode) -> Key { key("lockf", inode.number, isWatched: true) }
    func rangeLocks(_ inode: Inode) -> Key { key("lockp", inode.number, isWatched: true) }
    /// Written once, together with its node.
    func symlink(_ inode: Inode) -> Key { key("s", inode.number) }

    func chunk(_ index: UInt32, _ inode: Inode) -> Key {
        var bytes = key("c", inode.number).bytes
        bytes.append(UInt8(ascii: "_"))
        bytes.append(decimal: UInt64(index))
        return Key(bytes: bytes, isWatched: true)
    }

    var sliceReferences: Key { key("sliceRef") }
    var delayedSlices: Key { key("delSlices") }
    var deletedFiles: Key { key("delfiles") }
    var detachedNodes: Key { key("detachedNodes") }

    var sessions: Key { key("allSessions") }
    var sessionInfos: Key { key("sessionInfos") }
    func sustained(_ session: UInt64) -> Key { key("session", session) }
    func locked(_ session: UInt64) -> Key { key("locked", session) }

    var dataLengths: Key { key("dirDataLength") }
    var usedSpaces: Key { key("dirUsedSpace") }
    var usedInodes: Key { key("dirUsedInodes") }

    /// Limits, used bytes and used inodes of all quotas of a kind.
    func quotas(_ kind: QuotaKind) -> (limits: Key, space: Key, inodes: Key) {
        switch kind {
        case .directory: (key("dirQuota"), key("dirQuotaUsedSpace"), key("dirQuotaUsedInodes"))
        case .user: (key("userQuota"), key("userQuotaUsedSpace"), key("userQuotaUsedInodes"))
        case .group: (key("groupQuota"), key("groupQuotaUsedSpace"), key("groupQuotaUsedInodes"))
        }
    }

    var aclRules: Key { key("acl") }
    var lastACL: Key { key("aclMaxId") }
    var lastToken: Key { key("krbTokenMaxId") }

    var changes: Key { key("txnLog") }
    var lastChange: Key { key("txnLastLog") }

    /// Counters are global, except those by which clients agree who does a job: there the first one wins.
    func counter(_ counter: Counter) -> Key {
        switch counter {
        case .nextInode: key("nextinode")
        case .nextChunk: key("nextchunk")
        case .nextSession: key("nextsession")
        case .nextTrash: key("nextTrash")
        case .usedSpace: key("usedSpace")
        case .totalInodes: key("totalInodes")
        case .nextCleanupSlices: key("nextCleanupSlices", isWatched: true)
        case .lastCleanupSessions: key("lastCleanupSessions", isWatched: true)
        case .lastCleanupFiles: key("lastCleanupFiles", isWatched: true)
        case .lastCleanupTrash: key("lastCleanupTrash", isWatched: true)
        case .lastCleanupChangelog: key("lastCleanupChangelog", isWatched: true)
        case .lastBackup: key("lastBackup", isWatched: true)
        }
    }
}

extension Counter {
    /// How much less Redis stores: the last number used instead of the next free one (metadata-format §3.3).
    var storedOffset: Int64 {
        switch self {
        case .nextInode, .nextChunk: 1
        case .nextSession, .nextTrash, .usedSpace, .totalInodes, .nextCleanupSlices, .lastCleanupSessions,
            .lastCleanupFiles, .lastCleanupTrash, .lastCleanupChangelog, .lastBackup:
            0
        }
    }

    /// What a missing counter stands for, nil where nothing was counted yet: inodes 0 and 1 are never handed
    /// out, so the first one to use is 2 (metadata-format §3.3).
    var initialValue: Int64? {
        switch self {
        case .nextInode: 2
        case .nextChunk: 1
        case .nextSession, .nextTrash, .usedSpace, .totalInodes, .nextCleanupSlices, .lastCleanupSessions,
            .lastCleanupFiles, .lastCleanupTrash, .lastCleanupChangelog, .lastBackup:
            nil
        }
    }
}

extension StaticString {
    var bytes: [UInt8] {
        withUTF8Buffer { unsafe Array($0) }
    }
}

extension Keys {
    /// Whether a name is that of a key with locks.
    func isLock(_ name: [UInt8]) -> Bool {
        lockedInode(name) != nil
    }

    /// The node whose locks a key holds, and of which kind they are.
    func lockedInode(_ name: [UInt8]) -> (inode: Inode, isRange: Bool)? {
        guard name.starts(with: prefix) else { return nil }
        let rest = name.dropFirst(prefix.count)
        for (family, isRange) in [("lockf", false), ("lockp", true)] where rest.starts(with: family.utf8) {
            guard let number = UInt64(decimal: rest.dropFirst(family.utf8.count)) else { return nil }
            return (Inode(number), isRange)
        }
        return nil
    }
}

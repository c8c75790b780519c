// SPDX-License-Identifier: Apache-2.0
// chmod, chown, utimens and chattr by the rules of Linux (metadata-format §5.10, §5.11).

import SluiceBase
package import VolumeModel

extension Operation {
    /// Changes a node's attributes.
    /// - Throws: `VolumeError.noEntry`, `.notPermitted` for what is in the trash, is immutable or
    ///   append-only, or belongs to another user, `.accessDenied`, `.quotaExceeded`, `.invalid`.
    /// - Returns: the attributes after the change.
    @discardableResult
    package func setAttributes(
        of inode: Inode,
        _ change: AttributeChange,
        caller: Caller = .superuser,
    ) throws -> Attributes {
        try transaction.lock([inode])
        let old = try changeableNode(inode, for: "change")
        try checkFlags(of: inode, old, change, caller: caller)
        var node = old
        try changeOwner(of: inode, &node, change, caller: caller)
        if let mode = change.mode {
            try changeMode(of: inode, &node, to: mode, old: old, change, caller: caller)
        }
        try changeTimes(of: inode, &node, change, old: old, caller: caller)
        if let flags = change.flags { node.flags = flags }
        if let tier = change.tier {
            guard tier <= 3 else { throw VolumeError(.invalid, "change", inode, reason: "tier \(tier)") }
            node.tier = tier
        }
        guard node != old || change.changeTime != nil else { return old }
        node.changeTime = change.changeTime.map(moment) ?? time
        try transaction.updateNode(inode, node)
        try log(.setAttributes(inode, change, node))
        return node
    }

    private func checkFlags(
        of inode: Inode,
        _ old: Attributes,
        _ change: AttributeChange,
        caller: Caller,
    ) throws {
        let setsTimes = [change.accessTime, change.modifyTime].contains { $0 != nil && $0 != .now }
        let touches = change.accessTime != nil || change.modifyTime != nil
        let changesMore = change.mode != nil || change.uid != nil || change.gid != nil || setsTimes
        let isLocked = !old.flags.isDisjoint(with: [.immutable, .append])
        guard !(isLocked && changesMore), !(old.flags.contains(.immutable) && touches) else {
            throw VolumeError(.notPermitted, "change", inode, reason: "immutable or append-only")
        }
        guard let flags = change.flags, !caller.isSuperuser else { return }
        let privileged: NodeFlags = [.immutable, .append]
        guard caller.uid == old.uid, flags.intersection(privileged) == old.flags.intersection(privileged)
        else {
            throw VolumeError(.notPermitted, "change flags of", inode)
        }
    }

    private func changeOwner(
        of inode: Inode,
        _ node: inout Attributes,
        _ change: AttributeChange,
        caller: Caller,
    ) throws {
        guard change.uid != nil || change.gid != nil else { return }
        let old = node
        if let uid = change.uid, uid != old.uid {
            guard caller.isSuperuser else { throw VolumeError(.notPermitted, "change the owner of", inode) }
            node.uid = uid
        }
        if let gid = change.gid {
            let mayChange = caller.uid == old.uid && (gid == old.gid || caller.isMember(of: gid))
            guard caller.isSuperuser || mayChange else {
                throw VolumeError(.notPermitted, "change the group of", inode)
            }
            node.gid = gid
        }
        if node.type != .directory {
            // Compatibility: as ext4 and JuiceFS 1.4.2; root keeps a set-gid bit that means mandatory
            // locking.
            let keepsGroup = caller.isSuperuser && node.mode & 0o010 == 0
            node.mode &= keepsGroup ? 0o3777 : 0o1777
        }
        let space = node.usedSpace
        let (uid, gid) = (node.uid != old.uid, node.gid != old.gid)
        try chargeOwner(uid: uid ? old.uid : nil, gid: gid ? old.gid : nil, space: -space, inodes: -1)
        try chargeOwner(uid: uid ? node.uid : nil, gid: gid ? node.gid : nil, space: space, inodes: 1)
    }

    private func changeMode(
        of inode: Inode,
        _ node: inout Attributes,
        to wanted: UInt16,
        old: Attributes,
        _ change: AttributeChange,
        caller: Caller,
    ) throws {
        guard caller.isSuperuser || caller.uid == old.uid else {
            throw VolumeError(.notPermitted, "change the mode of", inode)
        }
        var mode = wanted & 0o7777
        if !caller.isSuperuser, !caller.isMember(of: node.gid) { mode &= ~0o2000 }
        // A chown in the same call clears these bits, whatever mode comes with it.
        if change.uid != nil || change.gid != nil, node.type != .directory, !caller.isSuperuser {
            mode &= ~0o6000
        }
        if node.accessACL != 0 {
            var rule = try view.rule(node.accessACL)
            rule.follow(mode: mode)
            node.accessACL = try transaction.aclID(of: rule)
        }
        node.mode = mode
    }

    private func changeTimes(
        of inode: Inode,
        _ node: inout Attributes,
        _ change: AttributeChange,
        old: Attributes,
        caller: Caller,
    ) throws {
        for wanted in [change.accessTime, change.modifyTime, change.changeTime].compactMap(\.self) {
            guard !caller.isSuperuser, caller.uid != old.uid else { continue }
            guard wanted == .now else { throw VolumeError(.notPermitted, "change times of", inode) }
            try view.require(.write, on: inode, old, caller: caller, for: "change times of")
        }
        if let wanted = change.accessTime { node.accessTime = moment(wanted) }
        if let wanted = change.modifyTime { node.modifyTime = moment(wanted) }
    }

    private func moment(_ wanted: AttributeChange.Time) -> Timestamp {
        guard case .at(let given) = wanted, given.seconds >= 0 else { return time }
        return given
    }
}

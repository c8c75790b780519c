// SPDX-License-Identifier: Apache-2.0
// Setting ACLs and passing them on to new nodes (metadata-format §5.10, JuiceFS 1.4.2).

package import VolumeModel

extension VolumeView {
    /// A node's ACL, nil when it has none.
    package func acl(_ kind: ACLKind, of inode: Inode) throws -> ACLRule? {
        let node = try attributes(of: inode)
        let id = kind == .access ? node.accessACL : node.defaultACL
        return id == 0 ? nil : try rule(id)
    }
}

extension Operation {
    /// Sets one of a node's ACLs; the empty rule removes it, a minimal access rule becomes mode bits.
    /// - Throws: `VolumeError.notSupported` without EnableACL, `.notPermitted` for those who do not own the
    ///   node and for nodes that must not change, `.accessDenied` for a default ACL on something else than a
    ///   directory.
    package func setACL(
        _ kind: ACLKind,
        of inode: Inode,
        to rule: ACLRule,
        caller: Caller = .superuser
    ) throws {
        guard settings.enableACL else {
            throw VolumeError(.notSupported, "set an ACL of", inode, reason: "the volume has ACLs turned off")
        }
        try transaction.lock([inode])
        var node = try changeableNode(inode, for: "set an ACL of")
        guard caller.isSuperuser || caller.uid == node.uid, !node.flags.contains(.immutable) else {
            throw VolumeError(.notPermitted, "set an ACL of", inode)
        }
        guard kind == .access || node.type == .directory || rule.isEmpty else {
            throw VolumeError(
                .accessDenied,
                "set an ACL of",
                inode,
                reason: "only directories have a default ACL"
            )
        }
        let before = node
        if !caller.isSuperuser, !caller.isMember(of: node.gid) { node.mode &= ~0o2000 }
        switch kind {
        case .default: node.defaultACL = rule.isEmpty ? 0 : try transaction.aclID(of: rule)
        case .access: try setAccess(rule, of: &node)
        }
        guard node != before else { return }
        node.changeTime = time
        try transaction.updateNode(inode, node)
        try log(.setACL(kind, of: inode, to: rule))
    }

    private func setAccess(_ rule: ACLRule, of node: inout Attributes) throws {
        guard !rule.isEmpty else {
            node.accessACL = 0
            return
        }
        var rule = rule
        rule.fill(from: node.mode)
        node.accessACL = rule.isMinimal ? 0 : try transaction.aclID(of: rule)
        node.mode = node.mode & 0o7000 | rule.permissionBits
    }

    /// Gives a new node its mode and ACLs: from the parent's default ACL when there is one, else by the
    /// umask.
    func inheritAccess(
        of node: inout Attributes,
        mode: UInt16,
        from parent: Attributes,
        caller: Caller
    ) throws {
        guard parent.defaultACL != 0, node.type != .symlink else {
            node.mode = mode & ~(node.type == .symlink ? 0 : caller.umask)
            return
        }
        if node.type == .directory { node.defaultACL = parent.defaultACL }
        let rule = try view.rule(parent.defaultACL)
        if rule.isMinimal {
            node.mode = mode & (0o7000 | rule.permissionBits)
        } else {
            let inherited = rule.inherited(mode: mode)
            node.accessACL = try transaction.aclID(of: inherited)
            node.mode = mode & 0o7000 | inherited.permissionBits
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Who may do what with a node: mode bits, or the access ACL where it counts (metadata-format §5.10).

package import VolumeModel

/// Rights over a node, numbered as one digit of a mode.
package struct AccessMask: OptionSet, Hashable, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    package static let execute = AccessMask(rawValue: 1)
    package static let write = AccessMask(rawValue: 2)
    package static let read = AccessMask(rawValue: 4)
}

extension VolumeView {
    /// Whether the caller has all the rights; root always has.
    package func allows(_ rights: AccessMask, on node: Attributes, caller: Caller) throws -> Bool {
        guard !caller.isSuperuser else { return true }
        // Compatibility: without group bits the ACL is not asked (JuiceFS 1.4.2, as Linux).
        if node.accessACL != 0, node.mode & 0o070 != 0 {
            return try rule(node.accessACL).allows(rights, caller: caller, owner: node.uid, group: node.gid)
        }
        let shift: UInt16 = caller.uid == node.uid ? 6 : caller.isMember(of: node.gid) ? 3 : 0
        return AccessMask(rawValue: node.mode >> shift).isSuperset(of: rights)
    }

    /// - Throws: `VolumeError.accessDenied` when the caller lacks one of the rights.
    package func require(
        _ rights: AccessMask,
        on inode: Inode,
        _ node: Attributes,
        caller: Caller,
        for operation: String,
    ) throws {
        guard try allows(rights, on: node, caller: caller) else {
            throw VolumeError(.accessDenied, operation, inode)
        }
    }

    /// A stored ACL rule.
    /// - Throws: `VolumeError.damaged` when it is not there.
    func rule(_ id: UInt32) throws -> ACLRule {
        guard let rule = try reader.aclRule(id) else {
            throw VolumeError(
                .damaged,
                "read",
                "ACL \(id)",
                reason: "a node names this ACL, but it is not there"
            )
        }
        return rule
    }
}

extension ACLRule {
    /// The check of POSIX 1003.1e, in the order of JuiceFS 1.4.2.
    func allows(_ rights: AccessMask, caller: Caller, owner uid: UInt32, group gid: UInt32) -> Bool {
        func grants(_ permissions: UInt16) -> Bool {
            AccessMask(rawValue: permissions).isSuperset(of: rights)
        }
        if caller.uid == uid { return grants(owner) }
        if let named = namedUsers.first(where: { $0.id == caller.uid }) {
            return grants(named.permissions & mask)
        }
        var groups = namedGroups.filter { caller.isMember(of: $0.id) }.map(\.permissions)
        if caller.isMember(of: gid) { groups.append(group) }
        guard groups.isEmpty else { return groups.contains { grants($0 & mask) } }
        return grants(other)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Extended attributes; the two ACL names are a window on ACL rules and never stored (metadata-format §5.10).

package import SluiceBase
package import VolumeModel

/// What setting an extended attribute does when it is there already, or is not.
package enum AttributePresence: Hashable, Sendable {
    case any
    /// Fails with `exists` when it is there.
    case absent
    /// Fails with `noAttribute` when it is not.
    case present
}

extension VolumeView {
    /// An extended attribute's value.
    /// - Throws: `VolumeError.noAttribute`, `.noEntry`, `.accessDenied`.
    package func extendedAttribute(
        _ name: ByteString,
        of inode: Inode,
        caller: Caller = .superuser,
    ) throws -> [UInt8] {
        let node = try attributes(of: inode, for: "read attribute of")
        if let kind = ACLKind(attributeName: name) {
            guard settings.enableACL, let rule = try acl(kind, of: inode) else {
                throw VolumeError(.noAttribute, "read attribute \(name) of", inode)
            }
            return rule.attributeValue
        }
        if name.hasPrefix("user.") {
            try require(.read, on: inode, node, caller: caller, for: "read attribute of")
        }
        let isHidden = name.hasPrefix("trusted.") && !caller.isSuperuser
        guard !isHidden, let value = try reader.extendedAttribute(named: name, of: inode) else {
            throw VolumeError(.noAttribute, "read attribute \(name) of", inode)
        }
        return value
    }

    /// The names of a node's extended attributes, ACLs last.
    /// - Throws: `VolumeError.noEntry`.
    package func extendedAttributeNames(of inode: Inode, caller: Caller = .superuser) throws -> [ByteString] {
        let node = try attributes(of: inode, for: "list attributes of")
        var names = try reader.extendedAttributes(of: inode).map(\.name)
        if !caller.isSuperuser { names.removeAll { $0.hasPrefix("trusted.") } }
        guard settings.enableACL else { return names }
        if node.accessACL != 0 { names.append(ACLKind.access.attributeName) }
        if node.defaultACL != 0 { names.append(ACLKind.default.attributeName) }
        return names
    }
}

extension Operation {
    /// Sets an extended attribute; no time of the node changes.
    /// - Throws: `VolumeError.exists` or `.noAttribute` by `presence`, `.outOfRange` for a name of more than
    ///   255 or a value of more than 65536 bytes, `.notSupported` for ACLs when they are turned off,
    ///   `.notPermitted`, `.accessDenied`, `.invalid`.
    package func setExtendedAttribute(
        _ name: ByteString,
        of inode: Inode,
        to value: [UInt8],
        presence: AttributePresence = .any,
        caller: Caller = .superuser,
    ) throws {
        try check(name, for: "set attribute of", inode)
        guard value.count <= FileName.maximumAttributeLength else {
            throw VolumeError(.outOfRange, "set attribute \(name) of", inode)
        }
        if let kind = ACLKind(attributeName: name) {
            let rule: ACLRule
            do { rule = try ACLRule(decodingAttribute: value) } catch {
                throw VolumeError(.invalid, "set attribute \(name) of", inode, reason: error.description)
            }
            return try setACL(kind, of: inode, to: rule, caller: caller)
        }
        try checkAttributeChange(name, of: inode, caller: caller)
        if presence != .any {
            let isThere = try transaction.extendedAttribute(named: name, of: inode) != nil
            guard isThere == (presence == .present) else {
                throw VolumeError(isThere ? .exists : .noAttribute, "set attribute \(name) of", inode)
            }
        }
        try transaction.setExtendedAttribute(named: name, of: inode, to: value)
        try log(.setExtendedAttribute(name, of: inode, to: value, presence))
    }

    /// Removes an extended attribute or an ACL.
    /// - Throws: `VolumeError.noAttribute`, and as `setExtendedAttribute`.
    package func removeExtendedAttribute(
        _ name: ByteString,
        of inode: Inode,
        caller: Caller = .superuser,
    ) throws {
        try check(name, for: "remove attribute of", inode)
        if let kind = ACLKind(attributeName: name) {
            guard try !settings.enableACL || view.acl(kind, of: inode) != nil else {
                throw VolumeError(.noAttribute, "remove attribute \(name) of", inode)
            }
            return try setACL(kind, of: inode, to: ACLRule(), caller: caller)
        }
        try checkAttributeChange(name, of: inode, caller: caller)
        guard try transaction.extendedAttribute(named: name, of: inode) != nil else {
            throw VolumeError(.noAttribute, "remove attribute \(name) of", inode)
        }
        try transaction.deleteExtendedAttribute(named: name, of: inode)
        try log(.removeExtendedAttribute(name, of: inode))
    }

    private func check(_ name: ByteString, for operation: String, _ inode: Inode) throws {
        guard !name.isEmpty, !name.bytes.contains(0) else {
            throw VolumeError(.invalid, operation, inode, reason: "not the name of an attribute")
        }
        guard name.count <= FileName.maximumLength else { throw VolumeError(.outOfRange, operation, inode) }
    }

    private func checkAttributeChange(_ name: ByteString, of inode: Inode, caller: Caller) throws {
        try transaction.lock([inode])
        let node = try changeableNode(inode, for: "change attribute of")
        guard node.flags.isDisjoint(with: [.immutable, .append]) else {
            throw VolumeError(.notPermitted, "change attribute of", inode, reason: "immutable or append-only")
        }
        if name.hasPrefix("user.") {
            try view.require(.write, on: inode, node, caller: caller, for: "change attribute of")
        } else if !caller.isSuperuser {
            throw VolumeError(.notPermitted, "change attribute \(name) of", inode)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// The operations on attributes, each as a transaction of its own. What they do and throw is said at
// `Operation` and `VolumeView`.

package import SluiceBase
package import VolumeModel

extension Volume {
    /// See `VolumeView.attributes`.
    package func attributes(of inode: Inode) throws -> Attributes {
        try view { try $0.attributes(of: inode) }
    }

    /// See `Operation.setAttributes`.
    @discardableResult
    package func setAttributes(
        of inode: Inode,
        _ change: AttributeChange,
        caller: Caller = .superuser,
    ) throws -> Attributes {
        try perform { try $0.setAttributes(of: inode, change, caller: caller) }
    }

    /// See `VolumeView.extendedAttribute`.
    package func extendedAttribute(
        _ name: ByteString,
        of inode: Inode,
        caller: Caller = .superuser,
    ) throws -> [UInt8] {
        try view { try $0.extendedAttribute(name, of: inode, caller: caller) }
    }

    /// See `VolumeView.extendedAttributeNames`.
    package func extendedAttributeNames(of inode: Inode, caller: Caller = .superuser) throws -> [ByteString] {
        try view { try $0.extendedAttributeNames(of: inode, caller: caller) }
    }

    /// See `Operation.setExtendedAttribute`.
    package func setExtendedAttribute(
        _ name: ByteString,
        of inode: Inode,
        to value: [UInt8],
        presence: AttributePresence = .any,
        caller: Caller = .superuser,
    ) throws {
        try perform {
            try $0.setExtendedAttribute(name, of: inode, to: value, presence: presence, caller: caller)
        }
    }

    /// See `Operation.removeExtendedAttribute`.
    package func removeExtendedAttribute(
        _ name: ByteString,
        of inode: Inode,
        caller: Caller = .superuser,
    ) throws {
        try perform { try $0.removeExtendedAttribute(name, of: inode, caller: caller) }
    }

    /// See `Operation.setACL`.
    package func setACL(
        _ kind: ACLKind,
        of inode: Inode,
        to rule: ACLRule,
        caller: Caller = .superuser
    ) throws {
        try perform { try $0.setACL(kind, of: inode, to: rule, caller: caller) }
    }
}

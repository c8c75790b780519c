// SPDX-License-Identifier: Apache-2.0
// The form in which Linux hands ACLs through extended attributes: version 2, little-endian (metadata-format
// §5.10).

package import SluiceBase
package import VolumeModel

/// One of the two ACLs of a node.
package enum ACLKind: Hashable, Sendable, CaseIterable {
    case access
    /// What new children of a directory start with.
    case `default`

    /// The extended attribute that shows it.
    package var attributeName: ByteString {
        switch self {
        case .access: "system.posix_acl_access"
        case .default: "system.posix_acl_default"
        }
    }

    package init?(attributeName: ByteString) {
        guard let kind = Self.allCases.first(where: { $0.attributeName == attributeName }) else { return nil }
        self = kind
    }
}

/// Tags of entries in the kernel's form.
private enum Tag {
    static let owner: UInt16 = 1
    static let user: UInt16 = 2
    static let group: UInt16 = 4
    static let namedGroup: UInt16 = 8
    static let mask: UInt16 = 16
    static let other: UInt16 = 32
}

extension ACLRule {
    private static let attributeVersion: UInt32 = 2
    private static let noID: UInt32 = .max

    /// Decodes an attribute's value; no bytes or no entries mean the empty rule.
    /// - Throws: `CodecError` when the value is not of version 2, repeats an entry, has unknown entries or
    ///   permissions, or names users or groups without a mask.
    package init(decodingAttribute value: [UInt8]) throws(CodecError) {
        self.init()
        guard !value.isEmpty else { return }
        var reader = ByteReader(value, of: "ACL attribute")
        let version: UInt32 = try reader.readLittleEndian()
        guard version == Self.attributeVersion else {
            throw CodecError("ACL attribute", "version \(version)")
        }
        while reader.remaining > 0 {
            let tag: UInt16 = try reader.readLittleEndian()
            let permissions: UInt16 = try reader.readLittleEndian()
            let id: UInt32 = try reader.readLittleEndian()
            guard permissions <= 7 else { throw CodecError("ACL attribute", "permissions \(permissions)") }
            try add(tag, id, permissions)
        }
        guard namedUsers.isEmpty && namedGroups.isEmpty || mask != Self.unset else {
            throw CodecError("ACL attribute", "named entries without a mask")
        }
    }

    private mutating func add(_ tag: UInt16, _ id: UInt32, _ permissions: UInt16) throws(CodecError) {
        let old: UInt16
        switch tag {
        case Tag.owner: (old, owner) = (owner, permissions)
        case Tag.group: (old, group) = (group, permissions)
        case Tag.mask: (old, mask) = (mask, permissions)
        case Tag.other: (old, other) = (other, permissions)
        case Tag.user:
            old = namedUsers.contains { $0.id == id } ? permissions : Self.unset
            namedUsers.append(Entry(id: id, permissions: permissions))
        case Tag.namedGroup:
            old = namedGroups.contains { $0.id == id } ? permissions : Self.unset
            namedGroups.append(Entry(id: id, permissions: permissions))
        default: throw CodecError("ACL attribute", "an entry with tag \(tag)")
        }
        guard old == Self.unset else {
            throw CodecError("ACL attribute", "an entry with tag \(tag) is repeated")
        }
    }

    /// The attribute's value.
    package var attributeValue: [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendLittleEndian(Self.attributeVersion)
        func append(_ tag: UInt16, _ id: UInt32, _ permissions: UInt16) {
            guard permissions != Self.unset else { return }
            bytes.appendLittleEndian(tag)
            bytes.appendLittleEndian(permissions)
            bytes.appendLittleEndian(id)
        }
        append(Tag.owner, Self.noID, owner)
        for entry in namedUsers { append(Tag.user, entry.id, entry.permissions) }
        append(Tag.group, Self.noID, group)
        for entry in namedGroups { append(Tag.namedGroup, entry.id, entry.permissions) }
        append(Tag.mask, Self.noID, mask)
        append(Tag.other, Self.noID, other)
        return bytes
    }
}

extension ByteReader {
    fileprivate mutating func readLittleEndian<Number: FixedWidthInteger>() throws(CodecError) -> Number {
        let number: Number = try read()
        return number.byteSwapped
    }
}

extension [UInt8] {
    fileprivate mutating func appendLittleEndian<Number: FixedWidthInteger>(_ number: Number) {
        for index in 0..<Number.bitWidth / 8 { append(UInt8(truncatingIfNeeded: number >> (8 * index))) }
    }
}

// SPDX-License-Identifier: Apache-2.0

package import SluiceBase

/// A POSIX access or default ACL (metadata-format §5.10, JuiceFS 1.4.2).
package struct ACLRule: Hashable, Sendable {
    /// Permission bits of one named user or group.
    package struct Entry: Hashable, Sendable {
        package var id: UInt32
        package var permissions: UInt16

        package init(id: UInt32, permissions: UInt16) {
            self.id = id
            self.permissions = permissions
        }
    }

    /// Marks owner, group, mask or other as not set.
    package static let unset: UInt16 = 0xFFFF

    package var owner: UInt16
    package var group: UInt16
    package var mask: UInt16
    package var other: UInt16
    /// In the order received.
    package var namedUsers: [Entry]
    package var namedGroups: [Entry]

    package init(
        owner: UInt16 = unset,
        group: UInt16 = unset,
        mask: UInt16 = unset,
        other: UInt16 = unset,
        namedUsers: [Entry] = [],
        namedGroups: [Entry] = [],
    ) {
        self.owner = owner
        self.group = group
        self.mask = mask
        self.other = other
        self.namedUsers = namedUsers
        self.namedGroups = namedGroups
    }

    /// Whether mode bits say everything that the rule says.
    package var isMinimal: Bool {
        namedUsers.isEmpty && namedGroups.isEmpty && mask == Self.unset
    }

    package var isEmpty: Bool {
        isMinimal && owner == Self.unset && group == Self.unset && other == Self.unset
    }
}

extension ACLRule {
    /// Decodes the blob form.
    /// - Throws: `CodecError` when counts and bytes do not agree.
    package init(decoding bytes: [UInt8]) throws(CodecError) {
        var reader = ByteReader(bytes, of: "ACL rule")
        owner = try reader.read()
        group = try reader.read()
        mask = try reader.read()
        other = try reader.read()
        namedUsers = try Self.countedEntries(&reader)
        namedGroups = try Self.countedEntries(&reader)
        try reader.finish()
    }

    package var encoded: [UInt8] {
        var writer = ByteWriter(capacity: 16 + 6 * (namedUsers.count + namedGroups.count))
        for permissions in [owner, group, mask, other] { writer.write(permissions) }
        for entries in [namedUsers, namedGroups] {
            writer.write(UInt32(entries.count))
            writer.write(Self.encode(entries))
        }
        return writer.bytes
    }

    private static func countedEntries(_ reader: inout ByteReader) throws(CodecError) -> [Entry] {
        let count: UInt32 = try reader.read()
        return try entries(decoding: try reader.read(count: Int(count) * 6))
    }

    /// Decodes entries without a count, as SQL columns hold them.
    /// - Throws: `CodecError` when the length is not a multiple of 6.
    package static func entries(decoding bytes: [UInt8]) throws(CodecError) -> [Entry] {
        guard bytes.count % 6 == 0 else {
            throw CodecError("ACL entries", "\(bytes.count) bytes are not a multiple of 6")
        }
        var reader = ByteReader(bytes, of: "ACL entries")
        var entries: [Entry] = []
        while reader.remaining > 0 {
            entries.append(Entry(id: try reader.read(), permissions: try reader.read()))
        }
        return entries
    }

    /// Encodes entries without a count, as SQL columns hold them.
    package static func encode(_ entries: [Entry]) -> [UInt8] {
        var writer = ByteWriter(capacity: entries.count * 6)
        for entry in entries {
            writer.write(entry.id)
            writer.write(entry.permissions)
        }
        return writer.bytes
    }
}

// SPDX-License-Identifier: Apache-2.0
// A node as a dump describes it, without its name and without indentation: the same text serves every name
// of the node at any depth.

import Metadata
import SluiceBase
import VolumeModel

/// The lines of a node.
struct NodeText {
    private(set) var lines = DumpText()
    private(set) var chunks: UInt32 = 0
    private(set) var slices: UInt32 = 0

    init() {
        lines.bytes.reserveCapacity(512)
    }

    /// Starts with the attributes.
    mutating func begin(_ attributes: Attributes, of inode: Inode) throws {
        lines.bytes.removeAll(keepingCapacity: true)
        (chunks, slices) = (0, 0)
        lines.append("\"attr\": {\"inode\":")
        lines.append(inode.number)
        // Where Go's encoder puts the fields.
        lines.append(",")
        lines.fieldUnlessZero("\"flags\":", attributes.flags.rawValue)
        if attributes.flags.rawValue != 0 { lines.append(",") }
        lines.append("\"type\":\"")
        lines.append(try Self.name(of: attributes.type, inode))
        lines.append("\"")
        lines.field(",\"mode\":", attributes.mode)
        lines.field(",\"uid\":", attributes.uid)
        lines.field(",\"gid\":", attributes.gid)
        lines.field(",\"atime\":", attributes.accessTime.seconds)
        lines.field(",\"mtime\":", attributes.modifyTime.seconds)
        lines.field(",\"ctime\":", attributes.changeTime.seconds)
        lines.fieldUnlessZero(",\"atimensec\":", attributes.accessTime.nanoseconds)
        lines.fieldUnlessZero(",\"mtimensec\":", attributes.modifyTime.nanoseconds)
        lines.fieldUnlessZero(",\"ctimensec\":", attributes.changeTime.nanoseconds)
        lines.field(",\"nlink\":", attributes.linkCount)
        lines.field(",\"length\":", attributes.type == .file ? attributes.length : 0)
        lines.fieldUnlessZero(",\"rdev\":", attributes.device)
        lines.fieldUnlessZero(",\"tier\":", attributes.tier)
        lines.append("}")
    }

    /// The type's name in a dump.
    private static func name(of type: FileType, _ inode: Inode) throws -> StaticString {
        switch type {
        case .file: return "regular"
        case .directory: return "directory"
        case .symlink: return "symlink"
        case .fifo: return "fifo"
        case .blockDevice: return "blockdev"
        case .characterDevice: return "chardev"
        case .socket: return "socket"
        default: throw damage("inode \(inode) has \(type)")
        }
    }

    mutating func add(symlink target: ByteString) {
        lines.append(",\n\"symlink\": \"")
        lines.append(escaping: target.bytes)
        lines.append("\"")
    }

    mutating func add(_ attributes: [ExtendedAttributeRecord]) {
        for (index, attribute) in attributes.enumerated() {
            lines.append(index == 0 ? ",\n\"xattrs\": [{\"name\":\"" : ",{\"name\":\"")
            lines.append(encoding: attribute.name.bytes)
            lines.append("\",\"value\":\"")
            var value = DumpText()
            value.append(escaping: attribute.value)
            lines.append(encoding: value.bytes)
            lines.append("\"}")
        }
        if !attributes.isEmpty { lines.append("]") }
    }

    mutating func add(_ rule: ACLRule, isDefault: Bool) {
        lines.append(isDefault ? ",\n\"posix_acl_default\": {" : ",\n\"posix_acl_access\": {")
        lines.field("\"owner\":", rule.owner)
        lines.field(",\"group\":", rule.group)
        lines.field(",\"other\":", rule.other)
        lines.field(",\"mask\":", rule.mask)
        lines.append(",\"users\":")
        add(rule.namedUsers)
        lines.append(",\"groups\":")
        add(rule.namedGroups)
        lines.append("}")
    }

    private mutating func add(_ entries: [ACLRule.Entry]) {
        guard !entries.isEmpty else { return lines.append("null") }
        for (index, entry) in entries.enumerated() {
            lines.field(index == 0 ? "[{\"id\":" : ",{\"id\":", entry.id)
            lines.field(",\"perm\":", entry.permissions)
            lines.append("}")
        }
        lines.append("]")
    }

    /// A single chunk stands on the line of its field, several on a line each.
    mutating func add(_ records: [ChunkRecord]) throws {
        guard !records.isEmpty else { return }
        lines.append(records.count == 1 ? ",\n\"chunks\": [" : ",\n\"chunks\": [\n  ")
        for (index, record) in records.enumerated() {
            if index > 0 { lines.append(",\n  ") }
            try add(record)
        }
        lines.append(records.count == 1 ? "]" : "\n]")
    }

    private mutating func add(_ record: ChunkRecord) throws {
        let list: [Slice]
        do throws(CodecError) { list = try Slice.list(decoding: record.slices) } catch {
            throw damage("chunk \(record.index) of inode \(record.inode): \(error)")
        }
        lines.field("{\"index\":", record.index)
        lines.append(",\"slices\":[")
        for (index, slice) in list.enumerated() {
            lines.field(index == 0 ? "{\"id\":" : ",{\"id\":", slice.id)
            lines.fieldUnlessZero(",\"pos\":", slice.position)
            lines.field(",\"size\":", slice.size)
            lines.fieldUnlessZero(",\"off\":", slice.offset)
            lines.field(",\"len\":", slice.length)
            lines.append("}")
        }
        lines.append("]}")
        chunks &+= 1
        slices &+= UInt32(clamping: list.count)
    }
}

/// The error for what cannot be dumped.
func damage(_ reason: String) -> MaintenanceError {
    MaintenanceError(
        .incomplete,
        "dump",
        reason: reason,
        hint: "'sluice fsck' shows all damage; nothing was written"
    )
}

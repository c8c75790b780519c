// SPDX-License-Identifier: Apache-2.0
// The attributes of a node and their binary form, which Redis stores and the binary dump carries
// (metadata-format §4.2, JuiceFS 1.4.2).

package import SluiceBase

/// Everything that a volume stores about a node besides its names and data.
package struct Attributes: Hashable, Sendable {
    package var flags: NodeFlags
    package var type: FileType
    /// Low 12 bits: permissions, set-uid, set-gid, sticky.
    package var mode: UInt16
    package var uid: UInt32
    package var gid: UInt32
    package var accessTime: Timestamp
    package var modifyTime: Timestamp
    package var changeTime: Timestamp
    package var linkCount: UInt32
    /// Bytes for files, 4096 for directories, target length for symlinks, else 0.
    package var length: UInt64
    /// Linux device number of device nodes.
    package var device: UInt32
    /// 0 when a file has or had several names; then the entries tell its parents.
    package var parent: Inode
    /// 0 means none.
    package var accessACL: UInt32
    /// 0 means none.
    package var defaultACL: UInt32
    /// 0...3.
    package var tier: UInt8

    package init(
        type: FileType,
        mode: UInt16,
        uid: UInt32 = 0,
        gid: UInt32 = 0,
        time: Timestamp,
        linkCount: UInt32 = 1,
        length: UInt64 = 0,
        device: UInt32 = 0,
        parent: Inode,
    ) {
        flags = []
        self.type = type
        self.mode = mode & 0o7777
        self.uid = uid
        self.gid = gid
        accessTime = time
        modifyTime = time
        changeTime = time
        self.linkCount = linkCount
        self.length = length
        self.device = device
        self.parent = parent
        accessACL = 0
        defaultACL = 0
        tier = 0
    }
}

/// Node flags (metadata-format §0).
package struct NodeFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    package static let immutable = NodeFlags(rawValue: 1)
    package static let append = NodeFlags(rawValue: 2)
    package static let windowsHidden = NodeFlags(rawValue: 4)
    package static let windowsSystem = NodeFlags(rawValue: 8)
    package static let windowsArchive = NodeFlags(rawValue: 16)
    /// Removal bypasses the trash; inherited by new children.
    package static let skipTrash = NodeFlags(rawValue: 32)
}

extension Attributes {
    /// Decodes the binary form; trailing bytes that a newer version may add are ignored.
    /// - Throws: `CodecError` when the fixed part is short or a time has 10⁹ nanoseconds or more.
    package init(decoding bytes: [UInt8]) throws(CodecError) {
        var reader = ByteReader(bytes, of: "attributes")
        flags = NodeFlags(rawValue: try reader.read())
        let typeAndMode: UInt16 = try reader.read()
        type = FileType(rawValue: UInt8(typeAndMode >> 12))
        mode = typeAndMode & 0o7777
        uid = try reader.read()
        gid = try reader.read()
        accessTime = try Self.time(&reader)
        modifyTime = try Self.time(&reader)
        changeTime = try Self.time(&reader)
        linkCount = try reader.read()
        length = try reader.read()
        device = try reader.read()
        parent = Inode(reader.remaining >= 8 ? try reader.read() : 0)
        accessACL = 0
        defaultACL = 0
        if reader.remaining >= 8 {
            accessACL = try reader.read()
            defaultACL = try reader.read()
        }
        tier = reader.remaining >= 1 ? try reader.read() : 0
    }

    private static func time(_ reader: inout ByteReader) throws(CodecError) -> Timestamp {
        let seconds: Int64 = try reader.read()
        let nanoseconds: UInt32 = try reader.read()
        guard nanoseconds < 1_000_000_000 else {
            throw CodecError("attributes", at: reader.offset - 4, "\(nanoseconds) nanoseconds in a time")
        }
        return Timestamp(seconds: seconds, nanoseconds: nanoseconds)
    }

    /// The binary form: 72 bytes, 8 more with ACL ids, 1 more with a tier; the last byte is padding.
    package var encoded: [UInt8] {
        var writer = ByteWriter(capacity: 81)
        writer.write(flags.rawValue)
        writer.write(UInt16(type.rawValue) << 12 | mode)
        writer.write(uid)
        writer.write(gid)
        for time in [accessTime, modifyTime, changeTime] {
            writer.write(time.seconds)
            writer.write(time.nanoseconds)
        }
        writer.write(linkCount)
        writer.write(length)
        writer.write(device)
        writer.write(parent.number)
        if accessACL != 0 || defaultACL != 0 {
            writer.write(accessACL)
            writer.write(defaultACL)
        }
        if tier != 0 { writer.write(tier) }
        writer.write(UInt8(0))
        return writer.bytes
    }
}

extension Attributes {
    /// Bytes that the node counts for in usage: whole 4 KiB blocks for files, 4096 for everything else
    /// (metadata-format §3.3).
    package var usedSpace: Int64 {
        type == .file ? Usage.space(ofLength: length) : 4096
    }
}

/// Rules of counting used space.
package enum Usage {
    /// The length rounded up to 4 KiB, and 4096 for an empty file; saturates (metadata-format, conventions).
    package static func space(ofLength length: UInt64) -> Int64 {
        guard length > 0 else { return 4096 }
        guard length <= UInt64(Int64.max) - 4095 else { return Int64.max & ~4095 }
        return Int64(length + 4095) & ~4095
    }
}

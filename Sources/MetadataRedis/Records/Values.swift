// SPDX-License-Identifier: Apache-2.0
// Values and field names that only Redis has (metadata-format §4.1); attributes, slices, locks, quotas and
// ACL rules have their codecs in VolumeModel. All of it is foreign: what does not fit throws.

package import Metadata
package import SluiceBase
package import VolumeModel

/// The value of a directory entry: a byte for the type, eight for the inode.
package enum EntryValue {
    package static func encode(_ entry: Entry) -> [UInt8] {
        var writer = ByteWriter(capacity: 9)
        writer.write(entry.type.rawValue)
        writer.write(entry.inode.number)
        return writer.bytes
    }

    package static func decode(_ bytes: [UInt8]) throws(CodecError) -> Entry {
        var reader = ByteReader(bytes, of: "entry")
        let type = FileType(rawValue: try reader.read())
        let entry = Entry(inode: Inode(try reader.read()), type: type)
        try reader.finish()
        return entry
    }
}

/// `k<id>_<size>`: the field of a slice's reference.
package enum ReferenceField {
    package static func encode(_ id: UInt64, size: UInt32) -> [UInt8] {
        var bytes = [UInt8(ascii: "k")]
        bytes.append(decimal: id)
        bytes.append(UInt8(ascii: "_"))
        bytes.append(decimal: UInt64(size))
        return bytes
    }

    package static func decode(_ field: [UInt8]) throws(CodecError) -> SliceKey {
        guard field.first == UInt8(ascii: "k"),
            let (id, size): (UInt64, UInt32) = pair(field.dropFirst(), separator: "_")
        else { throw CodecError("slice reference", "\(ByteString(field)) is no kID_SIZE") }
        return SliceKey(id: id, size: size)
    }
}

/// `<id>_<seconds>`: the field of slices that the trash still keeps.
package enum DelayedField {
    package static func encode(_ record: DelayedSlices) -> [UInt8] {
        var bytes = [UInt8](decimal: record.id)
        bytes.append(UInt8(ascii: "_"))
        return bytes + [UInt8](decimal: record.deleted)
    }

    package static func decode(_ field: [UInt8]) throws(CodecError) -> (id: UInt64, deleted: Int64) {
        guard let (id, deleted): (UInt64, Int64) = pair(field[...], separator: "_") else {
            throw CodecError("delayed slices", "\(ByteString(field)) is no ID_SECONDS")
        }
        return (id, deleted)
    }
}

/// `<inode>:<length>`: the member of a deleted file.
package enum DeletedFileMember {
    package static func encode(_ file: DeletedFile) -> [UInt8] {
        var bytes = [UInt8](decimal: file.inode.number)
        bytes.append(UInt8(ascii: ":"))
        bytes.append(decimal: file.length)
        return bytes
    }

    package static func decode(_ member: [UInt8]) throws(CodecError) -> (inode: Inode, length: UInt64) {
        guard let (inode, length): (UInt64, UInt64) = pair(member[...], separator: ":") else {
            throw CodecError("deleted file", "\(ByteString(member)) is no INODE:LENGTH")
        }
        return (Inode(inode), length)
    }
}

/// `<session>_<owner>`: the field of a lock, the owner in 16 upper-case hexadecimal digits.
package enum LockField {
    package static func encode(session: UInt64, owner: UInt64) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes = prefix(of: session)
        for shift in stride(from: 60, through: 0, by: -4) { bytes.append(digits[Int(owner >> shift & 15)]) }
        return bytes
    }

    /// What every lock of a session begins with.
    package static func prefix(of session: UInt64) -> [UInt8] {
        [UInt8](decimal: session) + [UInt8(ascii: "_")]
    }

    package static func decode(_ field: [UInt8]) throws(CodecError) -> (session: UInt64, owner: UInt64) {
        let parts = field.split(separator: UInt8(ascii: "_"), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let session = UInt64(decimal: parts[0]), (1...16) ~= parts[1].count,
            let owner = UInt64(String(decoding: parts[1], as: UTF8.self), radix: 16),
            parts[1].first != UInt8(ascii: "+")
        else { throw CodecError("lock", "\(ByteString(field)) is no SESSION_OWNER") }
        return (session, owner)
    }
}

/// Keys of nodes and chunks without the volume's prefix and the letter of their family.
package enum KeySuffix {
    /// `<inode>`.
    package static func inode(_ suffix: some Collection<UInt8>) throws(CodecError) -> Inode {
        guard let number = UInt64(decimal: suffix) else {
            throw CodecError("key", "\(ByteString(Array(suffix))) is no number")
        }
        return Inode(number)
    }

    /// `<inode>_<index>`.
    package static func chunk(_ suffix: [UInt8]) throws(CodecError) -> (inode: Inode, index: UInt32) {
        guard let (inode, index): (UInt64, UInt32) = pair(suffix[...], separator: "_") else {
            throw CodecError("key", "\(ByteString(suffix)) is no INODE_INDEX")
        }
        return (Inode(inode), index)
    }
}

/// Two decimal numbers with one separator between them.
private func pair<First: FixedWidthInteger, Second: FixedWidthInteger>(
    _ bytes: ArraySlice<UInt8>,
    separator: Unicode.Scalar,
) -> (First, Second)? {
    let parts = bytes.split(
        separator: UInt8(ascii: separator),
        maxSplits: 1,
        omittingEmptySubsequences: false
    )
    guard parts.count == 2, let first = First(decimal: parts[0]), let second = Second(decimal: parts[1])
    else { return nil }
    return (first, second)
}

// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase
import VolumeModel

extension BinaryRecord {
    /// Reads a record from a message; unknown fields are passed over, absent ones are zero or empty.
    /// - Returns: nil for kinds that are not loaded (change log).
    /// - Throws: `CodecError`.
    init?(_ message: ArraySlice<UInt8>, kind: BinarySegment, field: Int) throws(CodecError) {
        let fields = try MessageFields(message, of: kind.name)
        switch kind {
        case .format, .changeLog: return nil
        case .counter: self = .counter(String(decoding: fields.bytes(1), as: UTF8.self), fields.signed(2))
        case .node:
            let inode = try fields.inode(1)
            self = .node(NodeRecord(inode: inode, attributes: try Attributes(decoding: fields.bytes(2))))
        case .edge:
            self = .edge(
                EdgeRecord(
                    parent: try fields.inode(1),
                    name: try fields.name(3),
                    inode: try fields.inode(2),
                    type: FileType(rawValue: try fields.narrow(4))
                )
            )
        case .chunk:
            let slices = fields.bytes(3)
            _ = try Slice.list(decoding: slices)
            self = .chunk(
                ChunkRecord(inode: try fields.inode(1), index: try fields.narrow(2), slices: slices)
            )
        case .sliceReference:
            self = .sliceReference(
                SliceReference(id: fields.number(1), size: try fields.narrow(2), count: fields.signed(3))
            )
        case .symlink:
            self = .symlink(SymlinkRecord(inode: try fields.inode(1), target: ByteString(fields.bytes(2))))
        case .sustained: self = .sustained(fields.number(1), try fields.numbers(2))
        case .deletedFile:
            self = .deletedFile(
                DeletedFile(inode: try fields.inode(1), length: fields.number(2), deleted: fields.signed(3))
            )
        case .extendedAttribute:
            self = .extendedAttribute(
                ExtendedAttributeRecord(
                    inode: try fields.inode(1),
                    name: ByteString(fields.bytes(2)),
                    value: fields.bytes(3)
                )
            )
        case .aclRule:
            self = .aclRule(
                ACLRecord(id: try fields.narrow(1), rule: try ACLRule(decoding: fields.bytes(2)))
            )
        case .directoryStat:
            let stat = DirectoryStat(
                dataLength: fields.signed(2),
                usedSpace: fields.signed(3),
                usedInodes: fields.signed(4)
            )
            self = .directoryStat(DirectoryStatRecord(inode: try fields.inode(1), stat: stat))
        case .quota: self = .quota(try Self.quota(fields, field: field))
        case .parent:
            let link = ParentLink(parent: try fields.inode(2), count: fields.signed(3))
            self = .parent(try fields.inode(1), link)
        }
    }

    /// The list decides about the kind: old dumps leave the field out.
    private static func quota(_ fields: MessageFields, field: Int) throws(CodecError) -> QuotaRecord {
        let kind: QuotaKind =
            switch field {
            case 15: .user
            case 16: .group
            default: .directory
            }
        let quota = Quota(
            maxSpace: fields.signed(2),
            maxInodes: fields.signed(3),
            usedSpace: fields.signed(4),
            usedInodes: fields.signed(5)
        )
        return QuotaRecord(kind: kind, key: fields.number(1), quota: quota)
    }
}

/// The fields of a small message by their numbers; of one that is repeated the last, as the format says.
private struct MessageFields {
    private static let capacity = 8
    private let subject: String
    private var values: InlineArray<8, ProtobufValue?> = .init(repeating: nil)
    /// Numbers of a repeated field that are not packed.
    private var loose: [UInt64] = []

    init(_ message: ArraySlice<UInt8>, of subject: String) throws(CodecError) {
        self.subject = subject
        var reader = ProtobufReader(message, of: subject)
        while let (field, value) = try reader.next() {
            guard (0..<Self.capacity).contains(field) else { continue }
            if field == 2, case .number(let number) = value { loose.append(number) }
            values[field] = value
        }
    }

    func number(_ field: Int) -> UInt64 {
        guard case .number(let number) = values[field] else { return 0 }
        return number
    }

    func signed(_ field: Int) -> Int64 { Int64(bitPattern: number(field)) }

    func narrow<Number: FixedWidthInteger>(_ field: Int) throws(CodecError) -> Number {
        guard let number = Number(exactly: number(field)) else {
            throw CodecError(subject, "field \(field) holds \(number(field))")
        }
        return number
    }

    func bytes(_ field: Int) -> [UInt8] {
        guard case .bytes(let bytes) = values[field] else { return [] }
        return Array(bytes)
    }

    func numbers(_ field: Int) throws(CodecError) -> [UInt64] {
        guard case .bytes(let bytes) = values[field] else { return loose }
        return try ProtobufReader.numbers(packedIn: bytes, of: subject)
    }

    /// A number that a signed column holds; 0 is none.
    func inode(_ field: Int) throws(CodecError) -> Inode {
        let number = number(field)
        guard number > 0, number <= UInt64(Int64.max) else {
            throw CodecError(subject, "field \(field) holds the inode \(number)")
        }
        return Inode(number)
    }

    func name(_ field: Int) throws(CodecError) -> FileName {
        let name = FileName(bytes(field))
        guard !name.isEmpty, name.isValidName, name.count <= FileName.maximumLength else {
            throw CodecError(subject, "'\(name)' is no file name")
        }
        return name
    }
}

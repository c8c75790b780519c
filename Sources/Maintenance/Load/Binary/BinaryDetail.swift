// SPDX-License-Identifier: Apache-2.0
// What one segment of a binary dump holds, in the JSON that JuiceFS 1.4.2 shows for it: 64-bit numbers and
// bytes are texts, zero fields are left out.

package import SluiceBase

/// Reads through a binary dump and describes one segment, which is in memory as a whole then.
/// - Parameter offset: where the segment begins, in bytes.
/// - Throws: `CodecError` when no segment begins there, or for a damaged dump; what `input` throws.
package func describeSegment(
    at offset: UInt64,
    of input: any DumpInput,
) throws -> (kind: BinarySegment, value: JSONObject) {
    var found: BinarySegment?
    var lists: [(name: String, records: [JSONValue])] = []
    let segments = BinarySegments(input: BinaryInput(input))
    try segments.forEachSegment { kind, start, length in
        let isWanted = start == offset
        if isWanted { found = kind }
        _ = try segments.walk(kind, length) { item in
            guard isWanted, case .record(let message, let kind, let field) = item,
                let shape = RecordShape(kind, field: field)
            else { return }
            if lists.last?.name != shape.list { lists.append((shape.list, [])) }
            lists[lists.count - 1].records.append(.object(try shape.json(of: message)))
        }
    }
    guard let found else {
        throw CodecError("a binary dump", at: Int(clamping: offset), "no segment begins here")
    }
    return (found, JSONObject(lists.map { ($0.name, .array($0.records)) }))
}

/// How the fields of a record are called and shown.
private struct RecordShape {
    fileprivate enum Form {
        /// 64 bits, with or without sign.
        case wide(isSigned: Bool)
        case narrow
        case bytes
        case text
        case packed
    }

    let list: String
    /// In order of their numbers, from 1.
    private let fields: [(name: String, form: Form)]

    /// Nil for lists that no version defines.
    init?(_ kind: BinarySegment, field: Int) {
        switch kind {
        case .format, .changeLog: return nil
        case .counter: self.init("counters", [("key", .text), ("value", .signed)])
        case .node: self.init("nodes", [("inode", .unsigned), ("data", .bytes)])
        case .edge:
            let fields: [(String, Form)] = [("parent", .unsigned), ("inode", .unsigned), ("name", .bytes)]
            self.init("edges", fields + [("type", .narrow)])
        case .chunk: self.init("chunks", [("inode", .unsigned), ("index", .narrow), ("slices", .bytes)])
        case .sliceReference:
            self.init("sliceRefs", [("id", .unsigned), ("size", .narrow), ("refs", .signed)])
        case .symlink: self.init("symlinks", [("inode", .unsigned), ("target", .bytes)])
        case .sustained: self.init("sustained", [("sid", .unsigned), ("inodes", .packed)])
        case .deletedFile:
            self.init("delfiles", [("inode", .unsigned), ("length", .unsigned), ("expire", .signed)])
        case .extendedAttribute:
            self.init("xattrs", [("inode", .unsigned), ("name", .text), ("value", .bytes)])
        case .aclRule: self.init("acls", [("id", .narrow), ("data", .bytes)])
        case .directoryStat:
            let fields: [(String, Form)] = [("inode", .unsigned), ("dataLength", .signed)]
            self.init("dirstats", fields + [("usedSpace", .signed), ("usedInodes", .signed)])
        case .quota:
            let limits: [(String, Form)] = [("maxSpace", .signed), ("maxInodes", .signed)]
            let usage: [(String, Form)] = [("usedSpace", .signed), ("usedInodes", .signed)]
            let list = field == 15 ? "userQuotas" : field == 16 ? "groupQuotas" : "quotas"
            self.init(list, [("key", .unsigned)] + limits + usage + [("type", .narrow)])
        case .parent:
            self.init("parents", [("inode", .unsigned), ("parent", .unsigned), ("cnt", .signed)])
        }
    }

    private init(_ list: String, _ fields: [(String, Form)]) {
        self.list = list
        self.fields = fields.map { (name: $0.0, form: $0.1) }
    }

    func json(of message: ArraySlice<UInt8>) throws(CodecError) -> JSONObject {
        var object = JSONObject()
        var reader = ProtobufReader(message, of: list)
        while let (number, value) = try reader.next() {
            guard (1...fields.count).contains(number) else { continue }
            let field = fields[number - 1]
            object[field.name] = try json(of: value, field.form)
        }
        return object
    }

    private func json(of value: ProtobufValue, _ form: Form) throws(CodecError) -> JSONValue? {
        switch (form, value) {
        case (.wide(let isSigned), .number(let number)):
            .string(isSigned ? String(Int64(bitPattern: number)) : String(number))
        case (.narrow, .number(let number)): JSONValue(number)
        case (.bytes, .bytes(let bytes)): .string(Base64.encode(Array(bytes)))
        case (.text, .bytes(let bytes)): .string(String(decoding: bytes, as: UTF8.self))
        case (.packed, .bytes(let bytes)):
            .array(try ProtobufReader.numbers(packedIn: bytes, of: list).map { .string(String($0)) })
        case (.packed, .number(let number)): .array([.string(String(number))])
        case (.wide, .bytes), (.narrow, .bytes), (.bytes, .number), (.text, .number), (_, .fixed): nil
        }
    }
}

extension RecordShape.Form {
    fileprivate static let unsigned = wide(isSigned: false)
    fileprivate static let signed = wide(isSigned: true)
}

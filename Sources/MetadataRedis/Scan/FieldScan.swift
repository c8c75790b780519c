// SPDX-License-Identifier: Apache-2.0
// Scans over one hash or sorted set, with fields of the same names of other hashes.

import Metadata
import SluiceBase

/// Goes through the fields of one key.
final class FieldScan<Record: Sendable> {
    /// What becomes of a field; nil when it is no record of its own.
    typealias Decode = (_ field: Field, _ companions: [[UInt8]?]) throws(CodecError) -> Record?

    private static var pageSize: Int { 1000 }

    private let store: KeyReader
    private let key: Key
    private let command: StaticString
    private let companions: [Key]
    private let kind: String
    private let decode: Decode
    private var cursor = [UInt8(ascii: "0")]
    private var hasBegun = false

    /// - Parameters:
    ///   - command: HSCAN or ZSCAN.
    ///   - companions: hashes whose fields of the same name belong to the record.
    init(
        _ store: KeyReader,
        _ key: Key,
        _ command: StaticString,
        companions: [Key] = [],
        kind: String,
        _ decode: @escaping Decode,
    ) {
        self.store = store
        self.key = key
        self.command = command
        self.companions = companions
        self.kind = kind
        self.decode = decode
    }

    /// The next records, nil at the end.
    func nextPage() throws -> [Scanned<Record>]? {
        guard !hasBegun || cursor != [UInt8(ascii: "0")] else { return nil }
        hasBegun = true
        var batch = CommandBatch()
        batch.add(command, key.bytes, cursor, Array("COUNT".utf8), [UInt8](decimal: Int64(Self.pageSize)))
        let page = try ScanPage(
            try store.exchange(batch).first,
            "scan the \(kind) records",
            address: store.address
        )
        cursor = page.cursor
        let fields = Array(Set(page.fields))
        let others = try lookUpCompanions(fields)
        return zip(fields, others).compactMap { field, others in
            do throws(CodecError) {
                return try decode(field, others).map { .record($0) }
            } catch {
                return .damaged(
                    DamagedRecord(
                        kind: kind,
                        key: "key \(ByteString(key.bytes)) field \(ByteString(field.name))",
                        inode: companions.isEmpty ? nil : try? KeySuffix.inode(field.name),
                        reason: "\(error)"
                    )
                )
            }
        }
    }

    private func lookUpCompanions(_ fields: [Field]) throws -> [[[UInt8]?]] {
        guard !companions.isEmpty, !fields.isEmpty else { return fields.map { _ in [] } }
        var batch = CommandBatch()
        for companion in companions { batch.add("HMGET", [companion.bytes] + fields.map(\.name)) }
        let columns = try store.exchange(batch).map { reply -> [RedisReply] in
            let operation = "scan the \(kind) records"
            guard case .array(let items) = try reply.checked(operation, address: store.address),
                items.count == fields.count
            else { throw store.failure(.failed, operation, "an unexpected reply") }
            return items
        }
        return fields.indices.map { index in columns.map { $0[index].bytes } }
    }
}

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
    private let type: FieldType
    private let order: ([UInt8]) -> UInt64?
    private let companions: [Key]
    private let kind: String
    private let decode: Decode
    private var found: SortedFields?

    /// - Parameters:
    ///   - order: the number in a field's name by which records are sorted.
    ///   - companions: hashes whose fields of the same name belong to the record.
    init(
        _ store: KeyReader,
        _ key: Key,
        _ type: FieldType = .hash,
        order: @escaping ([UInt8]) -> UInt64? = { _ in 0 },
        companions: [Key] = [],
        kind: String,
        _ decode: @escaping Decode,
    ) {
        self.store = store
        self.key = key
        self.type = type
        self.order = order
        self.companions = companions
        self.kind = kind
        self.decode = decode
    }

    /// The next records, nil at the end.
    func nextPage() throws -> [Scanned<Record>]? {
        let sorted = try found ?? sortedFields()
        found = sorted
        let fields = try sorted.next(Self.pageSize)
        guard !fields.isEmpty else { return nil }
        return zip(fields, try lookUpCompanions(fields)).compactMap { field, others in
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

    private func sortedFields() throws -> SortedFields {
        let sorter = FieldSorter(address: store.address, order: order)
        try sorter.add(store, key, type)
        return try sorter.finish()
    }

    private func lookUpCompanions(_ fields: [Field]) throws -> [[[UInt8]?]] {
        guard !companions.isEmpty else { return fields.map { _ in [] } }
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

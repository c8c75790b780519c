// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase

/// The fields of one key, each once, sorted on disk when they are many.
///
/// Redis may deliver one twice while the key changes its size. One owner, one thread at a time.
final class SortedFields {
    /// Bytes of names and values in memory.
    private static let memoryLimitBytes = 8 << 20
    private static let pageSize = 1000
    /// Bytes of a number before each name, by which fields are sorted.
    private static let orderWidth = 8

    private let address: String
    private let sorted: SortedBytes
    private var last: [UInt8] = []
    private var isFirst = true

    /// Reads all fields.
    /// - Parameters:
    ///   - first: what was read already; nil for nothing.
    ///   - order: the number in a field's name by which fields are sorted; names without one come last. Those
    ///     with the same number are in order of their names, as all are without `order`.
    /// - Throws: `EngineError`.
    init(
        _ store: KeyReader,
        _ key: Key,
        _ type: FieldType,
        after first: ScanPage? = nil,
        order: ([UInt8]) -> UInt64? = { _ in 0 },
    ) throws(EngineError) {
        address = store.address
        let sorter = ByteSorter(memoryLimitBytes: Self.memoryLimitBytes)
        var page = first
        while true {
            if let page {
                for field in type.fields(of: page) {
                    let number = (order(field.name) ?? .max).bigEndian
                    let start = unsafe withUnsafeBytes(of: number) { unsafe Array($0) }
                    try Self.sorting(address) { () throws(SystemError) in
                        try sorter.add(key: start + field.name, value: field.value)
                    }
                }
                if page.isLast { break }
            }
            var batch = CommandBatch()
            type.addScan(of: key, from: page?.cursor ?? [UInt8(ascii: "0")], count: Self.pageSize, to: &batch)
            let operation = "scan key \(ByteString(key.bytes))"
            page = try ScanPage(try store.exchange(batch).first, operation, address: address)
        }
        sorted = try Self.sorting(address) { () throws(SystemError) in try sorter.finish() }
    }

    /// The next field, nil at the end.
    func next() throws(EngineError) -> Field? {
        while true {
            let record = try Self.sorting(address) { () throws(SystemError) in try sorted.next() }
            guard let record else { return nil }
            let key = unsafe Array(record.key)
            guard isFirst || key != last else { continue }
            (last, isFirst) = (key, false)
            return Field(name: Array(key.dropFirst(Self.orderWidth)), value: unsafe Array(record.value))
        }
    }

    /// Some of the next fields, none at the end.
    func next(_ limit: Int) throws(EngineError) -> [Field] {
        var fields: [Field] = []
        while fields.count < limit, let field = try next() { fields.append(field) }
        return fields
    }

    private static func sorting<Result>(
        _ address: String,
        _ body: () throws(SystemError) -> Result,
    ) throws(EngineError) -> Result {
        do throws(SystemError) {
            return try body()
        } catch {
            throw EngineError(.failed, "sort fields", address: address, reason: "\(error)")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Redis hands out the fields of a key in no order, and some of them twice while the key changes its size.

import Metadata
import SluiceBase

/// Sorts fields, on disk when they are many.
///
/// One owner, one thread.
final class FieldSorter {
    /// Bytes of names and values in memory.
    private static let memoryLimitBytes = 8 << 20
    private static let pageSize = 1000

    private let address: String
    private let order: ([UInt8]) -> UInt64?
    private let sorter = ByteSorter(memoryLimitBytes: memoryLimitBytes)

    /// - Parameter order: the number in a field's name by which fields are sorted; names without one come
    ///   last. Those with the same number are in order of their names, as all are without `order`.
    init(address: String, order: @escaping ([UInt8]) -> UInt64? = { _ in 0 }) {
        self.address = address
        self.order = order
    }

    func add(_ field: Field) throws(EngineError) {
        let number = (order(field.name) ?? .max).bigEndian
        let start = unsafe withUnsafeBytes(of: number) { unsafe Array($0) }
        do throws(SystemError) {
            try sorter.add(key: start + field.name, value: field.value)
        } catch {
            throw EngineError(sorting: error, address: address)
        }
    }

    /// Adds all fields of a key.
    /// - Parameter first: what was read already; nil for nothing.
    func add(
        _ store: KeyReader,
        _ key: Key,
        _ type: FieldType,
        after first: ScanPage? = nil
    ) throws(EngineError) {
        var page = first
        while true {
            if let page { for field in type.fields(of: page) { try add(field) } }
            guard page?.isLast != true else { return }
            var batch = CommandBatch()
            type.addScan(of: key, from: page?.cursor ?? [UInt8(ascii: "0")], count: Self.pageSize, to: &batch)
            let operation = "scan key \(ByteString(key.bytes))"
            page = try ScanPage(try store.exchange(batch).first, operation, address: address)
        }
    }

    /// Ends the input.
    func finish() throws(EngineError) -> SortedFields {
        do throws(SystemError) {
            return SortedFields(try sorter.finish(), address: address)
        } catch {
            throw EngineError(sorting: error, address: address)
        }
    }
}

/// Fields in order, each once.
///
/// One owner, one thread at a time.
final class SortedFields {
    /// Bytes of the number before each name.
    private static let orderWidth = 8

    private let address: String
    private let sorted: SortedBytes
    private var last: [UInt8]?

    fileprivate init(_ sorted: SortedBytes, address: String) {
        self.sorted = sorted
        self.address = address
    }

    /// The next field, nil at the end.
    func next() throws(EngineError) -> Field? {
        do throws(SystemError) {
            while let record = try sorted.next() {
                let key = unsafe Array(record.key)
                guard key != last else { continue }
                last = key
                return Field(name: Array(key.dropFirst(Self.orderWidth)), value: unsafe Array(record.value))
            }
            return nil
        } catch {
            throw EngineError(sorting: error, address: address)
        }
    }

    /// Some of the next fields, none at the end.
    func next(_ limit: Int) throws(EngineError) -> [Field] {
        var fields: [Field] = []
        while fields.count < limit, let field = try next() { fields.append(field) }
        return fields
    }
}

extension EngineError {
    fileprivate init(sorting error: SystemError, address: String) {
        self.init(.failed, "sort fields", address: address, reason: "\(error)")
    }
}

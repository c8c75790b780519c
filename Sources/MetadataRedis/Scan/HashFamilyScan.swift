// SPDX-License-Identifier: Apache-2.0
// Scans over the fields of all hashes or sets of a family (`d<inode>`: the entries of all directories), hash
// by hash. One may have millions of fields: what does not come with the first answer is sorted on disk.

import Metadata
import SluiceBase

/// Goes through the fields of all keys of a family, in order of the keys.
///
/// While the first fields of some keys are decoded the server already reads those of the next.
final class HashFamilyScan<Record: Sendable> {
    typealias Decode = (_ numbers: KeyNumbers, _ field: Field) throws(CodecError) -> Record

    /// Keys in a round trip, and fields of each; a hash that Redis keeps packed comes whole, 512 fields.
    private static var pageSize: Int { 128 }

    private struct Page {
        let numbers: [KeyNumbers]
        let request: SentRequest
    }

    private let scanner: RedisScanner
    private let family: KeyFamily
    private let type: FieldType
    private let decode: Decode
    private var found: FamilyKeys?
    private var ahead: Page?
    /// The first fields of keys that were not looked at yet, the last key first.
    private var waiting: [(numbers: KeyNumbers, reply: RedisReply)] = []
    /// What is left of a key with many fields.
    private var large: (numbers: KeyNumbers, fields: SortedFields)?

    init(_ scanner: RedisScanner, _ family: KeyFamily, _ type: FieldType, _ decode: @escaping Decode) {
        self.scanner = scanner
        self.family = family
        self.type = type
        self.decode = decode
    }

    private var store: KeyReader { scanner.store }

    /// The next records, nil at the end.
    func nextPage() throws -> [Scanned<Record>]? {
        let keys = try found ?? scanner.keySpace.take(family)
        if found == nil { ahead = try ask(keys) }
        found = keys
        if let large {
            let fields = try large.fields.next(Self.pageSize)
            if fields.isEmpty { self.large = nil }
            return fields.map { record(large.numbers, $0) }
        }
        if waiting.isEmpty { try receive(keys) }
        guard let next = waiting.popLast() else {
            return try keys.nextOdd().map { [.damaged(family.odd($0, scanner.keys))] }
        }
        return try records(next.numbers, next.reply)
    }

    private func ask(_ keys: FamilyKeys) throws -> Page? {
        let numbers = try keys.next(Self.pageSize)
        guard !numbers.isEmpty else { return nil }
        var batch = CommandBatch()
        for each in numbers { type.addScan(of: key(each), count: Self.pageSize, to: &batch) }
        return Page(numbers: numbers, request: try store.send(batch))
    }

    private func receive(_ keys: FamilyKeys) throws {
        guard let page = ahead else { return }
        ahead = try ask(keys)
        waiting = zip(page.numbers, try store.replies(to: page.request)).reversed().map { ($0, $1) }
    }

    private func key(_ numbers: KeyNumbers) -> Key { family.key(numbers, scanner.keys) }

    private func records(
        _ numbers: KeyNumbers,
        _ reply: RedisReply
    ) throws(EngineError) -> [Scanned<Record>] {
        let key = key(numbers)
        let first: ScanPage
        do throws(EngineError) {
            first = try ScanPage(reply, "scan key \(ByteString(key.bytes))", address: store.address)
        } catch {
            guard error.code == .corrupt else { throw error }
            return [.damaged(family.damaged(key.bytes, numbers, error.reason))]
        }
        guard first.isLast else {
            let sorter = FieldSorter(address: store.address)
            try sorter.add(store, key, type, after: first)
            large = (numbers, try sorter.finish())
            return []
        }
        return type.fields(of: first).map { record(numbers, $0) }
    }

    private func record(_ numbers: KeyNumbers, _ field: Field) -> Scanned<Record> {
        do throws(CodecError) {
            return .record(try decode(numbers, field))
        } catch {
            var damage = family.damaged(key(numbers).bytes, nil, "\(error)")
            damage.key += " field \(ByteString(field.name))"
            return .damaged(damage)
        }
    }
}

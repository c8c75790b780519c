// SPDX-License-Identifier: Apache-2.0
// Redis has no index by family: whoever looks for the keys of one family walks over all keys of the server.
// So that is done once for all families, and the names found are sorted, on disk when they are many. SCAN may
// deliver a key twice while the server's tables change their size; sorted, it is there once.

import Metadata
import SluiceBase

/// The keys of a volume by family, as they are when the first family is asked for.
final class KeySpace {
    /// Names that the server looks at in one round trip, during which it does nothing else.
    private static let pageSize = 4096

    private let store: KeyReader
    private let keys: Keys
    private var waiting: [KeyFamily: FamilyKeys] = [:]

    init(_ store: KeyReader, _ keys: Keys) {
        self.store = store
        self.keys = keys
    }

    /// The keys of a family; those of one that was taken before are looked for again.
    func take(_ family: KeyFamily) throws -> FamilyKeys {
        if waiting[family] == nil { try look() }
        guard let found = waiting.removeValue(forKey: family) else {
            throw store.failure(.failed, "scan the \(family.kind) records", "they were not looked for")
        }
        return found
    }

    /// Looks for the keys of all families that do not wait to be taken.
    private func look() throws {
        let wanted = KeyFamily.allCases.filter { waiting[$0] == nil }
        let found = Dictionary(uniqueKeysWithValues: wanted.map { ($0, FamilyKeys()) })
        try forEachKey { key in
            let name = key[keys.prefix.count...]
            guard let family = KeyFamily(of: name) else { return }
            try found[family]?.add(key, family.numbers(in: name))
        }
        for (family, keys) in found {
            try keys.finish()
            waiting[family] = keys
        }
    }

    private func forEachKey(_ body: ([UInt8]) throws -> Void) throws {
        var asked: SentRequest? = try ask(from: [UInt8(ascii: "0")])
        while let request = asked {
            let reply = try store.replies(to: request).first
            let page = try ScanPage(reply, "scan the keys", address: store.address)
            asked = page.isLast ? nil : try ask(from: page.cursor)
            for key in page.names where key.starts(with: keys.prefix) { try body(key) }
        }
    }

    private func ask(from cursor: [UInt8]) throws -> SentRequest {
        var batch = CommandBatch()
        let count = [Array("COUNT".utf8), [UInt8](decimal: Int64(Self.pageSize))]
        let match = [Array("MATCH".utf8), ScanPage.escaped(keys.prefix) + [UInt8(ascii: "*")]]
        batch.add("SCAN", [cursor] + (keys.prefix.isEmpty ? [] : match) + count)
        return try store.send(batch)
    }
}

/// The keys of one family, each once.
///
/// One owner, one thread.
final class FamilyKeys {
    private static let memoryLimitBytes = 8 << 20

    private let numbered = ExternalSorter<KeyNumbers>(memoryLimitBytes: memoryLimitBytes)
    private let odd = ByteSorter(memoryLimitBytes: 1 << 20)
    private var sortedNumbers: SortedSequence<KeyNumbers>?
    private var sortedOdd: SortedBytes?
    private var last: KeyNumbers?
    private var lastOdd: [UInt8]?

    fileprivate func add(_ key: [UInt8], _ numbers: KeyNumbers?) throws {
        if let numbers { try numbered.add(numbers) } else { try odd.add(key: key, value: []) }
    }

    fileprivate func finish() throws {
        sortedNumbers = try numbered.finish()
        sortedOdd = try odd.finish()
    }

    /// The numbers of the next keys in ascending order, none at the end.
    func next(_ limit: Int) throws -> [KeyNumbers] {
        var found: [KeyNumbers] = []
        while found.count < limit, let numbers = try sortedNumbers?.next() {
            if numbers != last { found.append(numbers) }
            last = numbers
        }
        return found
    }

    /// The next key whose numbers are not written as a client writes them, nil at the end.
    func nextOdd() throws -> [UInt8]? {
        while let record = try sortedOdd?.next() {
            let key = unsafe Array(record.key)
            guard key != lastOdd else { continue }
            lastOdd = key
            return key
        }
        return nil
    }
}

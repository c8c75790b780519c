// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase

/// Goes through the keys of a family in order, with what they hold.
///
/// While one page is decoded the server already reads the next.
final class FamilyScan<Record: Sendable> {
    /// What the keys hold.
    enum Content {
        case strings
        case lists
    }

    /// What becomes of one key; nil when it is not there any more.
    typealias Decode = (_ numbers: KeyNumbers, _ found: Fetched) throws(CodecError) -> Record?

    private static var pageSize: Int { 1000 }

    private struct Page {
        let numbers: [KeyNumbers]
        let request: SentRequest
    }

    private let scanner: RedisScanner
    private let family: KeyFamily
    private let content: Content
    private let decode: Decode
    private var found: FamilyKeys?
    private var ahead: Page?

    init(_ scanner: RedisScanner, _ family: KeyFamily, _ content: Content, _ decode: @escaping Decode) {
        self.scanner = scanner
        self.family = family
        self.content = content
        self.decode = decode
    }

    private var store: KeyReader { scanner.store }

    /// The records of the next page of keys, nil at the end.
    func nextPage() throws -> [Scanned<Record>]? {
        let keys = try found ?? scanner.keySpace.take(family)
        if found == nil { ahead = try ask(keys) }
        found = keys
        guard let page = ahead else {
            return try keys.nextOdd().map { [.damaged(family.odd($0, scanner.keys))] }
        }
        ahead = try ask(keys)
        let replies = try replies(to: page)
        return try zip(page.numbers, replies).compactMap { numbers, reply in try record(numbers, reply) }
    }

    private func ask(_ keys: FamilyKeys) throws -> Page? {
        let numbers = try keys.next(Self.pageSize)
        guard !numbers.isEmpty else { return nil }
        var batch = CommandBatch()
        switch content {
        case .strings: batch.add("MGET", numbers.map { family.key($0, scanner.keys).bytes })
        case .lists: for each in numbers { Fetch.list(family.key(each, scanner.keys)).add(to: &batch) }
        }
        return Page(numbers: numbers, request: try store.send(batch))
    }

    /// What the server says to each key of a page.
    private func replies(to page: Page) throws -> [RedisReply] {
        let replies = try store.replies(to: page.request)
        guard content == .strings else { return replies }
        return try store.values(in: replies.first, page.numbers.map(fetch))
    }

    private func fetch(_ numbers: KeyNumbers) -> Fetch {
        let key = family.key(numbers, scanner.keys)
        return content == .strings ? .string(key) : .list(key)
    }

    private func record(
        _ numbers: KeyNumbers,
        _ reply: RedisReply
    ) throws(EngineError) -> Scanned<Record>? {
        let fetch = fetch(numbers)
        let found: Fetched
        do throws(EngineError) {
            found = try fetch.decode(reply, address: store.address)
        } catch {
            guard error.code == .corrupt else { throw error }
            return .damaged(family.damaged(fetch.key.bytes, numbers, error.reason))
        }
        do throws(CodecError) {
            return try decode(numbers, found).map { .record($0) }
        } catch {
            return .damaged(family.damaged(fetch.key.bytes, numbers, "\(error)"))
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Scans over all keys of one family (`i<inode>`, `c<inode>_<index>`) with what they hold. SCAN goes through
// the whole key space of the server; each round trip brings the values of one page of keys and the names of
// the next, so memory is bounded by a page.
//
// SCAN may deliver a key twice while the server's tables change their size. What comes twice inside a page is
// dropped here. The check drops nodes that come again once they are sorted (Maintenance/Check/InodeStreams);
// what else came twice looks like damage there until its second look asks for the record itself, and to the
// collection like one more user of a slice, which keeps it.

import Metadata
import SluiceBase

/// Keys that begin with the same letter and go on with a number.
struct KeyFamily: Sendable {
    let keys: Keys
    let name: StaticString
    /// What the records are called in reports.
    let kind: String

    private var start: [UInt8] { keys.prefix + name.bytes }

    /// The part of a key that tells the node.
    func suffix(_ key: [UInt8]) -> [UInt8] {
        Array(key.dropFirst(keys.prefix.count + name.utf8CodeUnitCount))
    }

    /// Appends the command for one page of keys.
    func scan(from cursor: [UInt8], count: Int, to batch: inout CommandBatch) {
        let pattern = ScanPage.escaped(start) + Array("[0-9]*".utf8)
        batch.add(
            "SCAN",
            cursor,
            Array("MATCH".utf8),
            pattern,
            Array("COUNT".utf8),
            [UInt8](decimal: Int64(count))
        )
    }
}

/// Goes through a family of keys.
final class FamilyScan<Record: Sendable> {
    /// What becomes of one key.
    typealias Decode = (_ suffix: [UInt8], _ found: Fetched) throws(CodecError) -> [Scanned<Record>]

    private let store: KeyReader
    private let family: KeyFamily
    private let pageSize: Int
    private let fetch: (Key) -> Fetch
    private let decode: Decode
    private var cursor = [UInt8(ascii: "0")]
    private var waiting: [[UInt8]] = []
    private var hasBegun = false

    init(
        _ store: KeyReader,
        _ family: KeyFamily,
        pageSize: Int,
        _ fetch: @escaping (Key) -> Fetch,
        _ decode: @escaping Decode,
    ) {
        self.store = store
        self.family = family
        self.pageSize = pageSize
        self.fetch = fetch
        self.decode = decode
    }

    /// The records of the next page of keys, nil at the end.
    func nextPage() throws -> [Scanned<Record>]? {
        let hasMoreKeys = !hasBegun || cursor != [UInt8(ascii: "0")]
        guard hasMoreKeys || !waiting.isEmpty else { return nil }
        let keys = waiting
        let fetches = keys.map { fetch(Key(bytes: $0, isWatched: false)) }
        var batch = CommandBatch()
        for fetch in fetches { fetch.add(to: &batch) }
        if hasMoreKeys { family.scan(from: cursor, count: pageSize, to: &batch) }
        let replies = try store.exchange(batch)
        waiting = []
        if hasMoreKeys {
            let page = try ScanPage(replies.last, "scan the \(family.kind) records", address: store.address)
            waiting = Array(Set(page.names))
            cursor = page.cursor
            hasBegun = true
        }
        var records: [Scanned<Record>] = []
        for index in keys.indices {
            records += try decode(keys[index], fetches[index], replies[index])
        }
        return records
    }

    private func decode(
        _ key: [UInt8],
        _ fetch: Fetch,
        _ reply: RedisReply,
    ) throws(EngineError) -> [Scanned<Record>] {
        let suffix = family.suffix(key)
        let found: Fetched
        do throws(EngineError) {
            found = try fetch.decode(reply, address: store.address)
        } catch {
            guard error.code == .corrupt else { throw error }
            return [.damaged(family.damaged(key, error.reason))]
        }
        do throws(CodecError) {
            return try decode(suffix, found)
        } catch {
            return [.damaged(family.damaged(key, "\(error)"))]
        }
    }
}

extension KeyFamily {
    /// Word of a key that cannot be read.
    func damaged(_ key: [UInt8], _ reason: String) -> DamagedRecord {
        DamagedRecord(
            kind: kind,
            key: "key \(ByteString(key))",
            inode: try? KeySuffix.inode(
                suffix(key).prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            ),
            reason: reason
        )
    }
}

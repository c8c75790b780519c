// SPDX-License-Identifier: Apache-2.0
// Scans over the fields of all hashes or sets of a family (`d<inode>`: the entries of all directories). A
// hash may have millions of fields, so each is read in pages; those that have more wait in a list.

import Metadata
import SluiceBase

/// Goes through the fields of all keys of a family.
final class HashFamilyScan<Record: Sendable> {
    typealias Decode = (_ suffix: [UInt8], _ field: Field) throws(CodecError) -> Record

    /// Keys in a round trip, and fields of each; a hash that Redis keeps packed comes whole, 512 fields.
    private static var pageSize: Int { 256 }

    private struct Place {
        let key: [UInt8]
        let cursor: [UInt8]
    }

    private let store: KeyReader
    private let family: KeyFamily
    private let command: StaticString
    private let decode: Decode
    private var cursor = [UInt8(ascii: "0")]
    private var hasBegun = false
    private var places: [Place] = []

    /// - Parameter command: HSCAN or SSCAN.
    init(_ store: KeyReader, _ family: KeyFamily, _ command: StaticString, _ decode: @escaping Decode) {
        self.store = store
        self.family = family
        self.command = command
        self.decode = decode
    }

    /// The next records, nil at the end.
    func nextPage() throws -> [Scanned<Record>]? {
        if places.isEmpty, try !findPlaces() { return nil }
        let now = Array(places.suffix(Self.pageSize))
        places.removeLast(now.count)
        var batch = CommandBatch()
        for place in now {
            batch.add(
                command,
                place.key,
                place.cursor,
                Array("COUNT".utf8),
                [UInt8](decimal: Int64(Self.pageSize))
            )
        }
        var records: [Scanned<Record>] = []
        for (place, reply) in zip(now, try store.exchange(batch)) {
            records += try self.records(place, reply)
        }
        return records
    }

    /// Looks for further keys; false when there are none.
    private func findPlaces() throws -> Bool {
        guard !hasBegun || cursor != [UInt8(ascii: "0")] else { return false }
        hasBegun = true
        var batch = CommandBatch()
        family.scan(from: cursor, count: Self.pageSize, to: &batch)
        let page = try ScanPage(
            try store.exchange(batch).first,
            "scan the \(family.kind) records",
            address: store.address
        )
        cursor = page.cursor
        places = Set(page.names).map { Place(key: $0, cursor: [UInt8(ascii: "0")]) }
        return true
    }

    private func records(_ place: Place, _ reply: RedisReply) throws(EngineError) -> [Scanned<Record>] {
        let page: ScanPage
        do throws(EngineError) {
            page = try ScanPage(reply, "scan key \(ByteString(place.key))", address: store.address)
        } catch {
            guard error.code == .corrupt else { throw error }
            return [.damaged(family.damaged(place.key, error.reason))]
        }
        if !page.isLast { places.append(Place(key: place.key, cursor: page.cursor)) }
        let suffix = family.suffix(place.key)
        let isSet = command.bytes == Array("SSCAN".utf8)
        let fields = isSet ? page.names.map { Field(name: $0, value: []) } : page.fields
        return Set(fields).map { field in
            do throws(CodecError) {
                return .record(try decode(suffix, field))
            } catch {
                var damage = family.damaged(place.key, "\(error)")
                damage.key += " field \(ByteString(field.name))"
                damage.inode = nil
                return .damaged(damage)
            }
        }
    }
}

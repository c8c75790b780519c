// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase

/// One thing that a reader asks of one key.
enum Fetch: Hashable, Sendable {
    case string(Key)
    case field([UInt8], of: Key)
    /// All fields of a hash.
    case hash(Key)
    /// Number of fields of a hash.
    case count(Key)
    case list(Key)
    /// The score of a member of a sorted set.
    case score([UInt8], of: Key)
    /// All members of a sorted set.
    case scores(Key)
    /// All members of a set.
    case members(Key)
    case isMember([UInt8], of: Key)

    var key: Key {
        switch self {
        case .string(let key), .field(_, let key), .hash(let key), .count(let key), .list(let key),
            .score(_, let key), .scores(let key), .members(let key), .isMember(_, let key):
            key
        }
    }

    /// Appends the command that asks for it.
    func add(to batch: inout CommandBatch) {
        switch self {
        case .string(let key): batch.add("GET", key.bytes)
        case .field(let name, let key): batch.add("HGET", key.bytes, name)
        case .hash(let key): batch.add("HGETALL", key.bytes)
        case .count(let key): batch.add("HLEN", key.bytes)
        case .list(let key): batch.add("LRANGE", key.bytes, [UInt8(ascii: "0")], [UInt8](decimal: Int64(-1)))
        case .score(let member, let key): batch.add("ZSCORE", key.bytes, member)
        case .scores(let key):
            batch.add(
                "ZRANGE",
                key.bytes,
                [UInt8(ascii: "0")],
                [UInt8](decimal: Int64(-1)),
                Array("WITHSCORES".utf8)
            )
        case .members(let key): batch.add("SMEMBERS", key.bytes)
        case .isMember(let member, let key): batch.add("SISMEMBER", key.bytes, member)
        }
    }

    /// What a server's reply says.
    /// - Throws: `EngineError.corrupt` for a key of another type.
    func decode(_ reply: RedisReply, address: String) throws(EngineError) -> Fetched {
        let reply = try reply.checked(subject, address: address)
        switch (self, reply) {
        case (_, .null): return .value(nil)
        case (.string, .bytes(let bytes)), (.field, .bytes(let bytes)), (.score, .bytes(let bytes)):
            return .value(bytes)
        case (.count, .integer(let count)): return .value([UInt8](decimal: count))
        case (.isMember, .integer(let found)): return .value(found == 1 ? [] : nil)
        case (.list, .array(let items)): return .items(items.compactMap(\.bytes))
        case (.members, .array(let items)):
            return .fields(items.compactMap(\.bytes).map { Field(name: $0, value: []) })
        case (.hash, .array(let items)), (.scores, .array(let items)):
            return .fields(Field.pairs(items))
        default:
            throw EngineError(.failed, subject, address: address, reason: "an unexpected reply")
        }
    }

    private var subject: String { "read key \(ByteString(key.bytes))" }
}

/// A field of a hash, or a member of a set with its score.
struct Field: Hashable, Sendable {
    let name: [UInt8]
    let value: [UInt8]

    /// Names and values in turn, as Redis lists them.
    static func pairs(_ items: [RedisReply]) -> [Field] {
        stride(from: 0, to: items.count - 1, by: 2).compactMap { index in
            guard let name = items[index].bytes, let value = items[index + 1].bytes else { return nil }
            return Field(name: name, value: value)
        }
    }
}

/// What was found.
enum Fetched: Hashable, Sendable {
    /// A string, a field, a score, a number; nil when it is not there.
    case value([UInt8]?)
    case fields([Field])
    case items([[UInt8]])
}

extension RedisReply {
    /// The bytes of a string, nil for everything else.
    var bytes: [UInt8]? {
        if case .bytes(let bytes) = self { bytes } else { nil }
    }
}

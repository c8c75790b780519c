// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase

/// Reads keys over one connection.
///
/// Valid inside the closure that it was made for, on that thread.
class KeyReader {
    let address: String
    private let connection: RedisConnection
    private(set) var hasEnded = false

    init(_ connection: RedisConnection, address: String) {
        self.connection = connection
        self.address = address
    }

    /// Ends the use of this reader.
    func end() {
        hasEnded = true
        connection.endUnlessAnswered()
    }

    /// Sends commands and waits for all replies.
    func exchange(_ batch: CommandBatch) throws(EngineError) -> [RedisReply] {
        try checkUse()
        return try connection.exchange(batch)
    }

    /// Sends commands and lets the server work on them; `replies` waits for what it answers.
    func send(_ batch: CommandBatch) throws(EngineError) -> SentRequest {
        try checkUse()
        return try connection.send(batch)
    }

    /// What the server answers to commands that were sent; asked once.
    func replies(to request: SentRequest) throws(EngineError) -> [RedisReply] {
        try checkUse()
        return try connection.replies(to: request)
    }

    private func checkUse() throws(EngineError) {
        guard !hasEnded else {
            throw EngineError(.failed, "read", address: address, reason: "the transaction has ended")
        }
    }

    /// Whether the server may have all of what was sent last.
    var hasSent: Bool { connection.hasSent }

    /// Sends commands together with the next ones.
    func postpone(_ batch: CommandBatch) {
        connection.postpone(batch)
    }

    /// Few of them are asked for one by one: of a key that is not there MGET tells only half.
    private static let few = 16

    /// Looks strings up in the order asked for, many of them with one command.
    func strings(_ keys: [Key]) throws(EngineError) -> [[UInt8]?] {
        guard keys.count > Self.few else { return try values(keys.map(Fetch.string)) }
        var batch = CommandBatch()
        batch.add("MGET", keys.map(\.bytes))
        let fetches = keys.map(Fetch.string)
        var found: [[UInt8]?] = []
        found.reserveCapacity(keys.count)
        for (fetch, reply) in zip(fetches, try values(in: exchange(batch).first, fetches)) {
            guard case .value(let bytes) = try fetch.decode(reply, address: address) else { continue }
            found.append(bytes)
        }
        return found
    }

    /// The replies to single commands, out of one to MGET.
    ///
    /// A key of another type has no value in that either: those without are asked for by themselves, which
    /// tells the two apart.
    func values(in reply: RedisReply?, _ fetches: [Fetch]) throws(EngineError) -> [RedisReply] {
        let reply = try (reply ?? .null).checked("read keys", address: address)
        guard case .array(var values) = reply, values.count == fetches.count else {
            throw failure(.failed, "read keys", "an unexpected reply")
        }
        let missing = values.indices.filter { values[$0] == .null }
        guard !missing.isEmpty else { return values }
        var batch = CommandBatch()
        for index in missing { fetches[index].add(to: &batch) }
        for (index, reply) in zip(missing, try exchange(batch)) { values[index] = reply }
        return values
    }

    /// Looks things up in one round trip, in the order asked for.
    func fetch(_ fetches: [Fetch]) throws(EngineError) -> [Fetched] {
        var batch = CommandBatch()
        for fetch in fetches { fetch.add(to: &batch) }
        let replies = try exchange(batch)
        var found: [Fetched] = []
        found.reserveCapacity(fetches.count)
        for (fetch, reply) in zip(fetches, replies) {
            found.append(try fetch.decode(reply, address: address))
        }
        return found
    }
}

extension KeyReader {
    /// A string, a field or a score.
    func value(_ fetch: Fetch) throws(EngineError) -> [UInt8]? {
        try values([fetch])[0]
    }

    /// Strings, fields or scores.
    func values(_ fetches: [Fetch]) throws(EngineError) -> [[UInt8]?] {
        try fetch(fetches).map { if case .value(let bytes) = $0 { bytes } else { nil } }
    }

    /// The fields of a hash or the members of a set.
    func fields(_ fetch: Fetch) throws(EngineError) -> [Field] {
        try allFields([fetch])[0]
    }

    /// The fields of several hashes.
    func allFields(_ fetches: [Fetch]) throws(EngineError) -> [[Field]] {
        try fetch(fetches).map { if case .fields(let fields) = $0 { fields } else { [] } }
    }

    /// The items of several lists.
    func lists(_ keys: [Key]) throws(EngineError) -> [[[UInt8]]] {
        try fetch(keys.map(Fetch.list)).map { if case .items(let items) = $0 { items } else { [] } }
    }

    func failure(_ code: EngineError.Code, _ operation: String, _ reason: String = "") -> EngineError {
        EngineError(code, operation, address: address, reason: reason)
    }

    /// A stored number.
    /// - Throws: `EngineError.corrupt`.
    func number(_ bytes: [UInt8]?, _ subject: @autoclosure () -> String) throws(EngineError) -> Int64? {
        guard let bytes else { return nil }
        guard let number = Int64(decimal: bytes) else {
            throw failure(.corrupt, "read \(subject())", "\(ByteString(bytes)) is no number")
        }
        return number
    }

    /// What a decoder makes of stored bytes.
    /// - Throws: `EngineError.corrupt`.
    func decoded<Value>(
        _ subject: @autoclosure () -> String,
        _ body: () throws(CodecError) -> Value,
    ) throws(EngineError) -> Value {
        do {
            return try body()
        } catch {
            throw failure(.corrupt, "read \(subject())", "\(error)")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Optimistic transactions (metadata-format §4.3). Keys are watched in the same round trip as they are read,
// never later; what was read is remembered, so nothing is asked for twice; writes are gathered and go to the
// server as one MULTI … EXEC, which does nothing when a watched key changed. Reads after own writes see
// them.

import Metadata
import SluiceBase

/// Reads and writes keys of one transaction.
final class KeyTransaction: KeyReader {
    private var watched: Set<Key> = []
    private var unwatchedYet: [Key] = []
    /// Round trips that read something.
    private var loads = 0
    private let queue: KeyQueue?
    private var place: Int?
    private var strings: [Key: StringState] = [:]
    private var mappings: [Key: MappingState] = [:]
    private var lists: [Key: ListState] = [:]
    /// Strings to be written, in the order of their first change.
    private var changedStrings: [Key] = []
    /// Everything else to be written.
    private var commands = CommandBatch()
    /// Fields that may tell afterwards whether the transaction was done.
    private var changedFields: [Fetch] = []

    /// - Parameter queue: where the transactions of this process wait for each other; nil when there are no
    ///   others.
    init(_ connection: RedisConnection, address: String, queue: KeyQueue? = nil) {
        self.queue = queue
        super.init(connection, address: address)
    }

    var hasWrites: Bool { !changedStrings.isEmpty || !commands.isEmpty }

    // MARK: Reading

    /// Watches keys together with the next read.
    func watch(_ keys: [Key]) {
        unwatchedYet += keys.filter { !watched.contains($0) }
    }

    /// Makes things known, with one round trip for those that are not.
    func load(_ fetches: [Fetch]) throws(EngineError) {
        var seen: Set<Fetch> = []
        let missing = fetches.filter { known($0) == nil && seen.insert($0).inserted }
        guard !missing.isEmpty else { return }
        var batch = CommandBatch()
        var fresh: Set<Key> = []
        let keys = (unwatchedYet + missing.map(\.key).filter(\.isWatched))
            .filter { !watched.contains($0) && fresh.insert($0).inserted }
        if let first = keys.first {
            if place == nil { place = queue?.enter(first) }
            batch.add("WATCH", keys.map(\.bytes))
        }
        for fetch in missing { fetch.add(to: &batch) }
        var replies = try exchange(batch)[...]
        unwatchedYet = []
        loads += 1
        if !keys.isEmpty {
            _ = try replies.removeFirst().checked("watch keys", address: address)
            watched.formUnion(keys)
        }
        for (fetch, reply) in zip(missing, replies) {
            learn(fetch, try fetch.decode(reply, address: address))
        }
    }

    override func strings(_ keys: [Key]) throws(EngineError) -> [[UInt8]?] {
        try values(keys.map(Fetch.string))
    }

    override func fetch(_ fetches: [Fetch]) throws(EngineError) -> [Fetched] {
        try load(fetches)
        return fetches.map { known($0) ?? .value(nil) }
    }

    private func known(_ fetch: Fetch) -> Fetched? {
        switch fetch {
        case .string(let key): return (strings[key]?.value).map(Fetched.value)
        case .field(let name, let key), .score(let name, let key), .isMember(let name, let key):
            guard let state = mappings[key] else { return nil }
            return state.fields[name].map(Fetched.value) ?? (state.isComplete ? .value(nil) : nil)
        case .hash(let key), .scores(let key), .members(let key):
            guard let state = mappings[key], state.isComplete else { return nil }
            return .fields(
                state.fields.compactMap { name, value in value.map { Field(name: name, value: $0) } }
            )
        case .count(let key):
            guard let state = mappings[key] else { return nil }
            if state.isComplete {
                return .value([UInt8](decimal: Int64(state.fields.count { $0.value != nil })))
            }
            return state.isChanged ? nil : state.storedCount.map(Fetched.value)
        case .list(let key): return (lists[key]?.items).map(Fetched.items)
        }
    }

    private func learn(_ fetch: Fetch, _ found: Fetched) {
        switch (fetch, found) {
        case (.string(let key), .value(let stored)):
            var state = strings[key] ?? StringState()
            state.original = .some(stored)
            if state.value == nil {
                let sum = (stored.flatMap { Int64(decimal: $0) } ?? 0) &+ state.increment
                state.value = .some(state.increment == 0 ? stored : [UInt8](decimal: sum))
            }
            strings[key] = state
        case (.field(let name, let key), .value(let stored)), (.score(let name, let key), .value(let stored)),
            (.isMember(let name, let key), .value(let stored)):
            mappings[key, default: MappingState()].learn(name, stored, isOriginal: true)
        case (.count(let key), .value(let count)): mappings[key, default: MappingState()].storedCount = count
        case (_, .fields(let fields)):
            var state = mappings[fetch.key] ?? MappingState()
            for field in fields { state.learn(field.name, field.value, isOriginal: false) }
            for name in state.increments.keys { state.learn(name, nil, isOriginal: false) }
            state.isComplete = true
            mappings[fetch.key] = state
        case (.list(let key), .items(let items)): lists[key, default: ListState()].learn(items)
        // A key that is not there answers like an empty one.
        case (.list(let key), _): lists[key, default: ListState()].learn([])
        default: mappings[fetch.key, default: MappingState()].isComplete = true
        }
    }

    /// The names of a hash in byte order; sorted once for all pages of a listing.
    func sortedNames(_ key: Key) throws(EngineError) -> [[UInt8]] {
        try load([.hash(key)])
        if let names = mappings[key]?.sortedNames { return names }
        let names = (mappings[key]?.fields ?? [:]).filter { $0.value != nil }.map(\.key)
            .sorted { $0.lexicographicallyPrecedes($1) }
        mappings[key]?.sortedNames = names
        return names
    }

    // MARK: Writing

    /// Sets a string, or removes it when `value` is nil.
    func set(_ key: Key, to value: [UInt8]?) {
        var state = strings[key] ?? StringState()
        list(key, &state)
        state.value = .some(value)
        state.isChanged = true
        state.increment = 0
        strings[key] = state
    }

    /// Adds to a string that holds a number.
    /// - Throws: `EngineError.overflow`, `.corrupt`, as far as the number is known.
    func add(_ delta: Int64, to key: Key) throws(EngineError) {
        var state = strings[key] ?? StringState()
        let operation = "change key \(ByteString(key.bytes))"
        if let value = state.value {
            let old = try number(value, "key \(ByteString(key.bytes))") ?? 0
            let (sum, overflow) = old.addingReportingOverflow(delta)
            guard !overflow else { throw failure(.overflow, operation) }
            state.value = [UInt8](decimal: sum)
        }
        if !state.isChanged {
            let (sum, overflow) = state.increment.addingReportingOverflow(delta)
            guard !overflow else { throw failure(.overflow, operation) }
            list(key, &state)
            state.increment = sum
        }
        strings[key] = state
    }

    private func list(_ key: Key, _ state: inout StringState) {
        if !state.isListed { changedStrings.append(key) }
        state.isListed = true
    }

    func setField(_ name: [UInt8], of key: Key, to value: [UInt8]) {
        commands.add("HSET", key.bytes, name, value)
        change(name, of: key, as: .field(name, of: key), to: value)
    }

    func deleteField(_ name: [UInt8], of key: Key) {
        commands.add("HDEL", key.bytes, name)
        change(name, of: key, as: .field(name, of: key), to: nil)
    }

    func add(_ delta: Int64, toField name: [UInt8], of key: Key) {
        commands.add("HINCRBY", key.bytes, name, [UInt8](decimal: delta))
        var state = mappings[key] ?? MappingState()
        if let value = state.fields[name] ?? (state.isComplete ? .some(nil) : nil) {
            let base = value.flatMap { Int64(decimal: $0) } ?? 0
            state.fields[name] = [UInt8](decimal: base &+ delta)
        } else {
            state.increments[name, default: 0] &+= delta
        }
        state.isChanged = true
        state.sortedNames = nil
        mappings[key] = state
    }

    func setScore(_ score: Int64, of member: [UInt8], in key: Key) {
        commands.add("ZADD", key.bytes, [UInt8](decimal: score), member)
        change(member, of: key, as: .score(member, of: key), to: [UInt8](decimal: score))
    }

    func deleteScored(_ member: [UInt8], from key: Key) {
        commands.add("ZREM", key.bytes, member)
        change(member, of: key, as: .score(member, of: key), to: nil)
    }

    func insertMember(_ member: [UInt8], into key: Key) {
        commands.add("SADD", key.bytes, member)
        change(member, of: key, as: .isMember(member, of: key), to: [])
    }

    func deleteMember(_ member: [UInt8], from key: Key) {
        commands.add("SREM", key.bytes, member)
        change(member, of: key, as: .isMember(member, of: key), to: nil)
    }

    /// - Parameter fetch: by which the value may be read afterwards.
    private func change(_ name: [UInt8], of key: Key, as fetch: Fetch, to value: [UInt8]?) {
        mappings[key, default: MappingState()].set(name, to: value)
        changedFields.append(fetch)
    }

    /// Removes a hash or a set.
    func deleteMapping(_ key: Key) {
        commands.add("DEL", key.bytes)
        mappings[key] = MappingState(isComplete: true, isChanged: true)
    }

    func append(_ items: [[UInt8]], to key: Key) {
        guard !items.isEmpty else { return }
        commands.add("RPUSH", [key.bytes] + items)
        var state = lists[key] ?? ListState()
        if state.items == nil { state.appended += items } else { state.items? += items }
        lists[key] = state
    }

    /// Sets a list, or removes it when `items` is empty.
    func setList(_ key: Key, to items: [[UInt8]]) {
        commands.add("DEL", key.bytes)
        if !items.isEmpty { commands.add("RPUSH", [key.bytes] + items) }
        lists[key] = ListState(items: items)
    }

    /// Removes the first `count` items of a list.
    func trim(_ key: Key, first count: Int) {
        commands.add("LTRIM", key.bytes, [UInt8](decimal: Int64(count)), [UInt8](decimal: Int64(-1)))
        if let items = lists[key]?.items { lists[key]?.items = Array(items.dropFirst(count)) }
    }

    // MARK: The end

    /// The writes so far as commands, without MULTI and EXEC.
    private var gathered: CommandBatch {
        var batch = CommandBatch()
        for key in changedStrings {
            guard let state = strings[key] else { continue }
            if state.isChanged, let value = state.value {
                if let value { batch.add("SET", key.bytes, value) } else { batch.add("DEL", key.bytes) }
            } else if state.increment != 0 {
                batch.add("INCRBY", key.bytes, [UInt8](decimal: state.increment))
            }
        }
        batch.add(commands)
        return batch
    }

    /// Ends the transaction, whatever became of it.
    func leave() {
        unwatch()
        if let place { queue?.leave(place) }
        place = nil
    }

    /// Forgets the watched keys together with the next exchange of this connection.
    private func unwatch() {
        guard !watched.isEmpty else { return }
        var batch = CommandBatch()
        batch.add("UNWATCH")
        postpone(batch)
        watched = []
    }

    /// Checks that what was read holds still: an error that rests on it is one only then.
    /// - Throws: `EngineError.conflict` when a watched key changed.
    func confirm() throws(EngineError) {
        guard !watched.isEmpty else { return }
        var batch = CommandBatch()
        batch.add("MULTI")
        batch.add("EXEC")
        let replies = try exchange(batch)
        watched = []
        try check(replies)
    }

    /// Writes everything, or nothing when a watched key changed.
    /// - Throws: `EngineError.conflict` when nothing was written and the transaction may run again;
    ///   `UnknownOutcome` when the connection was lost on the way; `EngineError` for everything else.
    func commit() throws {
        let writes = gathered
        guard !writes.isEmpty else {
            // What one round trip read is one state, as good as the server executes a pipeline.
            if loads > 1 { try confirm() } else { unwatch() }
            return
        }
        var batch = CommandBatch()
        batch.add("MULTI")
        batch.add(writes)
        batch.add("EXEC")
        let replies: [RedisReply]
        do throws(EngineError) {
            replies = try exchange(batch)
        } catch {
            // Without EXEC nothing was done.
            guard hasSent else { throw failure(.conflict, "write", error.reason) }
            throw UnknownOutcome(evidence: evidence, cause: error)
        }
        watched = []
        try check(replies)
    }

    /// Writes what gathered so far, without looking at what others do; nothing is remembered of it.
    func flush() throws(EngineError) {
        let replies = try exchange(gathered)
        strings = [:]
        mappings = [:]
        lists = [:]
        changedStrings = []
        changedFields = []
        commands = CommandBatch()
        for reply in replies { _ = try reply.checked("write", address: address) }
    }

    /// Bytes of the commands that gathered so far, strings not counted.
    var gatheredBytes: Int { commands.bytes.count + changedStrings.count * 128 }

    private func check(_ replies: [RedisReply]) throws(EngineError) {
        switch replies.last {
        case .array(let results):
            for result in results {
                _ = try result.checked("write a part of a transaction", address: address)
            }
        case .error:
            // The command that was not accepted says more than EXEC, which says only that there was one.
            for reply in replies { _ = try reply.checked("write", address: address) }
        case .status, .integer, .bytes, .null, nil:
            throw failure(.conflict, "write")
        }
    }
}

extension KeyTransaction {
    /// A value that differs before and after this transaction, by which to tell whether it was done.
    private var evidence: Evidence? {
        for key in changedStrings where key.isWatched {
            guard let state = strings[key], state.isChanged, let before = state.original,
                let after = state.value,
                before != after
            else { continue }
            return Evidence(fetch: .string(key), before: before, after: after)
        }
        for fetch in changedFields {
            guard case .field(let name, let key) = fetch, key.isWatched, let state = mappings[key],
                let before = state.original[name], let after = state.fields[name], before != after
            else { continue }
            return Evidence(fetch: fetch, before: before, after: after)
        }
        return nil
    }
}

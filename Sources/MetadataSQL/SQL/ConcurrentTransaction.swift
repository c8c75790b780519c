// SPDX-License-Identifier: Apache-2.0
// Transactions beside other writers, each statement of which sees what others committed before it (READ
// COMMITTED). Rows that are read in order to be changed are locked; entries, counters and settings are
// changed only while they are what was read, else the transaction runs again.
//
// Links and times of directories change last, once per directory and in order of the inodes: clients that
// work in the same directories wait for each other as briefly as can be, and never in a circle.

import Metadata
import SluiceBase
import VolumeModel

/// Reads and writes records of one transaction among several.
final class ConcurrentTransaction: SQLTransaction {
    private struct EntryKey: Hashable {
        let directory: Inode
        let name: FileName
    }

    private struct PendingTouch {
        var linkDelta: Int64 = 0
        var time: Timestamp?

        /// The directory as it will be.
        func applied(to directory: Attributes) -> Attributes {
            var directory = directory
            directory.linkCount = UInt32(clamping: Int64(directory.linkCount) + linkDelta)
            guard let time else { return directory }
            directory.modifyTime = time
            directory.changeTime = time
            return directory
        }
    }

    private enum Seen<Value> {
        case nothing
        case value(Value)
    }

    /// Nodes that are locked or kept.
    private var known: [Inode: Attributes] = [:]
    private var locked: Set<Inode> = []
    private var kept: Set<Inode> = []
    private var touches: [Inode: PendingTouch] = [:]
    private var entries: [EntryKey: Seen<Entry>] = [:]
    private var counters: [Counter: Seen<Int64>] = [:]
    private var seenSetting: Seen<[UInt8]>?

    /// What a record is read with: rows that may be changed afterwards are held.
    override func statement(_ query: Query) throws(EngineError) -> any SQLStatement {
        try super.statement(Query.holding[query.id] ?? query)
    }

    /// The database itself refuses sums that leave their column.
    override func change(_ statement: any SQLStatement, _ operation: String) throws(EngineError) {
        try statement.post(orElse: nil)
    }

    override func complete() throws {
        for inode in touches.keys.sorted() { try flushTouch(of: inode) }
    }

    private func changedMeanwhile(_ operation: String) -> EngineError {
        failure(.conflict, operation, "another client changed it meanwhile")
    }

    // MARK: Nodes

    override func lock(_ inodes: [Inode]) throws {
        let wanted = Set(inodes).subtracting(locked)
        guard !wanted.isEmpty else { return }
        for inode in wanted { known[inode] = nil }
        for (inode, attributes) in try nodes(.lockedNodes, wanted.sorted()) {
            known[inode] = attributes
            locked.insert(inode)
        }
    }

    override func keep(_ directory: Inode) throws {
        guard !locked.contains(directory), !kept.contains(directory) else { return }
        known[directory] = try nodes(.keptNode, [directory])[directory]
        if known[directory] != nil { kept.insert(directory) }
    }

    override func expect(_ records: [RecordKey]) throws {
        for record in records {
            switch record {
            case .node(let inode): try expect(.node, [inode.stored])
            // The node is read once more when it is locked.
            case .entry(let name, let directory), .lookup(let name, let directory):
                try expect(.entry, [directory.stored]) { row throws(EngineError) in
                    try row.bind(bytes: name.bytes, at: 1)
                }
            case .chunk(let index, let inode): try expect(.chunk, [inode.stored, Int64(index)])
            case .parents(let inode): try expect(.parents, [inode.stored])
            case .extendedAttribute(let name, let inode):
                guard holds(text: name) else { continue }
                try expect(.extendedAttribute, [inode.stored]) { row throws(EngineError) in
                    try row.bind(text: name.bytes, at: 1)
                }
            case .fileLocks(let inode): try expect(.fileLocks, [inode.stored])
            case .rangeLocks(let inode): try expect(.rangeLocks, [inode.stored])
            case .directoryQuotas: try expect(.directoryQuotas, [])
            // Changed by one statement, which needs no read before.
            case .directoryStat, .quota: break
            }
        }
    }

    private func expect(
        _ query: Query,
        _ numbers: [Int64],
        _ bind: (any SQLStatement) throws(EngineError) -> Void = { (_) throws(EngineError) in }
    ) throws(EngineError) {
        let row = try statement(query)
        defer { row.reset() }
        for (index, number) in numbers.enumerated() { try row.bind(number, at: index) }
        try bind(row)
        try connection.expect(row)
    }

    override func node(_ inode: Inode) throws -> Attributes? {
        guard let node = try known[inode] ?? super.node(inode) else { return nil }
        return touches[inode]?.applied(to: node) ?? node
    }

    override func nodes(_ inodes: [Inode]) throws -> [Attributes?] {
        let missing = inodes.filter { known[$0] == nil }
        var found = known
        for (inode, node) in zip(missing, try super.nodes(missing)) { found[inode] = node }
        return inodes.map { inode in
            found[inode].map { touches[inode]?.applied(to: $0) ?? $0 }
        }
    }

    override func lookup(_ name: FileName, in directory: Inode) throws -> NodeEntry? {
        guard let entry = try entry(named: name, in: directory) else { return nil }
        return NodeEntry(entry: entry, attributes: try node(entry.inode))
    }

    override func insertNode(_ inode: Inode, _ attributes: Attributes) throws {
        known[inode] = nil
        try super.insertNode(inode, attributes)
    }

    override func updateNode(_ inode: Inode, _ attributes: Attributes) throws {
        try flushTouch(of: inode)
        if known[inode] != nil { known[inode] = attributes }
        try super.updateNode(inode, attributes)
    }

    override func deleteNode(_ inode: Inode) throws {
        touches[inode] = nil
        known[inode] = nil
        try super.deleteNode(inode)
    }

    override func touch(_ directory: Inode, linkDelta: Int32, time: Timestamp?) throws {
        var touch = touches[directory] ?? PendingTouch()
        touch.linkDelta += Int64(linkDelta)
        touch.time = time ?? touch.time
        touches[directory] = touch
    }

    private func flushTouch(of directory: Inode) throws {
        guard let touch = touches.removeValue(forKey: directory) else { return }
        known[directory] = known[directory].map(touch.applied)
        let delta = Int32(clamping: touch.linkDelta)
        try super.touch(directory, linkDelta: delta, time: touch.time)
    }

    // MARK: Names

    override func entry(named name: FileName, in directory: Inode) throws -> Entry? {
        let key = EntryKey(directory: directory, name: name)
        switch entries[key] {
        case .value(let entry): return entry
        case .nothing: return nil
        case nil:
            let entry = try super.entry(named: name, in: directory)
            entries[key] = entry.map(Seen.value) ?? .nothing
            return entry
        }
    }

    override func insertEntry(_ entry: NamedEntry, in directory: Inode) throws {
        entries[EntryKey(directory: directory, name: entry.name)] = nil
        try super.insertEntry(entry, in: directory)
    }

    override func replaceEntry(_ entry: NamedEntry, in directory: Inode) throws {
        let seen = entries.removeValue(forKey: EntryKey(directory: directory, name: entry.name))
        guard case .value(let old) = seen else { return try super.replaceEntry(entry, in: directory) }
        let operation = "change entry \(entry.name) of directory \(directory)"
        let statement = try statement(.replaceSameEntry)
        defer { statement.reset() }
        try statement.bind(stored(entry.inode.number, operation), at: 0)
        try statement.bind(Int64(entry.type.rawValue), at: 1)
        try statement.bind(directory.stored, at: 2)
        try statement.bind(bytes: entry.name.bytes, at: 3)
        try statement.bind(old.inode.stored, at: 4)
        try statement.post(orElse: changedMeanwhile(operation))
    }

    override func deleteEntry(named name: FileName, in directory: Inode) throws {
        let seen = entries.removeValue(forKey: EntryKey(directory: directory, name: name))
        guard case .value(let old) = seen else { return try super.deleteEntry(named: name, in: directory) }
        let statement = try statement(.deleteSameEntry)
        defer { statement.reset() }
        try statement.bind(directory.stored, at: 0)
        try statement.bind(bytes: name.bytes, at: 1)
        try statement.bind(old.inode.stored, at: 2)
        try statement.post(orElse: changedMeanwhile("delete entry \(name) of directory \(directory)"))
    }

    // MARK: Volume

    override func setting() throws -> [UInt8]? {
        let value = try super.setting()
        seenSetting = value.map(Seen.value) ?? .nothing
        return value
    }

    override func setSetting(_ value: [UInt8]) throws {
        guard let seen = seenSetting else { return try super.setSetting(value) }
        seenSetting = nil
        let statement: any SQLStatement
        switch seen {
        case .nothing: statement = try self.statement(.insertSetting)
        case .value(let old):
            statement = try self.statement(.replaceSetting)
            try statement.bind(text: old, at: 1)
        }
        defer { statement.reset() }
        try statement.bind(text: value, at: 0)
        try statement.post(orElse: changedMeanwhile("write the settings"))
    }

    override func counter(_ counter: Counter) throws -> Int64? {
        let value = try super.counter(counter)
        counters[counter] = value.map(Seen.value) ?? .nothing
        return value
    }

    override func setCounter(_ counter: Counter, to value: Int64) throws {
        guard let seen = counters.removeValue(forKey: counter) else {
            return try super.setCounter(counter, to: value)
        }
        let statement: any SQLStatement
        switch seen {
        case .nothing: statement = try self.statement(.insertCounter)
        case .value(let old):
            statement = try self.statement(.replaceCounter)
            try statement.bind(old, at: 2)
        }
        defer { statement.reset() }
        try statement.bind(value, at: 0)
        try statement.bind(text: Array(counter.rawValue.utf8), at: 1)
        try statement.post(orElse: changedMeanwhile("write counter \(counter.rawValue)"))
    }

    override func add(_ delta: Int64, to counter: Counter) throws {
        counters[counter] = nil
        try super.add(delta, to: counter)
    }

    override func advance(_ counter: Counter, by delta: Int64) throws -> Int64 {
        counters[counter] = nil
        return try super.advance(counter, by: delta)
    }
}

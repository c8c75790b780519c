// SPDX-License-Identifier: Apache-2.0
// Namespace writes. Numbers that no signed column holds are `EngineError.overflow` before the statement runs;
// sums that leave 64 bits are found in what the statement returns.

import Metadata
import SluiceBase
import VolumeModel

/// Reads and writes records of one transaction.
class SQLTransaction: SQLReader, MetadataTransaction {
    /// Runs a statement with number parameters.
    final func run(_ query: Query, _ parameters: Int64...) throws(EngineError) {
        let statement = try statement(query)
        defer { statement.reset() }
        for (index, parameter) in parameters.enumerated() { try statement.bind(parameter, at: index) }
        try statement.post(orElse: nil)
    }

    /// Runs a bound statement.
    /// - Returns: how many rows it changed.
    final func count(_ statement: any SQLStatement) throws(EngineError) -> Int {
        while try statement.step() {}
        return statement.changes
    }

    /// Runs a bound statement whose answer tells nothing but whether a sum left its column.
    func change(_ statement: any SQLStatement, _ operation: String) throws(EngineError) {
        _ = try answer(statement, operation)
    }

    /// What remains to be done before the commit.
    func complete() throws {}

    /// Runs a bound statement that answers one number; nil when it changed no row.
    final func answer(_ statement: any SQLStatement, _ operation: String) throws(EngineError) -> Int64? {
        guard try statement.step() else { return nil }
        let value: Int64
        do {
            value = try statement.number(0)
        } catch {
            // SQLite turns sums that leave 64 bits into floating-point numbers.
            throw failure(.overflow, operation, error.reason)
        }
        while try statement.step() {}
        return value
    }

    /// The number as a signed column holds it.
    final func stored(
        _ number: UInt64,
        _ operation: @autoclosure () -> String
    ) throws(EngineError) -> Int64 {
        guard let value = Int64(exactly: number) else {
            throw failure(.overflow, operation(), "\(number) does not fit into a signed column of 64 bits")
        }
        return value
    }

    /// The number as a column of type `INTEGER` holds it.
    private func integer(
        _ number: UInt32,
        _ what: String,
        _ operation: @autoclosure () -> String
    ) throws(EngineError) -> Int64 {
        let largest = connection.dialect.largestInteger
        guard Int64(number) <= largest else {
            let reason = "the \(what) \(number) is larger than \(largest), the largest that this engine holds"
            throw failure(.overflow, operation(), reason)
        }
        return Int64(number)
    }

    // MARK: Volume

    /// A transaction that writes has the whole database for itself: nothing is left to lock.
    func lock(_: [Inode]) throws {}

    func keep(_: Inode) throws {}

    func expect(_: [RecordKey]) throws {}

    func setSetting(_ value: [UInt8]) throws {
        let statement = try statement(.setSetting)
        defer { statement.reset() }
        try statement.bind(text: value, at: 0)
        try statement.post(orElse: nil)
    }

    func setCounter(_ counter: Counter, to value: Int64) throws {
        let statement = try statement(.setCounter)
        defer { statement.reset() }
        try statement.bind(text: Array(counter.rawValue.utf8), at: 0)
        try statement.bind(value, at: 1)
        try statement.post(orElse: nil)
    }

    func add(_ delta: Int64, to counter: Counter) throws {
        let statement = try adding(delta, to: counter)
        defer { statement.reset() }
        try change(statement, "add \(delta) to counter \(counter.rawValue)")
    }

    func advance(_ counter: Counter, by delta: Int64) throws -> Int64 {
        let operation = "add \(delta) to counter \(counter.rawValue)"
        let statement = try adding(delta, to: counter)
        defer { statement.reset() }
        guard let value = try answer(statement, operation) else { throw failure(.failed, operation) }
        return value
    }

    private func adding(_ delta: Int64, to counter: Counter) throws(EngineError) -> any SQLStatement {
        let statement = try statement(.addToCounter)
        try statement.bind(text: Array(counter.rawValue.utf8), at: 0)
        try statement.bind(delta, at: 1)
        return statement
    }

    // MARK: Nodes

    func insertNode(_ inode: Inode, _ attributes: Attributes) throws {
        try write(attributes, of: inode, .insertNode)
    }

    func updateNode(_ inode: Inode, _ attributes: Attributes) throws {
        let missing = failure(.vanished, "change node \(inode)")
        try write(attributes, of: inode, .updateNode, orElse: missing)
    }

    private func write(
        _ attributes: Attributes,
        of inode: Inode,
        _ query: Query,
        orElse missing: EngineError? = nil,
    ) throws(EngineError) {
        // Texts for errors are made when there is one: a load writes millions of records.
        func operation() -> String { "write node \(inode)" }
        let statement = try statement(query)
        defer { statement.reset() }
        try statement.bind(Int64(attributes.type.rawValue), at: 0)
        try statement.bind(Int64(attributes.flags.rawValue), at: 1)
        try statement.bind(Int64(attributes.mode), at: 2)
        try statement.bind(integer(attributes.uid, "owner", operation()), at: 3)
        try statement.bind(integer(attributes.gid, "group", operation()), at: 4)
        try bind(attributes.accessTime, 5, 8, of: statement, operation())
        try bind(attributes.modifyTime, 6, 9, of: statement, operation())
        try bind(attributes.changeTime, 7, 10, of: statement, operation())
        try statement.bind(integer(attributes.linkCount, "link count", operation()), at: 11)
        try statement.bind(stored(attributes.length, operation()), at: 12)
        try statement.bind(integer(attributes.device, "device number", operation()), at: 13)
        try statement.bind(stored(attributes.parent.number, operation()), at: 14)
        try statement.bind(integer(attributes.accessACL, "ACL id", operation()), at: 15)
        try statement.bind(integer(attributes.defaultACL, "ACL id", operation()), at: 16)
        try statement.bind(Int64(attributes.tier), at: 17)
        try statement.bind(stored(inode.number, operation()), at: 18)
        try statement.post(orElse: missing)
    }

    private func bind(
        _ time: Timestamp,
        _ first: Int,
        _ second: Int,
        of statement: any SQLStatement,
        _ operation: @autoclosure () -> String,
    ) throws(EngineError) {
        guard let stored = time.stored else {
            throw failure(.overflow, operation(), "the time \(time.seconds) does not fit into microseconds")
        }
        try statement.bind(stored.microseconds, at: first)
        try statement.bind(stored.nanoseconds, at: second)
    }

    func touch(_ directory: Inode, linkDelta: Int32, time: Timestamp?) throws {
        let operation = "change directory \(directory)"
        let statement = try statement(time == nil ? .addLinks : .addLinksAndTouch)
        defer { statement.reset() }
        try statement.bind(Int64(linkDelta), at: 0)
        try statement.bind(Int64(linkDelta), at: 1)
        if let time {
            try bind(time, 2, 4, of: statement, operation)
            try bind(time, 3, 5, of: statement, operation)
        }
        try statement.bind(directory.stored, at: time == nil ? 2 : 6)
        try statement.post(orElse: failure(.vanished, operation))
    }

    func deleteNode(_ inode: Inode) throws {
        try run(.deleteNode, inode.stored)
    }

    // MARK: Names

    func insertEntry(_ entry: NamedEntry, in directory: Inode) throws {
        func operation() -> String { "insert entry \(entry.name) in directory \(directory)" }
        let statement = try statement(.insertEntry)
        defer { statement.reset() }
        try statement.bind(stored(directory.number, operation()), at: 0)
        try statement.bind(bytes: entry.name.bytes, at: 1)
        try statement.bind(stored(entry.inode.number, operation()), at: 2)
        try statement.bind(Int64(entry.type.rawValue), at: 3)
        try statement.post(orElse: nil)
    }

    func replaceEntry(_ entry: NamedEntry, in directory: Inode) throws {
        let operation = "change entry \(entry.name) of directory \(directory)"
        let statement = try statement(.replaceEntry)
        defer { statement.reset() }
        try statement.bind(stored(entry.inode.number, operation), at: 0)
        try statement.bind(Int64(entry.type.rawValue), at: 1)
        try statement.bind(directory.stored, at: 2)
        try statement.bind(bytes: entry.name.bytes, at: 3)
        try statement.post(orElse: failure(.vanished, operation))
    }

    func deleteEntry(named name: FileName, in directory: Inode) throws {
        let statement = try statement(.deleteEntry)
        defer { statement.reset() }
        try statement.bind(directory.stored, at: 0)
        try statement.bind(bytes: name.bytes, at: 1)
        try statement.post(orElse: nil)
    }

    /// Parents are found by their entries: there is nothing to count.
    func adjustParent(_: Inode, of _: Inode, by _: Int64) throws {}

    func setSymlinkTarget(_ target: ByteString, of inode: Inode) throws {
        let statement = try statement(.setSymlink)
        defer { statement.reset() }
        try statement.bind(stored(inode.number, "write symlink \(inode)"), at: 0)
        try statement.bind(bytes: target.bytes, at: 1)
        try statement.post(orElse: nil)
    }

    func deleteSymlinkTarget(of inode: Inode) throws {
        try run(.deleteSymlink, inode.stored)
    }

    func setExtendedAttribute(named name: ByteString, of inode: Inode, to value: [UInt8]) throws {
        guard holds(text: name) else {
            let reason = "this engine keeps names of attributes as text in UTF-8, which '\(name)' is not"
            throw failure(.unstorable, "write attribute \(name) of node \(inode)", reason)
        }
        let statement = try statement(.setExtendedAttribute)
        defer { statement.reset() }
        try statement.bind(stored(inode.number, "write attribute \(name) of node \(inode)"), at: 0)
        try statement.bind(text: name.bytes, at: 1)
        try statement.bind(bytes: value, at: 2)
        try statement.post(orElse: nil)
    }

    func deleteExtendedAttribute(named name: ByteString, of inode: Inode) throws {
        guard holds(text: name) else { return }
        let statement = try statement(.deleteExtendedAttribute)
        defer { statement.reset() }
        try statement.bind(inode.stored, at: 0)
        try statement.bind(text: name.bytes, at: 1)
        try statement.post(orElse: nil)
    }

    func deleteExtendedAttributes(of inode: Inode) throws {
        try run(.deleteExtendedAttributes, inode.stored)
    }
}

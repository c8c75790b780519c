// SPDX-License-Identifier: Apache-2.0
// Point reads: one prepared statement each. A statement is reset before the method returns, so none is ever
// used twice at a time.

import Metadata
import SluiceBase
import VolumeModel

/// Reads records of one transaction.
class SQLReader: MetadataReader {
    let connection: any SQLConnection
    let address: String
    private var isOver = false

    init(_ connection: any SQLConnection, address: String) {
        self.connection = connection
        self.address = address
    }

    /// Ends the use of this reader: its transaction is over.
    func end() {
        isOver = true
    }

    /// The statement of a query, ready to bind.
    func statement(_ query: Query) throws(EngineError) -> any SQLStatement {
        guard !isOver else { throw failure(.failed, query.operation, "the transaction is over") }
        return try connection.statement(query)
    }

    final func failure(_ code: EngineError.Code, _ operation: String, _ reason: String = "") -> EngineError {
        EngineError(code, operation, address: address, reason: reason)
    }

    /// Runs `decode`, with a damaged row as an error of the point read.
    @inline(__always)
    final func decoding<Result>(
        _ subject: @autoclosure () -> String,
        _ decode: () throws(RowDamage) -> Result,
    ) throws(EngineError) -> Result {
        do {
            return try decode()
        } catch {
            throw failure(.corrupt, "read \(subject())", error.reason)
        }
    }

    /// The first row of a query with number parameters, decoded; nil when there is none.
    final func first<Result>(
        _ query: Query,
        _ parameters: Int64...,
        subject: @autoclosure () -> String,
        decode: (any SQLStatement) throws(RowDamage) -> Result,
    ) throws(EngineError) -> Result? {
        let row = try statement(query)
        defer { row.reset() }
        for (index, parameter) in parameters.enumerated() { try row.bind(parameter, at: index) }
        guard try row.step() else { return nil }
        return try decoding(subject()) { () throws(RowDamage) in try decode(row) }
    }

    /// All rows of a query with number parameters, decoded.
    final func all<Result>(
        _ query: Query,
        _ parameters: Int64...,
        subject: @autoclosure () -> String,
        decode: (any SQLStatement) throws(RowDamage) -> Result,
    ) throws(EngineError) -> [Result] {
        let row = try statement(query)
        defer { row.reset() }
        for (index, parameter) in parameters.enumerated() { try row.bind(parameter, at: index) }
        var results: [Result] = []
        while try row.step() {
            results.append(try decoding(subject()) { () throws(RowDamage) in try decode(row) })
        }
        return results
    }

    // MARK: Volume

    func setting() throws -> [UInt8]? {
        try first(.setting, subject: "the settings") { row throws(RowDamage) in try row.run(0) }
    }

    func counter(_ counter: Counter) throws -> Int64? {
        let row = try statement(.counter)
        defer { row.reset() }
        try row.bind(text: Array(counter.rawValue.utf8), at: 0)
        guard try row.step() else { return nil }
        return try decoding("counter \(counter.rawValue)") { () throws(RowDamage) in try row.number(0) }
    }

    // MARK: Nodes and names

    func node(_ inode: Inode) throws -> Attributes? {
        let row = try statement(.node)
        defer { row.reset() }
        try row.bind(inode.stored, at: 0)
        guard try row.step() else { return nil }
        return try decoding("node \(inode)") { () throws(RowDamage) in try Attributes(from: row) }
    }

    func nodes(_ inodes: [Inode]) throws -> [Attributes?] {
        guard inodes.count > 1 else { return try inodes.map { try node($0) } }
        let found = try nodes(.nodes, inodes)
        return inodes.map { found[$0] }
    }

    /// The nodes that a query with a list delivers.
    final func nodes(_ query: Query, _ inodes: [Inode]) throws(EngineError) -> [Inode: Attributes] {
        let row = try statement(query)
        defer { row.reset() }
        try row.bind(list: inodes.map(\.stored), at: 0)
        var nodes: [Inode: Attributes] = [:]
        while try row.step() {
            let inode = try decoding("nodes") { () throws(RowDamage) in try row.inode(0) }
            nodes[inode] = try decoding("node \(inode)") { () throws(RowDamage) in
                try Attributes(from: row, at: 1)
            }
        }
        return nodes
    }

    func lookup(_ name: FileName, in directory: Inode) throws -> NodeEntry? {
        let row = try statement(.lookup)
        defer { row.reset() }
        try row.bind(directory.stored, at: 0)
        try row.bind(bytes: name.bytes, at: 1)
        guard try row.step() else { return nil }
        return try decoding("entry \(name) of directory \(directory)") { () throws(RowDamage) in
            NodeEntry(
                entry: try Entry(from: row),
                attributes: try row.integer(2) == nil ? nil : Attributes(from: row, at: 3)
            )
        }
    }

    func entry(named name: FileName, in directory: Inode) throws -> Entry? {
        let row = try statement(.entry)
        defer { row.reset() }
        try row.bind(directory.stored, at: 0)
        try row.bind(bytes: name.bytes, at: 1)
        guard try row.step() else { return nil }
        return try decoding("entry \(name) of directory \(directory)") { () throws(RowDamage) in
            try Entry(from: row)
        }
    }

    func entries(of directory: Inode, after name: FileName?, limit: Int) throws -> [NamedEntry] {
        let row = try statement(name == nil ? .firstEntries : .laterEntries)
        defer { row.reset() }
        try row.bind(directory.stored, at: 0)
        if let name { try row.bind(bytes: name.bytes, at: 1) }
        try row.bind(Int64(max(0, limit)), at: name == nil ? 1 : 2)
        var entries: [NamedEntry] = []
        while try row.step() {
            entries.append(
                try decoding("the entries of directory \(directory)") { () throws(RowDamage) in
                    NamedEntry(
                        name: FileName(try row.run(0)),
                        inode: try row.inode(1),
                        type: FileType(rawValue: try row.number(2))
                    )
                }
            )
        }
        return entries
    }

    func parents(of inode: Inode) throws -> [ParentLink] {
        try all(.parents, inode.stored, subject: "the parents of node \(inode)") { row throws(RowDamage) in
            ParentLink(parent: try row.inode(0), count: try row.number(1))
        }
    }

    func names(of inode: Inode, in directory: Inode) throws -> [FileName] {
        try all(.names, inode.stored, directory.stored, subject: "the names of node \(inode)") {
            row throws(RowDamage) in FileName(try row.run(0))
        }
    }

    func symlinkTarget(of inode: Inode) throws -> ByteString? {
        try first(.symlink, inode.stored, subject: "the target of symlink \(inode)") {
            row throws(RowDamage) in
            ByteString(try row.run(0))
        }
    }

    func extendedAttribute(named name: ByteString, of inode: Inode) throws -> [UInt8]? {
        guard holds(text: name) else { return nil }
        let row = try statement(.extendedAttribute)
        defer { row.reset() }
        try row.bind(inode.stored, at: 0)
        try row.bind(text: name.bytes, at: 1)
        guard try row.step() else { return nil }
        return try decoding("attribute \(name) of node \(inode)") { () throws(RowDamage) in try row.run(0) }
    }

    /// Whether a text column can hold these bytes.
    final func holds(text: ByteString) -> Bool {
        guard connection.dialect.textIsUnicode else { return true }
        return String(validating: text.bytes, as: UTF8.self) != nil && !text.bytes.contains(0)
    }

    func extendedAttributes(of inode: Inode) throws -> [ExtendedAttributeRecord] {
        try all(.extendedAttributes, inode.stored, subject: "the attributes of node \(inode)") {
            row throws(RowDamage) in
            ExtendedAttributeRecord(inode: inode, name: ByteString(try row.run(0)), value: try row.run(1))
        }
    }
}

extension Inode {
    /// The signed number of the same bits: a lookup of an inode that no table can hold finds nothing.
    var stored: Int64 { Int64(bitPattern: number) }
}

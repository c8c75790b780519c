// SPDX-License-Identifier: Apache-2.0

import Metadata
@testable import MetadataSQL
import SluiceBase
import SluiceTestSupport
import VolumeModel

/// An SQLite file in a directory of its own.
final class SQLiteBench: MetadataBench {
    let directory: ByteString
    let path: String
    let options: String

    /// - Parameter options: what follows the `?` of the address.
    init(options: String = "") throws {
        directory = try Posix.makeTemporaryDirectory(prefix: "sluice-sqlite-")
        path = "\(directory)/m.db"
        self.options = options
    }

    let isolatesReads = true
    let recordsEveryReference = true

    var address: String { "sqlite3://\(path)\(options.isEmpty ? "" : "?\(options)")" }

    func engine() throws -> any MetadataEngine {
        try openSQLite(address: address, creating: true)
    }

    /// Runs statements on a connection beside the engine.
    func execute(_ text: String) throws {
        try connection().execute(text, operation: "prepare a test")
    }

    /// The numbers of the first column of a query.
    func numbers(_ text: String) throws -> [Int64?] {
        let rows = try connection().freshStatement(Query("look", text))
        defer { rows.finish() }
        var numbers: [Int64?] = []
        while try rows.step() { numbers.append(try rows.integer(0)) }
        return numbers
    }

    /// The texts of the first column of a query.
    func texts(_ text: String) throws -> [String] {
        let rows = try connection().freshStatement(Query("look", text))
        defer { rows.finish() }
        var texts: [String] = []
        while try rows.step() { texts.append(String(decoding: try rows.bytes(0) ?? [], as: UTF8.self)) }
        return texts
    }

    private func connection() throws -> any SQLConnection {
        try SQLiteConnector(address: SQLiteAddress(address), mayCreate: false).connect(creating: false)
    }

    func damage(_ record: DamageableRecord) throws {
        switch record {
        case .node(let inode):
            try execute("UPDATE jfs_node SET length = 'long' WHERE inode = \(inode)")
        case .edge(let parent, let name):
            try execute(
                """
                UPDATE jfs_edge SET inode = -1 WHERE parent = \(parent)
                AND name = x'\(Hex.encode(name.bytes))'
                """
            )
        case .sliceReference(let id):
            try execute("UPDATE jfs_chunk_ref SET size = \(1 << 40) WHERE chunkid = \(id)")
        case .directoryStat(let inode):
            try execute("UPDATE jfs_dir_stats SET used_inodes = 1.5 WHERE inode = \(inode)")
        case .counter(let counter):
            try execute("UPDATE jfs_counter SET value = 'many' WHERE name = '\(counter.rawValue)'")
        }
    }

    func cleanUp() throws {
        try Posix.removeTree(directory)
    }
}

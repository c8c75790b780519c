// SPDX-License-Identifier: Apache-2.0

import Metadata
@testable import MetadataSQL
import SluiceBase
import SluiceTestSupport
import VolumeModel

/// A database of its own on the shared server.
final class PostgresBench: MetadataBench {
    let server: PostgresServer
    let database: String
    let options: String

    let isolatesReads = true
    let recordsEveryReference = true

    /// - Parameter options: begin with `&`.
    init(options: String = "") throws {
        server = try .shared
        database = try server.makeDatabase()
        self.options = options
    }

    var address: String { server.address(database: database, options) }

    func engine() throws -> any MetadataEngine {
        try openPostgres(address: address)
    }

    /// Runs statements on a connection beside the engine.
    @discardableResult
    func execute(_ text: String) throws -> String {
        try server.run(text, in: database)
    }

    /// Types are checked by the server: what remains are numbers out of range, and values that are missing.
    func damage(_ record: DamageableRecord) throws {
        switch record {
        case .node(let inode): try execute("UPDATE jfs_node SET length = -1 WHERE inode = \(inode)")
        case .edge(let parent, let name):
            let text = "\\x\(Hex.encode(name.bytes))"
            try execute("UPDATE jfs_edge SET inode = -1 WHERE parent = \(parent) AND name = '\(text)'")
        case .sliceReference(let id): try execute("UPDATE jfs_chunk_ref SET size = -1 WHERE chunkid = \(id)")
        case .directoryStat(let inode):
            try execute(
                """
                ALTER TABLE jfs_dir_stats ALTER used_inodes DROP NOT NULL;
                UPDATE jfs_dir_stats SET used_inodes = NULL WHERE inode = \(inode)
                """
            )
        case .counter(let counter):
            try execute(
                """
                ALTER TABLE jfs_counter ALTER value DROP NOT NULL;
                UPDATE jfs_counter SET value = NULL WHERE name = '\(counter.rawValue)'
                """
            )
        }
    }

    func cleanUp() throws {
        try server.run("DROP DATABASE \(database) WITH (FORCE)")
    }
}

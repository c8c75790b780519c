// SPDX-License-Identifier: Apache-2.0
// Damage in SQL, as an administrator with a shell would do it: statements as text, run by the database's own
// client, so that nothing of ours stands between the test and the rows.

import Metadata
package import SluiceBase
import VolumeModel

/// Changes the rows of an SQL engine.
package struct SQLDamage: RecordDamage {
    /// What the names of all tables begin with.
    private let prefix: String
    /// How the database writes bytes.
    private let literal: @Sendable ([UInt8]) -> String
    private let runner: @Sendable (String) throws -> Void

    package init(
        prefix: String = "jfs_",
        literal: @escaping @Sendable ([UInt8]) -> String,
        run: @escaping @Sendable (String) throws -> Void,
    ) {
        self.prefix = prefix
        self.literal = literal
        runner = run
    }

    /// Runs statements of one's own, as one transaction.
    package func run(_ statements: String) throws { try runner(statements) }

    package func apply(_ edits: [RecordEdit]) throws {
        try run(edits.map { statement($0) }.joined(separator: "\n"))
    }

    package func garble(_ record: GarbledRecord) throws -> Bool {
        // Numbers that no column of the kind can mean, bytes that no list can have.
        switch record {
        case .node(let inode): try run("UPDATE \(prefix)node SET mode = -1 WHERE inode = \(sql(inode));")
        case .entry(let name, let directory):
            try run(
                "UPDATE \(prefix)edge SET type = 70000 WHERE parent = \(sql(directory)) AND name = \(sql(name));"
            )
        case .chunk(let index, let inode):
            let slices = literal([1, 2, 3])
            try run(
                "UPDATE \(prefix)chunk SET slices = \(slices) WHERE inode = \(sql(inode)) AND indx = \(index);"
            )
        case .reference(let id, _):
            try run("UPDATE \(prefix)chunk_ref SET size = -1 WHERE chunkid = \(sql(id));")
        }
        return true
    }

    private func sql(_ inode: Inode) -> String { sql(inode.number) }
    private func sql(_ number: UInt64) -> String { "\(Int64(bitPattern: number))" }
    private func sql(_ bytes: ByteString) -> String { literal(bytes.bytes) }

    private func statement(_ edit: RecordEdit) -> String {
        switch edit {
        case .setNode(let inode, let node): replace("node", ["inode": sql(inode)], columns(node))
        case .deleteNode(let inode): delete("node", ["inode": sql(inode)])
        case .setEntry(let entry, let directory):
            replace(
                "edge",
                ["parent": sql(directory), "name": sql(entry.name)],
                ["inode": sql(entry.inode), "type": "\(entry.type.rawValue)"]
            )
        case .deleteEntry(let name, let directory):
            delete("edge", ["parent": sql(directory), "name": sql(name)])
        // The entries themselves are all that SQL engines have.
        case .setParentCount: ""
        case .setSymlink(let inode, let target):
            replace("symlink", ["inode": sql(inode)], ["target": sql(target)])
        case .deleteSymlink(let inode): delete("symlink", ["inode": sql(inode)])
        case .setAttribute(let record):
            replace(
                "xattr",
                ["inode": sql(record.inode), "name": "'\(record.name)'"],
                ["value": literal(record.value)]
            )
        case .setChunk(let record):
            replace("chunk", chunkKey(record.index, record.inode), ["slices": literal(record.slices)])
        case .deleteChunk(let index, let inode): delete("chunk", chunkKey(index, inode))
        case .setReference(let reference):
            replace(
                "chunk_ref",
                ["chunkid": sql(reference.id)],
                ["size": "\(reference.size)", "refs": "\(reference.count)"]
            )
        case .deleteReference(let id, _): delete("chunk_ref", ["chunkid": sql(id)])
        case .setStat(let inode, let stat): replace("dir_stats", ["inode": sql(inode)], columns(stat))
        case .deleteStat(let inode): delete("dir_stats", ["inode": sql(inode)])
        case .setQuota(let record):
            replace(quotaTable(record.kind), quotaKey(record.kind, record.key), columns(record.quota))
        case .deleteQuota(let kind, let number): delete(quotaTable(kind), quotaKey(kind, number))
        case .setCounter(let counter, let value):
            replace("counter", ["name": "'\(counter.rawValue)'"], ["value": "\(value)"])
        case .setSession(let record):
            replace(
                "session2",
                ["sid": sql(record.id)],
                ["expire": "\(record.expires)", "info": literal(record.info)]
            )
        case .addSustained(let record): replace("sustained", sustainedKey(record), [:])
        case .deleteSustained(let record): delete("sustained", sustainedKey(record))
        case .setDeletedFile(let file):
            replace(
                "delfile",
                ["inode": sql(file.inode)],
                ["length": sql(file.length), "expire": "\(file.deleted)"]
            )
        case .setDelayed(let row):
            replace(
                "delslices",
                ["chunkid": sql(row.id)],
                ["deleted": "\(row.deleted)", "slices": literal(row.encodedSlices)]
            )
        case .setDetached(let record):
            replace("detached_node", ["inode": sql(record.inode)], ["added": "\(record.added)"])
        }
    }

    private func delete(_ table: String, _ keys: [String: String]) -> String {
        let condition = keys.map { "\($0.key) = \($0.value)" }.sorted().joined(separator: " AND ")
        return "DELETE FROM \(prefix)\(table) WHERE \(condition);"
    }

    /// Puts a row in the place of the one with the same key.
    private func replace(_ table: String, _ keys: [String: String], _ values: [String: String]) -> String {
        let columns = keys.merging(values) { $1 }.sorted { $0.key < $1.key }
        let names = columns.map(\.key).joined(separator: ", ")
        let row = columns.map(\.value).joined(separator: ", ")
        return delete(table, keys) + " INSERT INTO \(prefix)\(table)(\(names)) VALUES (\(row));"
    }

    private func chunkKey(_ index: UInt32, _ inode: Inode) -> [String: String] {
        ["inode": sql(inode), "indx": "\(index)"]
    }

    private func sustainedKey(_ record: SustainedInode) -> [String: String] {
        ["sid": sql(record.session), "inode": sql(record.inode)]
    }

    private func quotaTable(_ kind: QuotaKind) -> String {
        kind == .directory ? "dir_quota" : "user_group_quota"
    }

    private func quotaKey(_ kind: QuotaKind, _ number: UInt64) -> [String: String] {
        kind == .directory ? ["inode": sql(number)] : ["qtype": "\(kind.rawValue)", "qkey": sql(number)]
    }

    private func columns(_ node: Attributes) -> [String: String] {
        var values = [
            "type": "\(node.type.rawValue)", "flags": "\(node.flags.rawValue)", "mode": "\(node.mode)",
            "uid": "\(node.uid)", "gid": "\(node.gid)", "nlink": "\(node.linkCount)",
            "length": sql(node.length), "rdev": "\(node.device)", "parent": sql(node.parent),
            "access_acl_id": "\(node.accessACL)", "default_acl_id": "\(node.defaultACL)",
            "tier_id": "\(node.tier)",
        ]
        let times = [("atime", node.accessTime), ("mtime", node.modifyTime), ("ctime", node.changeTime)]
        for (name, time) in times {
            values[name] = "\(time.seconds * 1_000_000 + Int64(time.nanoseconds / 1000))"
            values[name + "nsec"] = "\(time.nanoseconds % 1000)"
        }
        return values
    }

    private func columns(_ stat: DirectoryStat) -> [String: String] {
        [
            "data_length": "\(stat.dataLength)", "used_space": "\(stat.usedSpace)",
            "used_inodes": "\(stat.usedInodes)",
        ]
    }

    private func columns(_ quota: Quota) -> [String: String] {
        [
            "max_space": "\(quota.maxSpace)", "max_inodes": "\(quota.maxInodes)",
            "used_space": "\(quota.usedSpace)", "used_inodes": "\(quota.usedInodes)",
        ]
    }
}

extension SQLDamage {
    /// Damage to an SQLite file, by the sqlite3 program.
    package static func sqlite(_ path: ByteString) -> SQLDamage {
        SQLDamage {
            "x'\(Hex.encode($0))'"
        } run: { statements in
            guard let program = Programs.named("sqlite3") else {
                throw ProgramError(description: "there is no program sqlite3 on this machine")
            }
            var shell = Program(program, ["-batch", "-bail", "\(path)"], environment: [:])
            shell.input = Array(".timeout 20000\nBEGIN IMMEDIATE;\n\(statements)\nCOMMIT;\n".utf8)
            let result = try shell.run()
            guard result.status == 0, result.errors.isEmpty else {
                throw ProgramError(description: "\(statements)\n\(result.story)")
            }
        }
    }
}

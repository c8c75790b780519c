// SPDX-License-Identifier: Apache-2.0
// Random values in random columns of an SQLite volume: whatever they mean, nothing may trap, hang, or plan to
// delete a block that was in use.

import Maintenance
import Metadata
import ObjectStorage
import SluiceBase
import SluiceTestSupport
import Testing
import VolumeModel

@Suite("Random corruption of an SQLite volume")
struct CheckCorruptionTests {
    private static let columns: [(table: String, columns: [String])] = [
        ("counter", ["name", "value"]),
        ("edge", ["parent", "name", "inode", "type"]),
        (
            "node",
            [
                "inode", "type", "flags", "mode", "uid", "gid", "atime", "mtime", "ctime", "mtimensec",
                "nlink",
                "length", "rdev", "parent", "access_acl_id", "tier_id",
            ]
        ),
        ("symlink", ["inode", "target"]),
        ("chunk", ["inode", "indx", "slices"]),
        ("chunk_ref", ["chunkid", "size", "refs"]),
        ("delslices", ["chunkid", "deleted", "slices"]),
        ("session2", ["sid", "expire", "info"]),
        ("sustained", ["sid", "inode"]),
        ("delfile", ["inode", "length", "expire"]),
        ("dir_quota", ["inode", "max_space", "used_space", "used_inodes"]),
        ("user_group_quota", ["qtype", "qkey", "used_space", "used_inodes"]),
        ("dir_stats", ["inode", "data_length", "used_space", "used_inodes"]),
        ("detached_node", ["inode", "added"]),
        ("xattr", ["inode", "name", "value"]),
    ]

    @Test(
        "ends with a verdict and costs no living block",
        .timeLimit(.minutes(5)),
        arguments: 0..<32 as Range<UInt64>
    )
    func corruption(seed: UInt64) throws {
        let engine = try #require(EngineMaker.all.first { $0.testDescription == "SQLite" })
        try engine.withBase { builder, damage in
            let damage = try #require(damage as? SQLDamage)
            try Self.fill(builder, damage)
            builder.volume.settings.userGroupQuota = true
            var random = SeededRandom(seed: seed)
            let statements = (0..<8).map { _ in Self.statement(&random) }
            for statement in statements {
                // Where a column takes whole numbers only, SQLite itself refuses the rest.
                do { try damage.run(statement) } catch is ProgramError {}
            }
            try Self.look(builder, "seed \(seed): \(statements)")
        }
    }

    /// A row in every table.
    private static func fill(_ builder: VolumeBuilder, _ damage: SQLDamage) throws {
        let file = try builder.inode("/d1/f3")
        try damage.apply([
            .setSession(SessionRecord(id: 1, expires: 5, info: Array(#"{"HostName":"a"}"#.utf8))),
            .addSustained(SustainedInode(session: 1, inode: file)),
            .setDeletedFile(DeletedFile(inode: Inode(900), length: 5, deleted: 1)),
            .setDelayed(DelayedSlices(id: 990, deleted: 1, encodedSlices: [UInt8](repeating: 0, count: 24))),
            .setDetached(DetachedNode(inode: Inode(901), added: 1)),
            .setAttribute(ExtendedAttributeRecord(inode: file, name: "user.a", value: [1])),
            .setQuota(
                QuotaRecord(kind: .directory, key: 2, quota: Quota(maxSpace: 1, maxInodes: 1))
            ),
            .setQuota(QuotaRecord(kind: .user, key: 0, quota: Quota(maxSpace: -1, maxInodes: -1))),
        ])
    }

    private static func statement(_ random: inout SeededRandom) -> String {
        let (table, columns) = Self.columns[Int.random(in: 0..<Self.columns.count, using: &random)]
        let column = columns[Int.random(in: 0..<columns.count, using: &random)]
        let row = Int.random(in: 0..<20, using: &random)
        return """
            UPDATE OR IGNORE jfs_\(table) SET \(column) = \(value(&random)) WHERE rowid = \
            (SELECT rowid FROM jfs_\(table) LIMIT 1 \
            OFFSET \(row) % max(1, (SELECT count(*) FROM jfs_\(table))));
            """
    }

    private static func value(_ random: inout SeededRandom) -> String {
        switch Int.random(in: 0..<6, using: &random) {
        case 0: return "\(Int64(truncatingIfNeeded: random.next()))"
        case 1: return "\(Int64.random(in: -3...40, using: &random))"
        case 2: return "\(Double.random(in: -1e300...1e300, using: &random))"
        case 3: return "'\(random.next())'"
        case 4: return ["\(Int64.max)", "\(Int64.min)", "0", "-1"].randomElement(using: &random) ?? "0"
        default:
            let bytes = (0..<Int.random(in: 0...72, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            return "x'\(Hex.encode(bytes))'"
        }
    }

    /// Whether a command says that it cannot, or what it found: both are verdicts.
    private static func attempt(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch is EngineError {
        } catch is VolumeError {
        } catch is CodecError {
        }
    }

    private static func look(_ builder: VolumeBuilder, _ story: String) throws {
        let volume = builder.volume
        let living = try liveBlocks(builder)
        try attempt {
            var options = CheckOptions()
            options.waiting = TestTime()
            options.leakGraceSeconds = 0
            var findings: [String] = []
            _ = try check(volume: volume, objects: builder.store, options: options) {
                findings.append($0.json.compact)
            }
            options.path = "/"
            options.isRecursive = true
            _ = try check(volume: volume, objects: builder.store, options: options) { _ in }
        }
        try attempt {
            let options = CollectOptions(marginSeconds: 0)
            let (_, plan) = try planCollection(of: volume, store: builder.store, options: options)
            for step in try CollectBench.steps(of: plan) {
                if case .object(let key, _, _, _) = step { #expect(!living.contains(key), "\(story)") }
            }
        }
        try attempt { _ = try readStatus(of: volume, more: true) }
        for number in (0...60 as ClosedRange<UInt64>) + [Inode.trash.number] {
            try attempt { _ = try explainNode(Inode(number), of: volume) }
        }
        try attempt { _ = try explainSlice(1, of: volume) }
        try attempt { _ = try volume.treeSummary(of: .root) }
        try attempt { _ = try Volume.open(engine: volume.engine) }
    }

    private static func liveBlocks(_ builder: VolumeBuilder) throws -> Set<ByteString> {
        var keys: Set<ByteString> = []
        let listing = builder.store.list(.init())
        while true {
            let batch = try listing.next()
            guard !batch.isEmpty else { return keys }
            for info in batch { keys.insert(info.key) }
        }
    }
}

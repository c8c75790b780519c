// SPDX-License-Identifier: Apache-2.0
// Against what JuiceFS 1.4.2 wrote: a volume with everything in it (Tests/Fixtures/metadata/ORIGIN-REDIS.md).

import Metadata
import MetadataRedis
import SluiceBase
import SluiceTestSupport
import Testing
import VolumeModel

@Suite("Redis volumes of JuiceFS 1.4.2", .enabled(if: RedisServer.program != nil, "there is no redis-server"))
struct RedisFixtureTests {
    private func withFixture(_ body: (RedisBench, RedisEngine) throws -> Void) throws {
        let bench = try RedisBench()
        try bench.restore(fixture("metadata/fxredis.resp"))
        let engine = try bench.redisEngine()
        try body(bench, engine)
        engine.close()
    }

    private func records<Record>(_ cursor: any RecordCursor<Record>) throws -> [Record] {
        var records: [Record] = []
        while let item = try cursor.next() {
            guard case .record(let record) = item else {
                Issue.record("\(item)")
                continue
            }
            records.append(record)
        }
        return records
    }

    @Test("Every record of the volume can be read")
    func counts() throws {
        try withFixture { bench, engine in
            #expect(try engine.isFormatted())
            #expect(try bench.keys().count == 407)
            try engine.snapshot { scanner throws in
                #expect(try records(scanner.scanNodes()).count == 187)
                #expect(try records(scanner.scanEdges()).count == 187)
                #expect(try records(scanner.scanChunks()).count == 154)
                #expect(try records(scanner.scanSymlinks()).count == 6)
                #expect(try records(scanner.scanExtendedAttributes()).count == 7)
                #expect(try records(scanner.scanDirectoryStats()).count == 23)
                #expect(try records(scanner.scanACLRules()).map(\.id).sorted() == [1, 2, 3])
                #expect(try records(scanner.scanQuotas(.user)).map(\.key).sorted() == [0, 1001])
                #expect(
                    try records(scanner.scanSustainedInodes()) == [
                        SustainedInode(session: 1, inode: Inode(185))
                    ]
                )
                #expect(try scanner.counter(.usedSpace) == 302_075_904)
                #expect(try scanner.counter(.nextInode) == 1025)
                #expect(try scanner.counter(.nextChunk) == 4097)
                #expect(try scanner.estimatedNodeCount() == 185)
            }
        }
    }

    @Test("References are as many as chunks and delayed slices tell")
    func references() throws {
        try withFixture { _, engine in
            var users: [SliceKey: Int64] = [:]
            try engine.snapshot { scanner throws in
                for chunk in try records(scanner.scanChunks()) {
                    for slice in try Slice.list(decoding: chunk.slices) where !slice.isHole {
                        users[SliceKey(id: slice.id, size: slice.size), default: 0] += 1
                    }
                }
                for delayed in try records(scanner.scanDelayedSlices()) {
                    for slice in try delayed.slices() {
                        users[SliceKey(id: slice.id, size: slice.size), default: 0] += 1
                    }
                }
            }
            #expect(users.count == 168)
            let slices = users.keys.sorted { $0.id < $1.id }
            let stored = try engine.read { try $0.sliceReferences(slices) }
            #expect(stored.map { $0?.count } == slices.map { users[$0] })
        }
    }

    @Test("The nodes, names and attributes are those that a mount shows")
    func tree() throws {
        let expected = try #require(expectedPaths(of: "fxredis").objectValue)
        try withFixture { _, engine in
            for field in expected.fields where field.key != "/" {
                try engine.read { try compare(field.key, field.value, $0) }
            }
        }
        #expect(expected.count == 180 || expected.count == 181)
    }

    private func compare(_ path: String, _ value: JSONValue, _ reader: any MetadataReader) throws {
        var inode = Inode.root
        var found: Attributes?
        for name in path.split(separator: "/") {
            let bytes =
                name == "raw" ? Array("raw-".utf8) + [0xFF, 0xFE] + Array("-bytes".utf8) : Array(name.utf8)
            let entry = try #require(try reader.lookup(FileName(bytes), in: inode), "\(path)")
            inode = entry.entry.inode
            found = entry.attributes
        }
        let node = try #require(found, "\(path)")
        let kinds = Set([FileType.file, .directory, .symlink])
        #expect(inode.number == value["inode"]?.uint64Value, "\(path)")
        #expect(try node.mode == UInt16(#require(value["mode"]?.stringValue), radix: 8), "\(path)")
        #expect(UInt64(node.linkCount) == value["nlink"]?.uint64Value, "\(path)")
        #expect(node.length == value["size"]?.uint64Value || !kinds.contains(node.type), "\(path)")
        #expect(UInt64(node.uid) == value["uid"]?.uint64Value, "\(path)")
        #expect(UInt64(node.gid) == value["gid"]?.uint64Value, "\(path)")
        for (time, key) in [(node.modifyTime, "mtime_ns"), (node.changeTime, "ctime_ns")] {
            let nanoseconds = time.seconds * 1_000_000_000 + Int64(time.nanoseconds)
            #expect(nanoseconds == value[key]?.int64Value, "\(path)")
        }
        if let target = value["target"]?.stringValue {
            #expect(try reader.symlinkTarget(of: inode) == ByteString(target), "\(path)")
        }
        for attribute in value["xattrs_hex"]?.objectValue?.fields ?? []
        where !attribute.key.hasPrefix("system.posix_acl") {
            let stored = try reader.extendedAttribute(named: ByteString(attribute.key), of: inode)
            #expect(stored.map { Hex.encode($0) } == attribute.value.stringValue, "\(path)")
        }
        #expect((node.accessACL != 0) == (value["xattrs_hex"]?["system.posix_acl_access"] != nil), "\(path)")
        #expect(
            (node.defaultACL != 0) == (value["xattrs_hex"]?["system.posix_acl_default"] != nil),
            "\(path)"
        )
    }

    @Test("ACL rules, quotas, locks, queues and the session are as they were set")
    func rest() throws {
        try withFixture { bench, engine in
            try engine.write { transaction throws in
                var rule = try #require(try transaction.aclRule(1))
                #expect(rule.namedUsers == [ACLRule.Entry(id: 1001, permissions: 6)])
                #expect([rule.owner, rule.group, rule.mask, rule.other] == [6, 4, 6, 4])
                #expect(try transaction.aclID(of: rule) == 1)
                rule.other = 5
                #expect(try transaction.aclID(of: rule) == 4)
            }
            #expect(try bench.ask("GET", "aclMaxId") == "4")
            try engine.read { reader throws in
                let quota = Quota(maxSpace: 1 << 30, maxInodes: 1000, usedSpace: 20480, usedInodes: 3)
                #expect(try reader.quota(.directory, 131) == quota)
                #expect(try reader.quota(.group, 2001)?.usedInodes == 3)
                #expect(try reader.fileLocks(of: Inode(2)).map(\.isWrite) == [true])
                #expect(try reader.fileLocks(of: Inode(3)).map(\.isWrite) == [false])
                #expect(try reader.rangeLocks(of: Inode(5)).first?.locks.map(\.end) == [2, 8])
                #expect(try reader.rangeLocks(of: Inode(3)).first?.locks.map(\.end) == [UInt64(Int64.max)])
                let session = try #require(try reader.sessions().first)
                #expect(session.id == 1 && session.expires > 1_795_000_000)
                #expect(try reader.sustainingSessions(of: Inode(185)) == [1])
                #expect(try reader.delayedSlices(168)?.slices().map(\.id) == Array(120...131))
                let hard = try #require(try reader.entry(named: "hard", in: .root))
                let other = try #require(try reader.entry(named: "hard2", in: .root))
                #expect(
                    try Set(reader.parents(of: Inode(107)))
                        == [
                            ParentLink(parent: hard.inode, count: 2),
                            ParentLink(parent: other.inode, count: 1),
                        ]
                )
                #expect(try reader.names(of: Inode(107), in: hard.inode) == ["a", "b"])
            }
            try engine.write { try $0.deleteLocks(of: 1) }
            #expect(try bench.keys().filter { $0.hasPrefix("lock") } == [])
        }
    }

    @Test("Removing the volume leaves the keys of others")
    func destroy() throws {
        try withFixture { bench, engine in
            let foreign = ["i", "ix1", "d1x", "mine", "sessionX", "c1_x", "locked"]
            for key in foreign { try bench.ask("SET", key, "1") }
            try engine.destroy()
            #expect(try bench.keys() == foreign.sorted())
            #expect(try !engine.isFormatted())
        }
    }
}

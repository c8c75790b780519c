// SPDX-License-Identifier: Apache-2.0
// Against what JuiceFS 1.4.2 wrote: its schema text and a volume with everything in it
// (Tests/Fixtures/metadata).

import Metadata
@testable import MetadataSQL
import SluiceBase
import SluiceTestSupport
import Testing
import VolumeModel

@Suite("SQLite volumes of JuiceFS 1.4.2")
struct SQLiteCompatibilityTests {
    private func withFixture(_ body: (SQLiteBench, any MetadataEngine) throws -> Void) throws {
        let bench = try SQLiteBench()
        try Posix.replaceFile(ByteString(bench.path), with: fixture("metadata/fxsqlite.db"))
        let engine = try openSQLite(address: bench.address)
        try body(bench, engine)
        engine.close()
        try bench.cleanUp()
    }

    @Test("Our tables have the text of theirs")
    func schema() throws {
        let bench = try SQLiteBench()
        let engine = try bench.engine()
        try engine.createSchema()
        let ours = try bench.texts(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'sqlite_sequence' ORDER BY rowid"
        )
        let theirs = try fixture("metadata/schema.sqlite.txt").split(separator: 0x0A)
        #expect(ours == theirs.map { String(decoding: $0, as: UTF8.self) })
        engine.close()
        try bench.cleanUp()
    }

    @Test("Every record of the volume can be read")
    func counts() throws {
        try withFixture { _, engine in
            try SampleTree.checkRecords(engine)
        }
    }

    @Test("The nodes are those that a mount shows")
    func nodes() throws {
        try withFixture { _, engine in try SampleTree.checkNodes(engine, "metadata/fxsqlite.expected.json") }
    }

    @Test("Slices that were appended as text are whole")
    func textSlices() throws {
        try withFixture { bench, engine in
            let text = "SELECT inode FROM jfs_chunk WHERE typeof(slices) = 'text' ORDER BY inode, indx"
            #expect(try bench.numbers(text) == [122, 123, 123, 126, 128, 130])
            let lengths = try [(122, 0), (123, 0), (123, 1), (126, 0), (128, 0), (130, 0)].map {
                inode,
                index in
                try engine.read { try $0.chunk(UInt32(index), of: Inode(UInt64(inode)))?.slices.count }
            }
            #expect(lengths == [72, 72, 48, 96, 48, 48])
            let overwrite = try #require(try engine.read { try $0.chunk(0, of: Inode(122)) })
            #expect(try Slice.list(decoding: overwrite.slices).map(\.id) == [108, 109, 110])
            #expect(
                try engine.write {
                    try $0.appendSlices([.hole(position: 0, length: 1)], toChunk: 0, of: Inode(122))
                }
                    == 4
            )
            let appended = try engine.read { try $0.chunk(0, of: Inode(122)) }
            #expect(appended?.slices == overwrite.slices + Slice.hole(position: 0, length: 1).encoded)
            #expect(try bench.numbers(text).count == 5)
        }
    }

    @Test("ACL rules, quotas, locks and the session are as they were set")
    func rest() throws {
        try withFixture { _, engine in
            try engine.write { transaction throws in
                var rule = try #require(try transaction.aclRule(1))
                #expect(rule.namedUsers == [ACLRule.Entry(id: 1001, permissions: 6)])
                #expect([rule.owner, rule.group, rule.mask, rule.other] == [6, 4, 6, 4])
                #expect(try transaction.aclID(of: rule) == 1)
                rule.other = 5
                #expect(try transaction.aclID(of: rule) == 4)
            }
            try engine.read { reader throws in
                #expect(
                    try reader.quota(.directory, 131)
                        == Quota(maxSpace: 1 << 30, maxInodes: 1000, usedSpace: 20480, usedInodes: 3)
                )
                #expect(try reader.quotas(.user).map(\.key) == [0, 1001])
                #expect(try reader.quota(.group, 2001)?.usedInodes == 3)
                #expect(
                    try reader.fileLocks(of: Inode(2))
                        == [FileLock(session: 1, owner: 8_047_787_018_051_162_584, isWrite: true)]
                )
                #expect(try reader.fileLocks(of: Inode(3)).map(\.isWrite) == [false])
                let ranges = try #require(try reader.rangeLocks(of: Inode(5)).first)
                #expect(
                    ranges.locks == [
                        RangeLock(type: 1, processID: 31_280, start: 0, end: 2),
                        RangeLock(type: 0, processID: 31_280, start: 5, end: 8),
                    ]
                )
                #expect(try reader.rangeLocks(of: Inode(3)).first?.locks.map(\.end) == [UInt64(Int64.max)])
                let session = try #require(try reader.sessions().first)
                #expect(session.id == 1 && session.expires == 1_795_461_803)
                #expect(String(decoding: session.info, as: UTF8.self).contains("\"fixture-host\""))
                #expect(try reader.sustainingSessions(of: Inode(185)) == [1])
                #expect(try reader.delayedSlices(168)?.slices().map(\.id) == Array(120...131))
            }
        }
    }

    @Test("Hard links know their parents and names")
    func hardLinks() throws {
        try withFixture { _, engine in try SampleTree.checkHardLinks(engine) }
    }
}

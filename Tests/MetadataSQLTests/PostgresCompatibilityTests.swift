// SPDX-License-Identifier: Apache-2.0
// Against what JuiceFS 1.4.2 wrote: its tables and a volume with everything in it (Tests/Fixtures/metadata).

import Metadata
@testable import MetadataSQL
import SluiceBase
import SluiceTestSupport
import Testing
import VolumeModel

@Suite("PostgreSQL volumes of JuiceFS 1.4.2", .enabled(if: PostgresServer.programs != nil))
struct PostgresCompatibilityTests {
    private func withFixture(_ body: (any MetadataEngine) throws -> Void) throws {
        let bench = try PostgresBench()
        try bench.execute(String(decoding: fixture("metadata/fxpostgres.sql"), as: UTF8.self))
        let engine = try bench.engine()
        try body(engine)
        engine.close()
        try bench.cleanUp()
    }

    @Test("Our tables are theirs")
    func schema() throws {
        let bench = try PostgresBench()
        let engine = try bench.engine()
        try engine.createSchema()
        let ours = try bench.server.schema(of: bench.database)
        let theirs = try fixture("metadata/schema.postgres.txt").split(separator: 0x0A)
        #expect(ours == theirs.map { String(decoding: $0, as: UTF8.self) })
        engine.close()
        try bench.cleanUp()
    }

    @Test("Every record of the volume can be read")
    func records() throws {
        try withFixture { engine in
            try SampleTree.checkRecords(engine)
            try SampleTree.checkHardLinks(engine)
        }
    }

    @Test("The nodes are those that a mount shows")
    func nodes() throws {
        try withFixture { engine in try SampleTree.checkNodes(engine, "metadata/fxpostgres.expected.json") }
    }

    @Test("ACL rules, quotas, locks and the session are as they were set; slices are appended")
    func rest() throws {
        try withFixture { engine in
            try engine.write { transaction throws in
                var rule = try #require(try transaction.aclRule(1))
                #expect(rule.namedUsers == [ACLRule.Entry(id: 1001, permissions: 6)])
                #expect([rule.owner, rule.group, rule.mask, rule.other] == [6, 4, 6, 4])
                #expect(try transaction.aclID(of: rule) == 1)
                rule.other = 5
                #expect(try transaction.aclID(of: rule) > 3)
                let overwrite = try #require(try transaction.chunk(0, of: Inode(122)))
                #expect(try Slice.list(decoding: overwrite.slices).map(\.id) == [108, 109, 110])
                let hole = Slice.hole(position: 0, length: 1)
                #expect(try transaction.appendSlices([hole], toChunk: 0, of: Inode(122)) == 4)
                #expect(try transaction.chunk(0, of: Inode(122))?.slices == overwrite.slices + hole.encoded)
            }
            try engine.read { reader throws in
                #expect(
                    try reader.quota(.directory, 131)
                        == Quota(maxSpace: 1 << 30, maxInodes: 1000, usedSpace: 20480, usedInodes: 3)
                )
                #expect(try reader.quotas(.user).map(\.key) == [0, 1001])
                #expect(try reader.fileLocks(of: Inode(2)).map(\.isWrite) == [true])
                #expect(try reader.fileLocks(of: Inode(3)).map(\.isWrite) == [false])
                let ranges = try #require(try reader.rangeLocks(of: Inode(5)).first)
                #expect(ranges.locks.map { [$0.start, $0.end] } == [[0, 2], [5, 8]])
                let session = try #require(try reader.sessions().first)
                #expect(String(decoding: session.info, as: UTF8.self).contains("\"fixture-host\""))
                #expect(try reader.sustainingSessions(of: Inode(185)) == [1])
                #expect(try reader.delayedSlices(168)?.slices().map(\.id) == Array(120...131))
            }
        }
    }
}

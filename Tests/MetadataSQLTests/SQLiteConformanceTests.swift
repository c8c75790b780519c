// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceTestSupport
import Testing

@Suite("SQLite keeps the promises of a metadata engine")
struct SQLiteConformanceTests {
    @Test("in WAL mode", arguments: MetadataConformance.cases)
    func conforms(_ promise: MetadataCase) throws {
        try promise.check(SQLiteBench(options: "_synchronous=off"))
    }

    @Test("with a table prefix and one connection, as the address says")
    func settings() throws {
        let bench = try SQLiteBench(options: "table_prefix=p&max_open_conns=1&_synchronous=off&_timeout=100")
        let engine = try bench.engine()
        try engine.createSchema()
        try engine.write { try $0.setCounter(.usedSpace, to: 5) }
        #expect(try engine.read { try $0.counter(.usedSpace) } == 5)
        #expect(try bench.numbers("SELECT value FROM jfs_p_counter") == [5])
        #expect(
            try bench.texts("SELECT name FROM sqlite_master WHERE name LIKE 'UQE%edge'") == [
                "UQE_jfs_p_edge_edge"
            ]
        )
        engine.close()
        try bench.cleanUp()
    }
}

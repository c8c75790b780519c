// SPDX-License-Identifier: Apache-2.0

import Metadata
@testable import MetadataSQL
import SluiceTestSupport
import Testing

@Suite("PostgreSQL keeps the promises of a metadata engine", .enabled(if: PostgresServer.programs != nil))
struct PostgresConformanceTests {
    @Test("over a Unix socket", arguments: MetadataConformance.cases)
    func conforms(_ promise: MetadataCase) throws {
        try promise.check(PostgresBench())
    }

    @Test("with a table prefix in capitals, a schema of its own and one connection, as the address says")
    func settings() throws {
        let bench = try PostgresBench(options: "&table_prefix=P&max_open_conns=1&search_path=%22Own%20one%22")
        try bench.execute("CREATE SCHEMA \"Own one\"")
        let engine = try bench.engine()
        try engine.createSchema()
        try engine.write { try $0.setCounter(.usedSpace, to: 5) }
        #expect(try engine.read { try $0.counter(.usedSpace) } == 5)
        #expect(try bench.execute("SELECT value FROM \"Own one\".\"jfs_P_counter\"") == "5\n")
        engine.close()
        try bench.cleanUp()
    }
}

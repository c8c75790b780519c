// SPDX-License-Identifier: Apache-2.0

import Metadata

/// Opens the metadata of a volume in a Redis server.
///
/// Nothing is created.
/// - Throws: `EngineError.invalidAddress`, `.unreachable`, `.denied`; `.incompatible` for a server before 4.0.
package func openRedis(address: String) throws -> RedisEngine {
    try openRedis(DirectConnector(RedisAddress(address)))
}

/// Opens the metadata behind a connector.
package func openRedis(_ connector: some RedisConnector) throws -> RedisEngine {
    let pool = RedisPool(connector)
    // The first connection tells early what is wrong, before any plan is made.
    let report = try pool.withConnection(for: .writing) { try ServerReport(of: $0) }
    guard report.isSupported else {
        throw EngineError(
            .incompatible,
            "open",
            address: connector.address,
            reason: "the server is Redis \(report.version); 4.0 or later is needed"
        )
    }
    return RedisEngine(pool, warnings: report.warnings)
}

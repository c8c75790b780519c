// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase

/// Opens the metadata of a volume in Redis: one server, a master that Sentinels know, or a cluster.
///
/// Nothing is created. Passwords that the address leaves out come from the environment (metadata-format §2).
/// - Throws: `EngineError.invalidAddress`, `.unreachable`, `.denied`; `.incompatible` for a server before 4.0.
package func openRedis(address text: String) throws -> RedisEngine {
    let address = try RedisAddress(text).withSecrets { Posix.environment($0) }
    return try openRedis(address.connector(), limits: address.pool, backoff: address.backoff)
}

/// Opens the metadata behind a connector.
package func openRedis(
    _ connector: any RedisConnector,
    limits: PoolLimits = PoolLimits(),
    backoff: RetryBackoff = RetryBackoff(),
) throws -> RedisEngine {
    let pool = RedisPool(connector, limits: limits, backoff: backoff)
    // The first connection tells early what is wrong, before any plan is made.
    let report = try pool.withConnection(for: .writing) { try RedisServerChecks.run(on: $0) }
    return RedisEngine(pool, warnings: report.warnings)
}

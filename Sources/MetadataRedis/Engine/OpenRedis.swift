// SPDX-License-Identifier: Apache-2.0

import Metadata

/// Opens the metadata of a volume in Redis: one server, a master that Sentinels know, or a cluster.
///
/// Nothing is created. Passwords that the address leaves out come from the environment (metadata-format §2).
/// - Throws: `EngineError.invalidAddress`, `.unreachable`, `.denied`; `.incompatible` for a server before
/// 4.0.
/// - Parameter environment: the value of a variable.
/// - Parameter isReading: the engine will not write: `route-read` holds, and the server's settings stay.
package func openRedis(
    address text: String,
    environment: (String) -> String?,
    isReading: Bool = false,
) throws -> RedisEngine {
    let address = try RedisAddress(text).withSecrets(from: environment)
    return try openRedis(
        address.connector(isReading: isReading),
        limits: address.pool,
        backoff: address.backoff,
        isReading: isReading
    )
}

/// Opens the metadata behind a connector.
package func openRedis(
    _ connector: any RedisConnector,
    limits: PoolLimits = PoolLimits(),
    backoff: RetryBackoff = RetryBackoff(),
    isReading: Bool = false,
) throws -> RedisEngine {
    let pool = RedisPool(connector, limits: limits, backoff: backoff)
    // The first connection tells early what is wrong, before any plan is made.
    let report = try pool.withConnection(for: isReading ? .reading : .writing) {
        try RedisServerChecks.run(on: $0, isReading: isReading)
    }
    return RedisEngine(pool, warnings: report.warnings)
}

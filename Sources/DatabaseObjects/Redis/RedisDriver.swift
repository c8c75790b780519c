// SPDX-License-Identifier: Apache-2.0

import MetadataRedis
package import ObjectStorage
import SluiceBase

extension StorageDriver {
    /// Objects in a Redis database: the bucket is an address as that of metadata, the keys are user and
    /// password.
    package static let redis = StorageDriver(["redis"]) { request throws(StorageError) in
        do {
            return RedisStore(try StorageDriver.pool(request))
        } catch {
            throw StorageError(of: error, "open", address: redactedAddress(request.bucket))
        }
    }

    /// - Throws: also when the server does not answer: it is asked whether it is a node of a cluster.
    private static func pool(_ request: StorageRequest) throws -> RedisPool {
        var address = try RedisAddress(request.bucket)
        if !request.accessKey.isEmpty { address.login.user = Array(request.accessKey.utf8) }
        if !request.secretKey.isEmpty { address.login.password = Array(request.secretKey.utf8) }
        address.sentinelLogin.password = Array((request.environment("SENTINEL_PASSWORD_FOR_OBJ") ?? "").utf8)
        let connector = try address.connector()
        // In a cluster the keys of metadata are on one node, by their prefix `{database}`; objects are not.
        guard connector.keyPrefix.isEmpty else {
            throw StorageError(
                .unsupported,
                "open",
                address: address.shown,
                reason: "objects in a Redis cluster are not supported; a single server or Sentinels are"
            )
        }
        return RedisPool(connector, limits: address.pool, backoff: address.backoff)
    }
}

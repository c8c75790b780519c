// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceTestSupport
import Testing

@Suite(
    "Redis keeps the promises of a metadata engine",
    .enabled(if: RedisServer.program != nil, "there is no redis-server")
)
struct RedisConformanceTests {
    @Test("without a prefix", arguments: MetadataConformance.cases)
    func conforms(_ promise: MetadataCase) throws {
        try promise.check(RedisBench())
    }

    @Test("with the prefix of a cluster", arguments: MetadataConformance.cases)
    func conformsWithPrefix(_ promise: MetadataCase) throws {
        try promise.check(RedisBench(prefix: "{7}"))
    }
}

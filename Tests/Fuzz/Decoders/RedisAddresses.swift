// SPDX-License-Identifier: Apache-2.0

import Metadata
import MetadataRedis
import SluiceBase

/// Addresses of Redis engines; nothing is connected to.
@Sendable func checkRedisAddresses(_ bytes: [UInt8]) throws(BrokenPromise) {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let address = accepted({ () throws(EngineError) in try RedisAddress(text) }) else { return }
    let endpoints: [RedisEndpoint] =
        switch address.servers {
        case .one(let endpoint): [endpoint]
        case .sentinels(let endpoints, _), .cluster(let endpoints): endpoints
        }
    try promise(!endpoints.isEmpty, "an address without servers")
    for endpoint in endpoints {
        switch endpoint {
        case .tcp(let host, let port):
            try promise(!host.isEmpty && port > 0 && !host.utf8.contains(0), "the endpoint \(endpoint)")
        case .unix(let path):
            try promise(path.hasPrefix("/") && !path.utf8.contains(0), "the socket \(endpoint)")
        }
    }
    try promise(address.database >= 0, "the database \(address.database)")
    try promise(address.limits.read > .zero && address.limits.write > .zero, "a time limit of nothing")
    try promise(address.backoff.minimum <= address.backoff.maximum, "pauses that become shorter")
    // What is shown may be copied to another terminal: it is an address again, only without the password.
    if let shown = accepted({ () throws(EngineError) in try RedisAddress(address.shown) }) {
        let isHidden = shown.login.password.isEmpty || shown.login.password == Array("****".utf8)
        try promise(isHidden, "\(address.shown) shows a password")
    }
}

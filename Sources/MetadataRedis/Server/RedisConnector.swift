// SPDX-License-Identifier: Apache-2.0

package import Metadata

/// What a connection is for: replicas may serve those that only read.
package enum ConnectionUse: Hashable, Sendable, CaseIterable {
    case reading, writing
}

/// What opens connections to the server that holds a volume's keys.
///
/// All keys of a volume are on one server in every topology (in a cluster their prefix `{db}` puts them into
/// one slot), so a transaction needs one connection. Thread-safe.
package protocol RedisConnector: Sendable {
    /// The address for people, without secrets.
    var address: String { get }

    /// What stands before every key: nothing, or `{db}` in a cluster.
    var keyPrefix: [UInt8] { get }

    /// Opens a connection that is logged in and has its database selected.
    /// - Throws: `EngineError.unreachable`, `.denied`.
    func connect(for use: ConnectionUse) throws(EngineError) -> RedisConnection
}

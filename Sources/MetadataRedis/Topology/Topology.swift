// SPDX-License-Identifier: Apache-2.0

package import Metadata

extension RedisAddress {
    /// What opens connections to the server that holds the volume, wherever that is just now.
    ///
    /// A single server is asked whether it belongs to a cluster, as JuiceFS 1.4.2 does: the prefix of all
    /// keys depends on it.
    /// - Parameter isReading: the engine will not write, so that `route-read` holds.
    /// - Throws: `EngineError.unreachable`, `.denied`, `.invalidAddress`.
    package func connector(isReading: Bool = false) throws(EngineError) -> any RedisConnector {
        let dialer = try Dialer(self)
        let route = isReading ? readRoute : nil
        switch servers {
        case .sentinels(let sentinels, let master):
            return SentinelConnector(self, dialer, sentinels, master: master, route)
        case .cluster(let seeds):
            return ClusterConnector(self, dialer, seeds, route)
        case .one(let endpoint):
            guard try isClusterNode(endpoint, dialer) else { return DirectConnector(self, dialer, endpoint) }
            return ClusterConnector(self, dialer, [endpoint], route)
        }
    }

    private func isClusterNode(_ endpoint: RedisEndpoint, _ dialer: Dialer) throws(EngineError) -> Bool {
        var question = CommandBatch()
        question.add("CLUSTER", Array("INFO".utf8))
        // No database is selected: the nodes of a cluster have but one.
        let (connection, answers) = try dialer.dial(endpoint, login, database: 0, asking: question)
        connection.close()
        guard case .bytes(let text) = answers.first else { return false }
        return text.starts(with: Array("cluster_state:".utf8))
    }
}

/// Opens connections to one server.
struct DirectConnector: RedisConnector {
    let address: String
    let keyPrefix: [UInt8] = []
    private let target: RedisAddress
    private let dialer: Dialer
    private let endpoint: RedisEndpoint

    init(_ target: RedisAddress, _ dialer: Dialer, _ endpoint: RedisEndpoint) {
        self.target = target
        self.dialer = dialer
        self.endpoint = endpoint
        address = target.shown
    }

    func connect(for use: ConnectionUse) throws(EngineError) -> RedisConnection {
        try dialer.dial(endpoint, target.login, database: target.database).connection
    }
}

// SPDX-License-Identifier: Apache-2.0
// Several servers that belong together.

import SluiceBase

/// A master with a replica, and three Sentinels that watch them.
package final class RedisSentinels: Sendable {
    package static let masterName = "mymaster"

    package let master: RedisServer
    package let replica: RedisServer
    package let sentinels: [RedisServer]

    /// - Parameter password: what the Sentinels themselves ask for; none when empty.
    package init(password: String = "") throws {
        var options = RedisServer.Options()
        options.hasPort = true
        master = try RedisServer(options)
        options.lines = ["replicaof 127.0.0.1 \(master.port)"]
        replica = try RedisServer(options)
        var watching = RedisServer.Options(
            "sentinel monitor \(Self.masterName) 127.0.0.1 \(master.port) 2",
            "sentinel down-after-milliseconds \(Self.masterName) 500",
            "sentinel failover-timeout \(Self.masterName) 2000"
        )
        watching.isSentinel = true
        if !password.isEmpty { watching.lines.append("requirepass \(password)") }
        sentinels = try (0..<3).map { _ in try RedisServer(watching) }
        let master = master
        let isReplicated = try retrying { try master.command("INFO", "replication").contains("state=online") }
        let know = try isReplicated && (!password.isEmpty || areReady())
        guard know else { throw ProgramError(description: "the Sentinels do not find each other") }
    }

    private func areReady() throws -> Bool {
        try sentinels.allSatisfy { sentinel in
            try retrying {
                let facts = try sentinel.command("INFO", "sentinel")
                return facts.contains("status=ok") && facts.contains("slaves=1,sentinels=3")
            }
        }
    }

    /// The address of the volume in this group.
    package func address(database: Int = 0, _ options: String = "") -> String {
        let hosts = sentinels.map { "127.0.0.1:\($0.port)" }.joined(separator: ",")
        return "redis://\(Self.masterName),\(hosts)/\(database)\(options)"
    }
}

/// Three nodes that share the slots of a cluster.
package final class RedisCluster: Sendable {
    package let nodes: [RedisServer]

    package init() throws {
        var options = RedisServer.Options()
        options.isNode = true
        nodes = try (0..<3).map { _ in try RedisServer(options) }
        for (index, node) in nodes.enumerated() {
            let (first, end) = (16384 * index / 3, 16384 * (index + 1) / 3)
            try node.command("CLUSTER", "ADDSLOTSRANGE", "\(first)", "\(end - 1)")
            try node.command("CLUSTER", "SET-CONFIG-EPOCH", "\(index + 1)")
        }
        for node in nodes.dropFirst() {
            let port = node.port
            try nodes[0].command("CLUSTER", "MEET", "127.0.0.1", "\(port)", "\(port - 5000)")
        }
        for node in nodes {
            let isReady = try retrying {
                let facts = try node.command("CLUSTER", "INFO")
                return facts.contains("cluster_state:ok") && facts.contains("cluster_known_nodes:3")
            }
            guard isReady else { throw ProgramError(description: "the cluster does not form: \(node.log)") }
        }
    }

    /// An address with all nodes.
    package func address(database: Int = 0, _ options: String = "") -> String {
        let hosts = nodes.map { "127.0.0.1:\($0.port)" }.joined(separator: ",")
        return "redis://\(hosts)/\(database)\(options)"
    }

    /// An address with one node, whose membership clients find out.
    package func addressOfOne(database: Int = 0) -> String {
        "redis://127.0.0.1:\(nodes[0].port)/\(database)"
    }

    /// The node that holds the keys of a volume.
    package func owner(database: Int) throws -> RedisServer? {
        let slot = try nodes[0].command("CLUSTER", "KEYSLOT", "{\(database)}setting")
        guard let number = Int(slot.dropFirst()) else { return nil }
        return nodes.enumerated().last { 16384 * $0.offset / 3 <= number }?.element
    }

    /// Moves the slot of a volume with its keys, as resharding does.
    package func move(database: Int, from source: RedisServer, to target: RedisServer) throws {
        let slot = String(try source.command("CLUSTER", "KEYSLOT", "{\(database)}").dropFirst())
        let (old, new) = try (source.command("CLUSTER", "MYID"), target.command("CLUSTER", "MYID"))
        try target.command("CLUSTER", "SETSLOT", slot, "IMPORTING", old)
        try source.command("CLUSTER", "SETSLOT", slot, "MIGRATING", new)
        while let key = try source.elements("CLUSTER", "GETKEYSINSLOT", slot, "1").first {
            try source.command("MIGRATE", "127.0.0.1", "\(target.port)", key, "0", "5000")
        }
        for node in [target, source] + nodes { try node.command("CLUSTER", "SETSLOT", slot, "NODE", new) }
    }
}

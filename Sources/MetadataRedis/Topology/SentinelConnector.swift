// SPDX-License-Identifier: Apache-2.0
// Sentinels know which server is the master. They are asked for each new connection, and the server is asked
// whether it agrees: in the seconds of a failover the one that was asked may lag behind.

import Metadata
import Synchronization

/// Opens connections to the master that Sentinels watch, or to one of its replicas.
final class SentinelConnector: RedisConnector {
    let address: String
    let keyPrefix: [UInt8] = []
    private let target: RedisAddress
    private let dialer: Dialer
    private let sentinels: [RedisEndpoint]
    private let master: String
    private let route: ReadRoute?
    /// The index of the one that answered last.
    private let preferred = Atomic(0)

    init(
        _ target: RedisAddress,
        _ dialer: Dialer,
        _ sentinels: [RedisEndpoint],
        master: String,
        _ route: ReadRoute?
    ) {
        self.target = target
        self.dialer = dialer
        self.sentinels = sentinels
        self.master = master
        self.route = route
        address = target.shown
    }

    func connect(for use: ConnectionUse) throws(EngineError) -> RedisConnection {
        let first = preferred.load(ordering: .relaxed)
        var failures: [EngineError] = []
        for offset in sentinels.indices {
            let index = (first + offset) % sentinels.count
            do throws(EngineError) {
                let connection = try connect(use, asking: sentinels[index])
                preferred.store(index, ordering: .relaxed)
                return connection
            } catch {
                // The other Sentinels send to the same server.
                guard error.code != .starting else { throw error }
                failures.append(error)
            }
        }
        // A wrong password is not cured by trying again.
        let worst = failures.first { $0.code == .denied } ?? failures.first
        throw EngineError(
            worst?.code ?? .unreachable,
            "find the master \(master)",
            address: address,
            reason: failures.map(\.description).joined(separator: "; ")
        )
    }

    private func connect(
        _ use: ConnectionUse,
        asking sentinel: RedisEndpoint
    ) throws(EngineError) -> RedisConnection {
        var question = CommandBatch()
        let name = Array(master.utf8)
        question.add("SENTINEL", [Array("get-master-addr-by-name".utf8), name])
        // The name that all versions know.
        question.add("SENTINEL", [Array("slaves".utf8), name])
        let (connection, answers) = try dialer.dial(
            sentinel,
            target.sentinelLogin,
            database: 0,
            asking: question
        )
        connection.close()
        guard case .array(let pair) = answers.first, let found = RedisEndpoint(pair) else {
            throw EngineError(
                .unreachable,
                "ask a Sentinel",
                address: "\(sentinel)",
                reason: answers.first?.errorText ?? "it knows no master of this name"
            )
        }
        if use == .reading, route == .replica,
            let replica = answers.last.flatMap(Self.replicas)?.randomElement()
        {
            return try dial(replica, role: "slave")
        }
        return try dial(found, role: "master")
    }

    private func dial(_ endpoint: RedisEndpoint, role: String) throws(EngineError) -> RedisConnection {
        var question = CommandBatch()
        question.add("ROLE")
        let (connection, answers) = try dialer.dial(
            endpoint,
            target.login,
            database: target.database,
            asking: question
        )
        // A user that may not ask gets an error, and then the Sentinel is believed.
        guard case .array(let parts) = answers.first, case .bytes(let found) = parts.first,
            found != Array(role.utf8)
        else { return connection }
        connection.close()
        throw EngineError(
            .unreachable,
            "connect",
            address: "\(endpoint)",
            reason:
                "the Sentinel names it as \(role), its own word is \(String(decoding: found, as: UTF8.self))"
        )
    }

    /// The replicas that the Sentinel does not take for dead: each is a list of names and values.
    private static func replicas(_ reply: RedisReply) -> [RedisEndpoint]? {
        guard case .array(let rows) = reply else { return nil }
        return rows.compactMap { row in
            guard case .array(let fields) = row else { return nil }
            var values: [String: RedisReply] = [:]
            for index in stride(from: 0, to: fields.count - 1, by: 2) {
                values[fields[index].text] = fields[index + 1]
            }
            let flags = Set((values["flags"]?.text ?? "").split(separator: ","))
            guard flags.isDisjoint(with: ["s_down", "o_down", "disconnected"]) else { return nil }
            return RedisEndpoint([values["ip"] ?? .null, values["port"] ?? .null])
        }
    }
}

extension RedisEndpoint {
    /// A host and a port as servers tell them of others.
    init?(_ pair: some Collection<RedisReply>) {
        guard let host = pair.first, let port = pair.dropFirst().first else { return nil }
        let number: UInt16? =
            if case .integer(let value) = port { UInt16(exactly: value) } else { UInt16(port.text) }
        guard !host.text.isEmpty, let number, number > 0 else { return nil }
        self = .tcp(host: host.text, port: number)
    }
}

extension RedisReply {
    /// Text of a string, empty for everything else.
    var text: String {
        switch self {
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        case .status(let text): text
        case .integer, .null, .array, .error: ""
        }
    }

    /// What the server said, when it said no.
    var errorText: String? {
        failure?.text
    }
}

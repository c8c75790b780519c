// SPDX-License-Identifier: Apache-2.0
// All keys of a volume begin with `{database}`, so they lie in one slot, on one node of the cluster. A
// connection is opened to whoever owned the slot last; in the round trip that logs in the node is asked who
// owns it now. So moved slots and failovers are followed by walking from node to node.

import Metadata
import Synchronization

/// Opens connections to the node of a cluster that holds the volume's slot.
final class ClusterConnector: RedisConnector {
    /// Steps from node to node until one says that the slot is its own.
    private static let maximumSteps = 5

    let address: String
    let keyPrefix: [UInt8]
    private let target: RedisAddress
    private let dialer: Dialer
    private let seeds: [RedisEndpoint]
    private let route: ReadRoute?
    /// Where to ask first: the owner of last time, then all nodes that it named.
    private let known = Mutex<[RedisEndpoint]>([])

    init(_ target: RedisAddress, _ dialer: Dialer, _ seeds: [RedisEndpoint], _ route: ReadRoute?) {
        self.target = target
        self.dialer = dialer
        self.seeds = seeds
        self.route = route
        address = target.shown
        keyPrefix = Array("{\(target.database)}".utf8)
    }

    func connect(for use: ConnectionUse) throws(EngineError) -> RedisConnection {
        let candidates = known.withLock { $0 } + seeds
        var failures: [EngineError] = []
        var tried: Set<RedisEndpoint> = []
        for candidate in candidates where tried.insert(candidate).inserted {
            do throws(EngineError) {
                return try walk(from: candidate, use)
            } catch {
                failures.append(error)
            }
        }
        let worst = failures.first { $0.code == .denied } ?? failures.first
        throw EngineError(
            worst?.code ?? .unreachable,
            "find the node of the keys \(String(decoding: keyPrefix, as: UTF8.self))",
            address: address,
            reason: Set(failures.map(\.description)).sorted().joined(separator: "; ")
        )
    }

    private func walk(from start: RedisEndpoint, _ use: ConnectionUse) throws(EngineError) -> RedisConnection
    {
        var endpoint = start
        for _ in 0..<Self.maximumSteps {
            let (connection, map) = try ask(endpoint)
            let owner = map.owner.endpoint(askedAt: endpoint)
            guard map.isOwnerAsked else {
                connection.close()
                endpoint = owner
                continue
            }
            known.withLock { $0 = [endpoint] + map.others.map { $0.endpoint(askedAt: endpoint) } }
            guard use == .reading, let route, let other = choose(route, map, owner: endpoint) else {
                return connection
            }
            connection.close()
            return try readingConnection(other)
        }
        throw EngineError(
            .unreachable,
            "ask who holds the keys",
            address: "\(endpoint)",
            reason: "the nodes of the cluster do not agree"
        )
    }

    private func ask(_ endpoint: RedisEndpoint) throws(EngineError) -> (RedisConnection, SlotMap) {
        var questions = CommandBatch()
        questions.add("CLUSTER", [Array("MYID".utf8)])
        questions.add("CLUSTER", [Array("KEYSLOT".utf8), keyPrefix])
        questions.add("CLUSTER", [Array("SLOTS".utf8)])
        let (connection, answers) = try dialer.dial(endpoint, target.login, database: 0, asking: questions)
        guard let map = SlotMap(answers) else {
            connection.close()
            throw EngineError(
                answers.contains { $0.errorText?.hasPrefix("NOPERM") == true } ? .denied : .unreachable,
                "ask who holds the keys",
                address: "\(endpoint)",
                reason: answers.compactMap(\.errorText).first ?? "nobody holds the slot of this volume's keys"
            )
        }
        return (connection, map)
    }

    // MARK: Reading

    /// Another node than the owner, nil when the owner it is.
    private func choose(_ route: ReadRoute, _ map: SlotMap, owner: RedisEndpoint) -> RedisEndpoint? {
        let replicas = map.replicas.map { $0.endpoint(askedAt: owner) }
        let chosen: RedisEndpoint? =
            switch route {
            case .replica: replicas.randomElement()
            case .random: ([owner] + replicas).randomElement()
            case .latency: quickest([owner] + replicas)
            }
        return chosen == owner ? nil : chosen
    }

    private func quickest(_ endpoints: [RedisEndpoint]) -> RedisEndpoint? {
        let clock = ContinuousClock()
        var best: (endpoint: RedisEndpoint, time: Duration)?
        for endpoint in endpoints {
            let start = clock.now
            do throws(EngineError) {
                try dialer.dial(endpoint, target.login, database: 0).connection.close()
            } catch { continue }
            let time = clock.now - start
            if best.map({ time < $0.time }) ?? true { best = (endpoint, time) }
        }
        return best?.endpoint
    }

    /// A replica answers reads only to those who say that they know what it is.
    private func readingConnection(_ endpoint: RedisEndpoint) throws(EngineError) -> RedisConnection {
        var question = CommandBatch()
        question.add("READONLY")
        return try dialer.dial(endpoint, target.login, database: 0, asking: question).connection
    }
}

/// Who holds the slot of the volume's keys, as one node sees it.
private struct SlotMap {
    struct Node {
        /// Empty when the node does not know its own address.
        let host: String
        let port: UInt16
        let id: [UInt8]

        init?(_ reply: RedisReply) {
            guard case .array(let parts) = reply, parts.count >= 3, case .integer(let port) = parts[1],
                let port = UInt16(exactly: port), case .bytes(let id) = parts[2]
            else { return nil }
            host = parts[0].text
            self.port = port
            self.id = id
        }

        func endpoint(askedAt asked: RedisEndpoint) -> RedisEndpoint {
            guard host.isEmpty, case .tcp(let host, _) = asked else { return .tcp(host: host, port: port) }
            return .tcp(host: host, port: port)
        }
    }

    let owner: Node
    let replicas: [Node]
    /// The owners of other slots, who can be asked when this one is gone.
    let others: [Node]
    /// Whether the node that answered is the owner.
    let isOwnerAsked: Bool

    /// - Parameter answers: of `CLUSTER MYID`, `CLUSTER KEYSLOT`, `CLUSTER SLOTS`.
    init?(_ answers: [RedisReply]) {
        guard answers.count == 3, case .bytes(let asked) = answers[0], case .integer(let slot) = answers[1],
            case .array(let ranges) = answers[2]
        else { return nil }
        var found: [Node] = []
        var others: [Node] = []
        for case .array(let range) in ranges {
            guard range.count >= 3, case .integer(let first) = range[0], case .integer(let last) = range[1]
            else { continue }
            let nodes = range.dropFirst(2).compactMap(Node.init)
            if first <= slot, slot <= last { found = nodes } else { others += nodes.prefix(1) }
        }
        guard let owner = found.first else { return nil }
        self.owner = owner
        self.others = Array(others.prefix(16))
        replicas = Array(found.dropFirst())
        isOwnerAsked = owner.id == asked
    }
}

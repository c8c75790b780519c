// SPDX-License-Identifier: Apache-2.0

import Metadata

/// Opens connections to single servers as an address wants them: encrypted, logged in, a database selected.
struct Dialer: Sendable {
    let limits: SocketLimits
    /// Nil for connections that are not encrypted.
    let tls: TLSContext?

    /// - Throws: `EngineError.invalidAddress` for certificates that cannot be read.
    init(_ address: RedisAddress) throws(EngineError) {
        limits = address.limits
        tls = if let options = address.tls { try TLSContext(options, address: address.shown) } else { nil }
    }

    /// Connects, logs in, selects the database and asks `questions`, the latter three in one round trip.
    /// - Returns: the connection and the answers to the questions, errors among them.
    /// - Throws: `EngineError.unreachable`, `.denied`, `.failed` for a database that is not there.
    func dial(
        _ endpoint: RedisEndpoint,
        _ login: RedisLogin,
        database: Int,
        asking questions: CommandBatch = CommandBatch(),
    ) throws(EngineError) -> (connection: RedisConnection, answers: [RedisReply]) {
        let connection = RedisConnection(try socket(endpoint), address: "\(endpoint)")
        do throws(EngineError) {
            let answers = try connection.greet(login, database: database, asking: questions)
            return (connection, answers)
        } catch {
            let isSilent = connection.isBroken && connection.roundTrips == 0
            connection.close()
            guard isSilent, tls == nil, case .tcp = endpoint else { throw error }
            // Nothing was ever answered, or nothing that makes sense: a server that waits for TLS does that.
            throw EngineError(
                .unreachable,
                error.operation,
                address: error.address,
                reason: "\(error.reason); if the port is one for TLS, the address begins with rediss://"
            )
        }
    }

    private func socket(_ endpoint: RedisEndpoint) throws(EngineError) -> any RedisSocket {
        switch endpoint {
        case .unix(let path): return try PlainSocket(path: path, limits: limits)
        case .tcp(let host, let port):
            guard let tls else { return try PlainSocket(host: host, port: port, limits: limits) }
            // Shaking hands is a part of connecting.
            var connecting = limits
            connecting.read = limits.connect
            let plain = try PlainSocket(host: host, port: port, limits: connecting)
            let socket = try TLSSocket(over: plain, tls, host: host, address: "\(endpoint)")
            plain.limitReads(to: limits.read)
            return socket
        }
    }
}

extension RedisConnection {
    fileprivate func greet(
        _ login: RedisLogin,
        database: Int,
        asking questions: CommandBatch,
    ) throws(EngineError) -> [RedisReply] {
        var batch = CommandBatch()
        if !login.password.isEmpty {
            batch.add("AUTH", login.user.isEmpty ? [login.password] : [login.user, login.password])
        }
        if database != 0 { batch.add("SELECT", Array(String(database).utf8)) }
        let requiredCount = batch.count
        batch.add("CLIENT", Array("ID".utf8))
        batch.add("INFO", Array("server".utf8))
        batch.add(questions)
        let replies = try exchange(batch)
        for reply in replies.prefix(requiredCount) {
            guard case .error(let failure) = reply else { continue }
            // Before Redis 6 a wrong password is an ordinary error.
            let isDenied = failure.engineCode == .denied || failure.text.contains("invalid password")
            throw refusal(isDenied ? .denied : failure.engineCode, failure)
        }
        let answers = Array(replies.dropFirst(requiredCount))
        for case .error(let failure) in answers where failure.code == "NOAUTH" {
            throw refusal(.denied, failure)
        }
        if case .integer(let id) = answers.first { clientID = id }
        if case .bytes(let facts) = answers.dropFirst().first { serverRun = Self.run(in: facts) }
        return Array(answers.dropFirst(2))
    }

    /// The value behind `run_id:`.
    private static func run(in facts: [UInt8]) -> [UInt8] {
        let name = Array("run_id:".utf8)
        let line = facts.split { $0 == 0x0D || $0 == 0x0A }.first { $0.starts(with: name) }
        return Array(line?.dropFirst(name.count) ?? [])
    }

    private func refusal(_ code: EngineError.Code, _ failure: RedisFailure) -> EngineError {
        EngineError(code, "log in", address: address, reason: failure.text)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Metadata

/// Opens connections to single servers as an address wants them: encrypted, logged in, a database selected.
struct Dialer: Sendable {
    let limits: SocketLimits
    let loading: LoadingPauses
    /// Nil for connections that are not encrypted.
    let tls: TLSContext?

    /// - Throws: `EngineError.invalidAddress` for certificates that cannot be read.
    init(_ address: RedisAddress) throws(EngineError) {
        limits = address.limits
        loading = LoadingPauses(address.backoff)
        tls = if let options = address.tls { try TLSContext(options, address: address.shown) } else { nil }
    }

    /// Connects, logs in, selects the database and asks `questions`, the latter three in one round trip;
    /// waits while the server reads its data into memory, as it refuses most questions until then.
    /// - Returns: the connection and the answers to the questions, errors among them.
    /// - Throws: `EngineError.unreachable`, `.denied`, `.starting` when the server goes on loading, `.failed`
    ///   for a database that is not there.
    func dial(
        _ endpoint: RedisEndpoint,
        _ login: RedisLogin,
        database: Int,
        asking questions: CommandBatch = CommandBatch(),
    ) throws(EngineError) -> (connection: RedisConnection, answers: [RedisReply]) {
        let connection = RedisConnection(try socket(endpoint), address: "\(endpoint)")
        do throws(EngineError) {
            let answers = try connection.greet(login, database: database, asking: questions, loading)
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

/// Pauses while a server loads its data: a minute in all, with the usual ones.
struct LoadingPauses: Sendable {
    private static let count = 60
    private static let longest = Duration.seconds(1)

    private var backoff: RetryBackoff

    init(_ backoff: RetryBackoff) {
        self.backoff = backoff
        self.backoff.maximum = min(backoff.maximum, Self.longest)
    }

    /// - Parameter number: of the pause, from 1.
    /// - Returns: false when there was one too many.
    func wait(number: Int) -> Bool {
        guard number <= Self.count else { return false }
        backoff.wait(after: number)
        return true
    }
}

extension RedisConnection {
    fileprivate func greet(
        _ login: RedisLogin,
        database: Int,
        asking questions: CommandBatch,
        _ loading: LoadingPauses,
    ) throws(EngineError) -> [RedisReply] {
        var batch = CommandBatch()
        if !login.password.isEmpty {
            batch.add("AUTH", login.user.isEmpty ? [login.password] : [login.user, login.password])
        }
        if database != 0 { batch.add("SELECT", Array(String(database).utf8)) }
        let requiredCount = batch.count
        batch.add("CLIENT", Array("ID".utf8))
        batch.add("INFO", Array("server".utf8))
        var probe = CommandBatch()
        probe.add("PING")
        probe.add(questions)
        batch.add(probe)
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
        return try loaded(Array(answers.dropFirst(2)), probe, loading)
    }

    /// Repeats a question and what belongs to it until the server does not refuse it for loading.
    /// - Returns: the answers without the first.
    private func loaded(
        _ answers: [RedisReply],
        _ probe: CommandBatch,
        _ pauses: LoadingPauses,
    ) throws(EngineError) -> [RedisReply] {
        var answers = answers
        var pause = 1
        while let failure = answers.first?.failure, failure.isLoading {
            guard pauses.wait(number: pause) else { throw refusal(.starting, failure) }
            pause += 1
            answers = try exchange(probe)
        }
        return Array(answers.dropFirst())
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

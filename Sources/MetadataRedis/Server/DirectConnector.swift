// SPDX-License-Identifier: Apache-2.0

package import Metadata

/// Opens connections to one server by TCP or a Unix socket.
package struct DirectConnector: RedisConnector {
    package let address: String
    package let keyPrefix: [UInt8] = []
    private let target: RedisAddress

    package init(_ target: RedisAddress) {
        self.target = target
        address = target.shown
    }

    package func connect(for use: ConnectionUse) throws(EngineError) -> RedisConnection {
        let limits = SocketLimits()
        let socket: any RedisSocket =
            switch target.server {
            case .host(let name, let port): try PlainSocket(host: name, port: port, limits: limits)
            case .path(let path): try PlainSocket(path: path, limits: limits)
            }
        let connection = RedisConnection(socket, address: address)
        try connection.greet(user: target.user, password: target.password, database: target.database)
        return connection
    }
}

extension RedisConnection {
    /// Logs in, selects the database and learns the connection's number, in one round trip.
    /// - Throws: `EngineError.denied` for a wrong password, `.failed` for a database that is not there.
    package func greet(user: String, password: String, database: Int) throws(EngineError) {
        var batch = CommandBatch()
        var required = 0
        if !password.isEmpty {
            let words = user.isEmpty ? [password] : [user, password]
            batch.add("AUTH", words.map { Array($0.utf8) })
            required += 1
        }
        if database != 0 {
            batch.add("SELECT", Array(String(database).utf8))
            required += 1
        }
        batch.add("CLIENT", Array("ID".utf8))
        let replies = try exchange(batch)
        for reply in replies.prefix(required) {
            guard case .error(let failure) = reply else { continue }
            // Before Redis 6 a wrong password is an ordinary error.
            let isDenied = failure.engineCode == .denied || failure.text.contains("invalid password")
            throw EngineError(
                isDenied ? .denied : failure.engineCode,
                "log in",
                address: address,
                reason: failure.text
            )
        }
        guard let last = replies.last else { return }
        if case .error(let failure) = last, failure.code == "NOAUTH" {
            throw EngineError(.denied, "log in", address: address, reason: failure.text)
        }
        if case .integer(let id) = last { clientID = id }
    }
}

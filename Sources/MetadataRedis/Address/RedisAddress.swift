// SPDX-License-Identifier: Apache-2.0
// What an address of a Redis engine says (metadata-format §2). `RedisAddress+Parsing.swift` reads the text,
// `AddressOptions.swift` its options, `RedisSecrets.swift` adds what the environment knows.

/// A place where a server listens.
package enum RedisEndpoint: Hashable, Sendable, CustomStringConvertible {
    /// A host name or an IP address without brackets.
    case tcp(host: String, port: UInt16)
    /// A Unix socket.
    case unix(path: String)

    /// `host:6379`, `[::1]:6379` or the path, for people.
    package var description: String {
        switch self {
        case .tcp(let host, let port):
            host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): path
        }
    }
}

/// A user and password of a server; both empty when it asks for none.
package struct RedisLogin: Hashable, Sendable {
    /// Empty for the default user.
    package var user: [UInt8] = []
    package var password: [UInt8] = []

    package init() {}
}

/// What the address asks of TLS.
package struct TLSOptions: Hashable, Sendable {
    /// Certificates in PEM form that a server's may be signed by; the system's when nil.
    package var authorityFile: String?
    /// The own certificate and its key in PEM form; both or none.
    package var certificateFile: String?
    package var keyFile: String?
    /// The name that the server's certificate must bear; the host of each connection when nil.
    package var serverName: String?
    /// Whether any certificate will do.
    package var isInsecure = false

    package init() {}
}

/// Which servers may answer clients that only read.
package enum ReadRoute: String, Hashable, Sendable, CaseIterable {
    /// Any server that holds the keys.
    case random
    /// The one that answers first.
    case latency
    case replica
}

/// Pauses between tries to connect: the first, doubled each time up to the last.
package struct RetryBackoff: Hashable, Sendable {
    package var minimum = Duration.milliseconds(20)
    package var maximum = Duration.seconds(10)

    package init() {}
}

/// A parsed address.
package struct RedisAddress: Hashable, Sendable {
    /// What the address names.
    package enum Servers: Hashable, Sendable {
        /// One server, which may turn out to be a node of a cluster.
        case one(RedisEndpoint)
        /// Sentinels that know where the master of that name is.
        case sentinels([RedisEndpoint], master: String)
        /// Nodes of a cluster, any of which tells about the others.
        case cluster([RedisEndpoint])
    }

    package var servers: Servers
    package var login = RedisLogin()
    /// What the Sentinels themselves ask for.
    package var sentinelLogin = RedisLogin()
    /// The number of the database; in a cluster it only forms the prefix of the keys.
    package var database = 0
    /// Nil for a connection that is not encrypted.
    package var tls: TLSOptions?
    package var limits = SocketLimits()
    package var backoff = RetryBackoff()
    package var pool = PoolLimits()
    /// Only for engines that were opened for reading.
    package var readRoute: ReadRoute?
    /// The address for people, without secrets.
    package let shown: String

    init(_ servers: Servers, shown: String) {
        self.servers = servers
        self.shown = shown
    }
}

// SPDX-License-Identifier: Apache-2.0
// `redis://[user]:[password]@host[:port]/db` and `unix://[user:password@]/path?db=N` (metadata-format §2).

package import Metadata
import SluiceBase

/// A parsed address.
package struct RedisAddress: Hashable, Sendable {
    /// Where the server listens.
    package enum Server: Hashable, Sendable {
        case host(String, port: UInt16)
        case path(String)
    }

    package var server: Server
    package var user = ""
    package var password = ""
    package var database = 0
    /// The address for people, without secrets.
    package let shown: String

    /// Reads an address.
    /// - Throws: `EngineError.invalidAddress`.
    package init(_ text: String) throws(EngineError) {
        shown = redactedAddress(text)
        let unix = "unix://"
        let tcp = "redis://"
        var rest: Substring
        if text.hasPrefix(unix) {
            rest = text.dropFirst(unix.count)
        } else if text.hasPrefix(tcp) {
            rest = text.dropFirst(tcp.count)
        } else {
            throw Self.invalid(shown, "it must begin with redis:// or unix://")
        }
        if let at = rest.lastIndex(of: "@") {
            let login = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            user = String(login[0])
            password = login.count == 2 ? String(login[1]) : ""
            rest = rest[rest.index(after: at)...]
        }
        var number = "0"
        if text.hasPrefix(unix) {
            let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
            server = .path(String(parts[0]))
            if parts.count == 2 {
                guard parts[1].hasPrefix("db=") else {
                    throw Self.invalid(shown, "only the option db is known")
                }
                number = String(parts[1].dropFirst(3))
            }
        } else {
            let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            let host = parts[0].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let name = host.first.map(String.init) ?? ""
            guard let port = UInt16(host.count == 2 ? String(host[1]) : "6379") else {
                throw Self.invalid(shown, "the port is no number up to 65535")
            }
            server = .host(name.isEmpty ? "localhost" : name, port: port)
            if parts.count == 2, !parts[1].isEmpty { number = String(parts[1]) }
        }
        guard let database = Int(number), database >= 0 else {
            throw Self.invalid(shown, "the database is no number")
        }
        self.database = database
    }

    private static func invalid(_ address: String, _ reason: String) -> EngineError {
        EngineError(.invalidAddress, "read the address", address: address, reason: reason)
    }
}

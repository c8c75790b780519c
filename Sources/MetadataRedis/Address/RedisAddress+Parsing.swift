// SPDX-License-Identifier: Apache-2.0
// `redis[s]://[user:password@]hosts[/database][?options]` and `unix://[user:password@]/path[?options]`.
// Errors quote nothing of the text but names of options: a piece that stands where it should not may be part
// of a password.

package import Metadata
import SluiceBase

extension RedisAddress {
    /// Reads an address; text without `://` is one of `redis://`.
    /// - Throws: `EngineError.invalidAddress` for anything that JuiceFS 1.4.2 cannot read either, for options
    /// that are not known, and for what it would silently take for something else.
    package init(_ text: String) throws(EngineError) {
        let full = text.contains(schemeEnd: "://") ? text : "redis://" + text
        let refuse = AddressRefusal(shown: redactedAddress(full))
        let parts = try AddressParts(full, refuse)
        var address: RedisAddress
        switch parts.scheme {
        case "redis", "rediss":
            address = RedisAddress(try Self.servers(parts.hosts, refuse), shown: refuse.shown)
            address.database = try Self.database(parts.path, refuse)
            if parts.scheme == "rediss" { address.tls = TLSOptions() }
        case "unix":
            address = RedisAddress(try Self.socket(parts, refuse), shown: refuse.shown)
        default: throw refuse.because("it must begin with redis://, rediss:// or unix://")
        }
        address.login = try Self.login(parts.login, refuse)
        try address.apply(options: parts.options, refuse)
        self = address
    }

    private static func socket(_ parts: AddressParts, _ refuse: AddressRefusal) throws(EngineError) -> Servers
    {
        guard parts.hosts.isEmpty else {
            throw refuse.because("the path of a socket is absolute, as in unix:///run/redis.sock")
        }
        guard let path = percentDecoded(parts.path), let name = String(validating: path, as: UTF8.self) else {
            throw refuse.because("the path of the socket is no text, or a % in it is not written %25")
        }
        guard path.count > 1, !path.contains(0) else { throw refuse.because("it names no socket") }
        return .one(.unix(path: name))
    }

    private static func login(_ text: [UInt8]?, _ refuse: AddressRefusal) throws(EngineError) -> RedisLogin {
        var login = RedisLogin()
        guard let text else { return login }
        let halves = text.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let user = percentDecoded(halves[0]),
            let password = percentDecoded(halves.count == 2 ? halves[1] : [])
        else { throw refuse.because("a % in the user or password is not written %25") }
        login.user = user
        login.password = password
        return login
    }

    /// `/3`, `/` or nothing.
    private static func database(_ path: [UInt8], _ refuse: AddressRefusal) throws(EngineError) -> Int {
        let names = path.split(separator: UInt8(ascii: "/"))
        guard let first = names.first else { return 0 }
        guard names.count == 1 else { throw refuse.because("behind the hosts there is more than a database") }
        return try database(String(decoding: first, as: UTF8.self), refuse)
    }

    static func database(_ text: String, _ refuse: AddressRefusal) throws(EngineError) -> Int {
        guard let number = Int(text), (0...Int(Int32.max)).contains(number) else {
            throw refuse.because("the database is not a number from 0 on")
        }
        return number
    }

    // MARK: Hosts

    /// One host; with a comma a cluster, or Sentinels when the first comma comes before the first colon.
    private static func servers(_ hosts: [UInt8], _ refuse: AddressRefusal) throws(EngineError) -> Servers {
        let colon = hosts.firstIndex(of: UInt8(ascii: ":"))
        let items = hosts.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        var parsed: [HostAndPort] = []
        for item in items { parsed.append(try HostAndPort(item, refuse)) }
        guard let comma = hosts.firstIndex(of: UInt8(ascii: ",")) else {
            let host = parsed[0].host
            return .one(.tcp(host: host.isEmpty ? "localhost" : host, port: parsed[0].port ?? 6379))
        }
        guard !parsed.contains(where: \.host.isEmpty) else {
            throw refuse.because("a host in the list is empty")
        }
        guard let colon else {
            // Compatibility: 1.4.2 takes such a list for a cluster and then finds no port to connect to.
            throw refuse.because("a list of hosts needs a port, as in master,host1,host2:26379")
        }
        guard comma < colon else { return try .cluster(cluster(parsed, refuse)) }
        return .sentinels(sentinels(parsed.dropFirst()), master: parsed[0].host)
    }

    private static func cluster(
        _ hosts: [HostAndPort],
        _ refuse: AddressRefusal
    ) throws(EngineError) -> [RedisEndpoint] {
        var nodes: [RedisEndpoint] = []
        for host in hosts {
            guard let port = host.port else { throw refuse.because("each host of a cluster needs its port") }
            nodes.append(.tcp(host: host.host, port: port))
        }
        return nodes
    }

    /// A missing port is that of the last host, else 26379.
    private static func sentinels(_ hosts: ArraySlice<HostAndPort>) -> [RedisEndpoint] {
        let port = hosts.last?.port ?? 26379
        return hosts.map { .tcp(host: $0.host, port: $0.port ?? port) }
    }
}

/// Makes the errors of one address.
struct AddressRefusal {
    /// The address without secrets.
    let shown: String

    func because(_ reason: String) -> EngineError {
        EngineError(.invalidAddress, "read the address", address: shown, reason: reason)
    }
}

/// The raw parts of an address, as URLs are cut.
private struct AddressParts {
    let scheme: String
    /// What stands before the last `@`, nil when there is none.
    let login: [UInt8]?
    let hosts: [UInt8]
    /// With its slash; empty when there is none.
    let path: [UInt8]
    let options: [UInt8]

    init(_ text: String, _ refuse: AddressRefusal) throws(EngineError) {
        let bytes = Array(text.utf8)
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else {
            throw refuse.because("it names no server")
        }
        scheme = String(decoding: bytes[..<colon], as: UTF8.self)
        let rest = bytes[(colon + 1)...].dropFirst(2)
        guard !rest.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else {
            throw refuse.because("blanks and control characters are written %20 and so on")
        }
        guard !rest.contains(UInt8(ascii: "#")) else { throw refuse.because("a # is written %23") }
        let question = rest.firstIndex(of: UInt8(ascii: "?")) ?? rest.endIndex
        options = Array(rest[question...].dropFirst())
        let slash = rest[..<question].firstIndex(of: UInt8(ascii: "/")) ?? question
        path = Array(rest[slash..<question])
        let authority = rest[..<slash]
        if let at = authority.lastIndex(of: UInt8(ascii: "@")) {
            login = Array(authority[..<at])
            hosts = Array(authority[(at + 1)...])
        } else {
            login = nil
            hosts = Array(authority)
            // The user meant a password that ends here.
            let isPassword =
                scheme == "unix" ? options.contains(UInt8(ascii: "@")) : rest.contains(UInt8(ascii: "@"))
            guard !isPassword else {
                throw refuse.because(
                    "/ and ? in a user or password are written %2F and %3F, @ elsewhere is %40"
                )
            }
        }
    }
}

/// One item of a list of hosts.
private struct HostAndPort {
    /// Without brackets.
    let host: String
    let port: UInt16?

    init(_ text: ArraySlice<UInt8>, _ refuse: AddressRefusal) throws(EngineError) {
        let name: ArraySlice<UInt8>
        let rest: ArraySlice<UInt8>
        if text.first == UInt8(ascii: "[") {
            guard let end = text.firstIndex(of: UInt8(ascii: "]")) else {
                throw refuse.because("an IPv6 address lacks its ]")
            }
            name = text[(text.startIndex + 1)..<end]
            rest = text[(end + 1)...]
            let isAddress = name.contains(UInt8(ascii: ":")) && name.allSatisfy(Self.isAddressByte)
            guard isAddress, rest.isEmpty || rest.first == UInt8(ascii: ":") else {
                throw refuse.because("between [ and ] stands no IPv6 address")
            }
        } else {
            let colon = text.firstIndex(of: UInt8(ascii: ":")) ?? text.endIndex
            name = text[..<colon]
            rest = text[colon...]
            guard name.allSatisfy(Self.isNameByte) else {
                throw refuse.because("a host is no name of a host")
            }
        }
        let digits = rest.dropFirst()
        guard !digits.contains(UInt8(ascii: ":")) else {
            throw refuse.because("an IPv6 address stands between [ and ]")
        }
        let number = UInt16(String(decoding: digits, as: UTF8.self))
        guard digits.isEmpty || number.map({ $0 > 0 }) == true, digits.first != UInt8(ascii: "+") else {
            throw refuse.because("a port is no number up to 65535")
        }
        // `%25` in brackets is the sign before the name of an interface.
        guard let decoded = percentDecoded(name) else { throw refuse.because("a % in a host is written %25") }
        host = String(decoding: decoded, as: UTF8.self)
        port = number
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"),
            0x80...:
            true
        default: false
        }
    }

    private static func isAddressByte(_ byte: UInt8) -> Bool {
        isNameByte(byte) || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "%")
    }
}

extension String {
    /// Whether the mark that ends a scheme occurs.
    fileprivate func contains(schemeEnd mark: String) -> Bool {
        let (text, mark) = (Array(utf8), Array(mark.utf8))
        return text.indices.contains { text[$0...].starts(with: mark) }
    }
}

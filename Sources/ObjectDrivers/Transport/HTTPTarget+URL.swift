// SPDX-License-Identifier: Apache-2.0

extension HTTPTarget {
    /// Takes an `http` or `https` address apart; nil for any other text.
    package init?(url: String) {
        let bytes = Array(url.utf8)
        let isSecure = bytes.starts(with: "https://".utf8)
        guard isSecure || bytes.starts(with: "http://".utf8) else { return nil }
        let rest = bytes[(isSecure ? 8 : 7)...].prefix { $0 != UInt8(ascii: "#") }
        let authority = rest.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
        guard let (host, port) = Self.hostAndPort(String(decoding: authority, as: UTF8.self)) else {
            return nil
        }
        let tail = rest.dropFirst(authority.count)
        let path = tail.prefix { $0 != UInt8(ascii: "?") }
        guard let decoded = try? PercentEncoding.decode(path) else { return nil }
        var query: [HTTPParameter] = []
        for pair in tail.dropFirst(path.count + 1).split(separator: UInt8(ascii: "&")) {
            let name = pair.prefix { $0 != UInt8(ascii: "=") }
            guard let value = try? PercentEncoding.decode(pair.dropFirst(name.count + 1), plusIsSpace: true),
                let plain = try? PercentEncoding.decode(name, plusIsSpace: true)
            else { return nil }
            query.append(HTTPParameter(String(decoding: plain, as: UTF8.self), bytes: value))
        }
        self.init(
            isSecure: isSecure,
            host: host,
            port: port,
            path: decoded.isEmpty ? [UInt8(ascii: "/")] : decoded,
            query: query
        )
    }

    /// `host`, `host:port`, `[v6]` or `[v6]:port`; nil for anything else.
    package static func hostAndPort(_ text: String) -> (host: String, port: UInt16?)? {
        let host: Substring
        let tail: Substring
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<end]
            tail = text[text.index(after: end)...]
            guard host.utf8.allSatisfy({ isHexadecimal($0) || [0x3A, 0x2E].contains($0) }) else { return nil }
        } else {
            host = text.prefix { $0 != ":" }
            tail = text.dropFirst(host.count)
            guard host.utf8.allSatisfy(isHostByte) else { return nil }
        }
        guard !host.isEmpty else { return nil }
        guard !tail.isEmpty else { return (String(host), nil) }
        let digits = tail.dropFirst()
        guard tail.hasPrefix(":"), digits.utf8.allSatisfy({ (48...57).contains($0) }),
            let port = UInt16(digits), port > 0
        else { return nil }
        return (String(host), port)
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

package import ObjectStorage
import SluiceBase

/// A folder, or the beginning of paths, on a server: `HOST[:PORT]:PATH` (data-format §2.5).
package struct SFTPLocation: Hashable, Sendable {
    /// A name or an address, IPv6 without brackets.
    package let host: String
    package let port: UInt16
    /// The folder's path, which ends in `/`; relative ones begin where the user's login does, `./` is that.
    package let folder: [UInt8]
    /// How names in the folder begin; empty where the path ends in a slash.
    package let prefix: [UInt8]

    /// - Throws: `.unsupported` for a text that is none.
    package init(_ bucket: String) throws(StorageError) {
        let text = bucket.hasPrefix("sftp://") ? bucket.dropFirst("sftp://".count) : bucket[...]
        func refusal(_ reason: String) -> StorageError {
            StorageError(
                .unsupported,
                "open",
                address: redactedAddress("sftp://\(text)"),
                reason: "\(reason); it is written HOST:PATH or HOST:PORT:PATH"
            )
        }
        let end = text.hasPrefix("[") ? text.firstIndex(of: "]") ?? text.endIndex : text.startIndex
        guard let colon = text[end...].firstIndex(of: ":") else { throw refusal("it has no colon") }
        guard !text[..<colon].contains("@") else {
            throw refusal("user and password are given as access key and secret key")
        }
        var rest = text[colon...].dropFirst()
        let digits = rest.prefix { $0 != ":" }
        let isPort = digits.count < rest.count && !digits.isEmpty && digits.allSatisfy(\.isASCIIDigit)
        guard let found = HTTPTarget.hostAndPort("\(text[..<colon])\(isPort ? ":\(digits)" : "")") else {
            throw refusal("the host or port is none")
        }
        // Compatibility: 1.4.2 refuses this too, because a port was meant.
        let first = rest.prefix { $0 != "/" }
        guard isPort || first.isEmpty || first.count == rest.count || !first.allSatisfy(\.isASCIIDigit) else {
            throw refusal("behind the port a colon is missing")
        }
        if isPort { rest = rest.dropFirst(digits.count + 1) }
        guard !rest.utf8.contains(0) else { throw refusal("the path holds a zero byte") }
        let path = Self.cleaned(Array(rest.utf8))
        let cut = path.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
        (host, port) = (found.host, found.port ?? 22)
        folder = cut == 0 ? Array("./".utf8) : Array(path[..<cut])
        prefix = Array(path[cut...])
    }

    /// For people: `sftp://host:2022:/folder/`.
    package var address: String { "sftp://\(server)\(ByteString(folder))" }

    /// The folder alone, as it can be read again.
    package var folderAddress: String { server + String(decoding: folder, as: UTF8.self) }

    private var server: String {
        let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        return "\(name):\(port == 22 ? "" : "\(port):")"
    }

    /// The path without empty names, `.` and `..`, with its slash at the end.
    private static func cleaned(_ path: [UInt8]) -> [UInt8] {
        let slash = UInt8(ascii: "/")
        let isAbsolute = path.first == slash
        var names: [ArraySlice<UInt8>] = []
        for name in path.split(separator: slash) where !name.elementsEqual(".".utf8) {
            guard name.elementsEqual("..".utf8) else {
                names.append(name)
                continue
            }
            if let last = names.last, !last.elementsEqual("..".utf8) {
                names.removeLast()
            } else if !isAbsolute {
                names.append(name)
            }
        }
        var clean = (isAbsolute ? [slash] : []) + Array(names.joined(separator: [slash]))
        let ends = path.last == slash || path.suffix(2).elementsEqual("/.".utf8) || path == Array(".".utf8)
        if ends, !names.isEmpty { clean.append(slash) }
        return clean
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}

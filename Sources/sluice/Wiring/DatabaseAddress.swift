// SPDX-License-Identifier: Apache-2.0
// Databases as `sync` is told of them: the address of the database, and a prefix of keys behind it. JuiceFS
// 1.4.2 has these storages for volumes only, so the spelling is ours.

import ObjectStorage
import SluiceBase

extension BucketAddress {
    /// `redis[s]://[USER:PASSWORD@]HOST/DATABASE/PREFIX[?options]`.
    init(redis scheme: Substring, _ text: Substring, of address: String) throws {
        let parts = DatabaseParts(text)
        guard parts.name.isEmpty || parts.name.utf8.allSatisfy({ (48...57).contains($0) }) else {
            throw Self.refusal(
                address,
                "'\(parts.name)' is not the number of a database",
                "write redis://HOST/DATABASE/PREFIX, as in redis://localhost:6379/0/photos/"
            )
        }
        self.init(
            "redis",
            bucket: "\(scheme)://\(parts.authority)/\(parts.name)\(parts.query)",
            prefix: try SyncAddress.decoded(parts.rest, of: address)
        )
    }

    /// `postgres://[USER:PASSWORD@]HOST/DATABASE/PREFIX[?options]`.
    init(postgres text: Substring, of address: String) throws {
        let parts = DatabaseParts(text)
        guard !parts.name.isEmpty else {
            throw Self.refusal(
                address,
                "it names no database",
                "write postgres://USER@HOST/DATABASE/PREFIX"
            )
        }
        self.init(
            "postgres",
            bucket: "\(parts.authority)/\(parts.name)\(parts.query)",
            prefix: try SyncAddress.decoded(parts.rest, of: address)
        )
    }

    /// `sqlite3://PATH/PREFIX[?options]`.
    ///
    /// The path ends with the first name in it that is a file, else with the first that ends in `.db`,
    /// `.sqlite` or `.sqlite3`. As in addresses of metadata it is not percent-encoded.
    init(sqlite text: Substring, of address: String) throws {
        let path = text.prefix { $0 != "?" }
        let query = text.dropFirst(path.count)
        let ends = path.indices.filter { path[$0] == "/" } + [path.endIndex]
        let files = ends.map { path[..<$0] }
        let isFile = { (file: Substring) in
            (try? Posix.statusIfPresent(ByteString(String(file)), follow: true))?.kind == .regular
        }
        let isNamedSo = { (file: Substring) in
            [".db", ".sqlite", ".sqlite3"].contains { file.hasSuffix($0) }
        }
        guard let file = files.first(where: isFile) ?? files.first(where: isNamedSo) else {
            throw Self.refusal(
                address,
                "it names no database file",
                "write sqlite3://FILE/PREFIX; the name of a new file ends in .db"
            )
        }
        let rest = path[file.endIndex...].drop { $0 == "/" }
        self.init(
            "sqlite3",
            bucket: "\(file)\(query)",
            prefix: try SyncAddress.decoded(rest, of: address)
        )
    }

    static func refusal(_ address: String, _ reason: String, _ hint: String) -> Failure {
        Failure("'\(redactedAddress(address))': \(reason)", hint: hint, status: .usage)
    }
}

/// `AUTHORITY/NAME/REST?QUERY`, each raw.
private struct DatabaseParts {
    let authority: Substring
    let name: Substring
    let rest: Substring
    /// With its `?`.
    let query: Substring

    init(_ text: Substring) {
        let place = text.prefix { $0 != "?" }
        query = text.dropFirst(place.count)
        authority = place.prefix { $0 != "/" }
        let path = place.dropFirst(authority.count).drop { $0 == "/" }
        name = path.prefix { $0 != "/" }
        rest = path.dropFirst(name.count).drop { $0 == "/" }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Buckets of the storages `sqlite3` and `postgres` (data-format §2.1): a path, an address without scheme.

package import Metadata
import SluiceBase

extension BlobTable {
    /// Opens the objects in an SQLite file; nothing is opened or made yet.
    /// - Parameter bucket: the file's path, options of `SQLiteAddress` behind a `?`.
    /// - Throws: `EngineError.invalidAddress`.
    package static func sqlite(_ bucket: String) throws(EngineError) -> BlobTable {
        let scheme = "sqlite3://"
        var address = try SQLiteAddress(bucket.hasPrefix(scheme) ? bucket : scheme + bucket)
        // Compatibility: JuiceFS 1.4.2 leaves these files in the mode that they have.
        if address.options.journal == .wal { address.options.journal = nil }
        return BlobTable(
            address: address.text,
            dialect: .sqlite,
            pool: ConnectionPool(SQLiteConnector(address: address, mayCreate: true), address.options.pool)
        )
    }

    /// Opens the objects in a PostgreSQL database; the server is asked with the first use.
    /// - Parameters:
    ///   - bucket: `HOST:PORT/DATABASE?options`; with a user and password of its own only when `user` is
    ///     empty.
    ///   - user: and its password.
    /// - Throws: `EngineError.invalidAddress`.
    package static func postgres(
        _ bucket: String,
        user: String,
        password: String,
    ) throws(EngineError) -> BlobTable {
        let rest =
            ["postgres://", "postgresql://"].first { bucket.hasPrefix($0) }
            .map { bucket.dropFirst($0.count) } ?? bucket[...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard user.isEmpty || !authority.contains("@") else {
            throw EngineError(
                .invalidAddress,
                "read the address",
                address: redactedAddress("postgres://\(rest)"),
                reason: "the user is given twice: in the bucket, and as access key"
            )
        }
        let login = user.isEmpty ? "" : "\(percentEncoded(user)):\(percentEncoded(password))@"
        let address = try PostgresAddress("postgres://\(login)\(rest)")
        return BlobTable(
            address: address.text,
            dialect: .postgres,
            pool: ConnectionPool(PostgresConnector(address: address), address.options.pool)
        )
    }

    /// Every byte but letters and digits as `%XX`.
    private static func percentEncoded(_ text: String) -> String {
        text.utf8.reduce(into: "") { encoded, byte in
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            encoded += isPlain ? String(Unicode.Scalar(byte)) : "%" + Hex.encode([byte])
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// `postgres://user:password@host:port/database?options` (metadata-format §2). Our options are taken out; the
// C library reads the rest, whose names are checked first. Like JuiceFS 1.4.2, settings of the session such
// as `search_path` stand among the options.

import CLibpq
import Glibc
import Metadata
import SluiceBase

/// What an address says besides where the database is.
struct PostgresOptions: Hashable, Sendable {
    /// `jfs_` or `jfs_PREFIX_`.
    var tablePrefix = "jfs_"
    var pool = PoolLimits()
}

/// A parsed address.
struct PostgresAddress: Sendable {
    /// Without secrets.
    let text: String
    var options = PostgresOptions()
    /// What the C library connects with.
    private(set) var parameters: [(key: String, value: String)] = []
    /// Seconds that a host has to answer.
    private(set) var timeout = 10
    private let hasUser: Bool

    /// Options of the C library that make sense for a volume.
    private static let known: Set<String> = [
        "application_name", "channel_binding", "connect_timeout", "dbname", "gssencmode", "gsslib", "host",
        "hostaddr", "keepalives", "keepalives_count", "keepalives_idle", "keepalives_interval",
        "krbsrvname", "passfile", "password", "port", "require_auth", "requirepeer", "service",
        "ssl_max_protocol_version", "ssl_min_protocol_version", "sslcert", "sslcompression", "sslcrl",
        "sslcrldir", "sslkey", "sslmode", "sslpassword", "sslrootcert", "sslsni", "target_session_attrs",
        "tcp_user_timeout", "user",
    ]
    /// Settings of the session.
    private static let settings: Set<String> = [
        "idle_in_transaction_session_timeout", "lock_timeout", "search_path", "statement_timeout",
    ]
    /// Where nothing else is said: a server that is cut off is noticed within a minute.
    private static let defaults: [(key: String, value: String)] = [
        ("application_name", "sluice"), ("gssencmode", "disable"), ("keepalives_idle", "30"),
        ("keepalives_interval", "10"), ("keepalives_count", "3"), ("tcp_user_timeout", "60000"),
    ]

    /// Reads an address without looking for the server.
    /// - Throws: `EngineError.invalidAddress` for another scheme or an option that is not known.
    init(_ given: String) throws(EngineError) {
        text = redactedAddress(given)
        guard let scheme = ["postgres://", "postgresql://"].first(where: { given.hasPrefix($0) }) else {
            throw Self.invalid(text, "it must begin with postgres://")
        }
        let parts = given.dropFirst(scheme.count).split(
            separator: "?",
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        hasUser = parts[0].contains("@")
        // A connection takes the server milliseconds to open: enough are kept for all workers.
        options.pool.idle = max(16, 2 * sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        var session: [String] = []
        var rest: [Substring] = []
        for option in parts.count == 2 ? parts[1].split(separator: "&") : [] {
            let pair = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let (name, value) = (String(pair[0]), pair.count == 2 ? pair[1] : "")
            if try apply(name, String(value)) { continue }
            if Self.settings.contains(name) {
                session.append("-c \(name)=\(Self.escaped(try setting(name, String(value))))")
            } else {
                guard Self.known.contains(name) else {
                    throw Self.invalid(text, "the option \(name) is not known")
                }
                rest.append(option)
            }
        }
        let query = rest.isEmpty ? "" : "?" + rest.joined(separator: "&")
        parameters = try parse("postgresql://\(parts[0])\(query)")
        if !session.isEmpty { parameters.append(("options", session.joined(separator: " "))) }
        try complete()
    }

    /// Adds what the address leaves open.
    private mutating func complete() throws(EngineError) {
        if let given = value("connect_timeout") {
            guard let seconds = Int(given), (1...3600) ~= seconds else {
                throw Self.invalid(text, "the option connect_timeout cannot be '\(given)'")
            }
            timeout = seconds
        }
        for (key, value) in Self.defaults where self.value(key) == nil { parameters.append((key, value)) }
        parameters.append(("client_encoding", "UTF8"))
    }

    private func value(_ key: String) -> String? {
        parameters.first { $0.key == key }?.value
    }

    /// Takes the password from the environment, as JuiceFS 1.4.2 does: only for a user without one, and an
    /// address without a user is an error then.
    mutating func takePassword(from environment: (String) -> String?) throws(EngineError) {
        let direct = environment("META_PASSWORD").flatMap { $0.isEmpty ? nil : $0 }
        let file = environment("META_PASSWORD_FILE").flatMap { $0.isEmpty ? nil : $0 }
        guard direct != nil || file != nil else { return }
        guard hasUser else {
            throw Self.invalid(text, "META_PASSWORD is set, and the address names no user before an '@'")
        }
        guard value("password") == nil else { return }
        if let direct {
            parameters.append(("password", direct))
        } else if let file {
            parameters.append(("password", try Self.password(in: file, text)))
        }
    }

    private static func password(in file: String, _ text: String) throws(EngineError) -> String {
        do throws(SystemError) {
            let bytes = try Posix.readWholeFile(ByteString(file), limit: 4096)
            let text = String(decoding: bytes, as: UTF8.self)
            return String(
                text.trimmingPrefix(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed()
            )
        } catch {
            throw EngineError(.denied, "read META_PASSWORD_FILE", address: text, reason: error.description)
        }
    }

    private static func invalid(_ text: String, _ reason: String) -> EngineError {
        EngineError(.invalidAddress, "read the address", address: text, reason: reason)
    }
}

extension PostgresAddress {
    /// Lets the C library take the address apart.
    private func parse(_ address: String) throws(EngineError) -> [(key: String, value: String)] {
        if let missing = unsafe clibpq_load() {
            let reason = unsafe "\(String(cString: missing)) is missing"
            throw EngineError(.failed, "load the PostgreSQL library", address: text, reason: reason)
        }
        var message: UnsafeMutablePointer<CChar>?
        // The message may repeat parts of a password that was not escaped.
        guard let list = unsafe PQconninfoParse(address, &message) else {
            unsafe PQfreemem(message)
            throw Self.invalid(text, "it cannot be read; special characters in it have to be written as %XX")
        }
        defer { unsafe PQconninfoFree(list) }
        var found: [(key: String, value: String)] = []
        var option = unsafe list
        while let keyword = unsafe option.pointee.keyword {
            if let value = unsafe option.pointee.val {
                found.append(unsafe (String(cString: keyword), String(cString: value)))
            }
            unsafe option += 1
        }
        return found
    }

    /// Whether the option is one of ours.
    private mutating func apply(_ name: String, _ value: String) throws(EngineError) -> Bool {
        let isGood: Bool
        if name == "table_prefix" {
            isGood = TablePrefix.isValid(value)
            options.tablePrefix = TablePrefix.full(value)
        } else {
            guard let known = options.pool.apply(name, value) else { return false }
            isGood = known
        }
        guard isGood else { throw Self.invalid(text, "the option \(name) cannot be '\(value)'") }
        return true
    }

    private func setting(_ name: String, _ escaped: String) throws(EngineError) -> String {
        guard let value = percentDecoded(escaped), !value.isEmpty else {
            throw Self.invalid(text, "the option \(name) cannot be '\(escaped)'")
        }
        guard name != "search_path" || !value.contains(",") else {
            throw Self.invalid(text, "search_path may name one schema, and names several: '\(value)'")
        }
        return value
    }

    /// The text that `%XX` stand for; nil when one is cut short or it is not UTF-8.
    private func percentDecoded(_ text: String) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            guard let code = try? Hex.decode(digits), code.count == 1 else { return nil }
            bytes += code
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// As the server's command line takes it.
    private static func escaped(_ value: String) -> String {
        value.reduce(into: "") { result, character in
            if character == " " || character == "\\" { result += "\\" }
            result.append(character)
        }
    }
}

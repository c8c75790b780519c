// SPDX-License-Identifier: Apache-2.0

import Metadata

/// What a server says about itself (INFO), as far as a volume depends on it (metadata-format §2).
struct ServerReport: Hashable, Sendable {
    private let values: [String: String]

    /// - Parameter text: lines of `name:value`; others are titles.
    init(_ text: String) {
        var values: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { values[String(parts[0])] = String(parts[1]) }
        }
        self.values = values
    }

    /// Asks a server.
    /// - Throws: `EngineError`.
    init(of connection: RedisConnection) throws(EngineError) {
        let reply = try connection.run("INFO", operation: "ask the server about itself")
        self.init(String(decoding: reply.bytes ?? [], as: UTF8.self))
    }

    /// The version, empty when the server does not tell.
    var version: String { values["redis_version"] ?? "" }

    /// Whether the server has everything that is used here: UNLINK and the like came with 4.0.
    var isSupported: Bool {
        guard let major = version.split(separator: ".").first.flatMap({ Int($0) }) else { return true }
        return major >= 4
    }

    /// What people should know before they trust the server with a volume.
    var warnings: [String] {
        var warnings: [String] = []
        if let policy = values["maxmemory_policy"], policy != "noeviction" {
            warnings.append(
                """
                Redis drops keys when its memory is full (maxmemory-policy \(policy)), which destroys the volume; \
                set it to noeviction
                """
            )
        }
        if values["aof_enabled"] == "0" {
            warnings.append(
                "Redis writes no append-only file (AOF); what it saved last may be minutes old after a crash"
            )
        }
        return warnings
    }
}

// SPDX-License-Identifier: Apache-2.0
// What a server must be to hold a volume, and what its owner should know (metadata-format §2). The words of
// the warnings are for people; nothing is printed here.

package import Metadata
import SluiceBase

/// What a server says of itself, as far as it matters to a volume.
package struct RedisServerReport: Hashable, Sendable {
    /// `7.0.15`; empty when the server does not tell.
    package var version = ""
    /// Sentences without a full stop, for the person who opened the volume.
    package var warnings: [String] = []

    package init() {}
}

package enum RedisServerChecks {
    /// Looks at the server: refuses versions before 4.0, tries to turn eviction off, warns of both eviction
    /// and missing persistence.
    /// - Parameter isReading: nothing is changed on the server.
    /// - Throws: `EngineError.incompatible` for an old server.
    package static func run(
        on connection: RedisConnection,
        isReading: Bool = false,
    ) throws(EngineError) -> RedisServerReport {
        var report = RedisServerReport()
        guard let facts = try facts(connection) else { return report }
        report.version = facts["redis_version"] ?? ""
        if let major = report.version.split(separator: ".").first.flatMap({ Int($0) }), major < 4 {
            throw EngineError(
                .incompatible,
                "look at the server",
                address: connection.address,
                reason: "Redis \(report.version) is too old, a volume needs 4.0 or later"
            )
        }
        if facts["aof_enabled"] == "0" {
            report.warnings.append(
                "Redis keeps no append-only file (AOF): what was written last is lost when it stops"
            )
        }
        if let policy = facts["maxmemory_policy"], policy != "noeviction" {
            let isSet = isReading ? false : try turnEvictionOff(connection)
            report.warnings.append(
                isSet
                    ? "Redis had maxmemory-policy \(policy), which deletes metadata; it is noeviction now"
                    : "Redis has maxmemory-policy \(policy), which deletes metadata; set it to noeviction"
            )
        }
        return report
    }

    /// What `INFO` says; nil for a user that may not ask.
    private static func facts(_ connection: RedisConnection) throws(EngineError) -> [String: String]? {
        var question = CommandBatch()
        question.add("INFO")
        guard case .bytes(let text) = try connection.exchange(question).first else { return nil }
        return facts(text)
    }

    private static func turnEvictionOff(_ connection: RedisConnection) throws(EngineError) -> Bool {
        var batch = CommandBatch()
        batch.add("CONFIG", ["SET", "maxmemory-policy", "noeviction"].map { Array($0.utf8) })
        return try connection.exchange(batch).first == .status("OK")
    }

    /// Lines of `name:value`.
    private static func facts(_ text: [UInt8]) -> [String: String] {
        var facts: [String: String] = [:]
        for line in text.split(whereSeparator: { $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\n") }) {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let name = String(decoding: line[..<colon], as: UTF8.self)
            facts[name] = String(decoding: line[(colon + 1)...], as: UTF8.self)
        }
        return facts
    }
}

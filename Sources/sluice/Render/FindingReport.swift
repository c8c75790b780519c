// SPDX-License-Identifier: Apache-2.0
// How findings look: one line of what is wrong, then where, then what would mend it.

import Maintenance
import SluiceBase

enum FindingReport {
    static func lines(of finding: Finding) -> [String] {
        let severity = finding.isUnverified ? "unverified" : finding.severity.rawValue
        var lines = ["\(severity): \(finding.code.rawValue): \(finding.detail)"]
        for path in finding.paths { lines.append("  path    \(path)") }
        if let key = finding.objectKey { lines.append("  object  \(key)") }
        if finding.fix != .none { lines.append("  repair  \(repair(finding.fix))") }
        return lines
    }

    private static func repair(_ fix: Fix) -> String {
        let fields = fix.json.objectValue?.fields.filter { $0.key != "action" } ?? []
        return ([fix.action] + fields.map { "\($0.key)=\($0.value.stringValue ?? $0.value.compact)" })
            .joined(separator: " ")
    }

    static func json(of finding: Finding) -> String {
        var object: JSONObject = ["type": "finding"]
        for field in finding.json.objectValue?.fields ?? [] { object[field.key] = field.value }
        return JSONValue.object(object).line
    }

    static func lines(of summary: CheckSummary, took: Duration) -> [String] {
        let verdict =
            switch summary.exitBits {
            case 0: "clean"
            case let bits where bits & 4 != 0:
                "\(formatCount(summary.errors)) errors, \(formatCount(summary.warnings)) warnings"
            default: "no problem seen, but not everything could be looked at or verified"
            }
        return [
            "\(formatCount(summary.nodes)) nodes, \(formatCount(summary.entries)) entries,"
                + " \(formatCount(summary.chunks)) chunks, \(formatCount(summary.slices)) slices"
                + " (\(formatBytes(summary.sliceBytes)))",
            "\(formatCount(summary.objects)) objects (\(formatBytes(summary.objectBytes)))"
                + (summary.blocksRead > 0 ? ", \(formatCount(summary.blocksRead)) blocks read" : ""),
            "\(verdict), \(decimal(took.inSeconds, places: 1)) s",
        ]
    }

    static func json(of summary: CheckSummary) -> String {
        let counts = summary.counts.sorted { $0.key.rawValue < $1.key.rawValue }
        return JSONValue.object([
            "type": "summary", "schema": 1, "exit_status": JSONValue(summary.exitBits),
            "errors": JSONValue(summary.errors),
            "warnings": JSONValue(summary.warnings), "infos": JSONValue(summary.infos),
            "unverified": JSONValue(summary.unverified),
            "findings": .object(JSONObject(counts.map { ($0.key.rawValue, JSONValue($0.value)) })),
            "incomplete": .array(summary.incomplete.map { .string($0) }), "nodes": JSONValue(summary.nodes),
            "entries": JSONValue(summary.entries), "chunks": JSONValue(summary.chunks),
            "slices": JSONValue(summary.slices), "slice_bytes": JSONValue(summary.sliceBytes),
            "objects": JSONValue(summary.objects), "object_bytes": JSONValue(summary.objectBytes),
            "blocks_read": JSONValue(summary.blocksRead),
        ]).line
    }

    /// The summary of a check that was interrupted.
    static var cancelled: String {
        JSONValue.object(["type": "summary", "schema": 1, "exit_status": 32, "cancelled": true]).line
    }

    static func line(of progress: CheckProgress) -> String {
        let what =
            switch progress.phase {
            case .objects: "objects listed"
            case .metadata: "metadata records read"
            case .slices: "slices compared"
            case .confirming: "suspicions looked at again"
            case .data: "blocks read"
            }
        let total = progress.total.map { " of \(formatCount($0))" } ?? ""
        return "\(formatCount(progress.done))\(total) \(what)"
    }
}

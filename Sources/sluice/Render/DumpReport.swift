// SPDX-License-Identifier: Apache-2.0

import Maintenance
import SluiceBase
import TerminalUI
import VolumeModel

enum DumpReport {
    static func json(of summary: DumpSummary) -> JSONObject {
        [
            "type": "dump",
            "schema": 1,
            "format": "json",
            "entries": JSONValue(summary.entries),
            "directories": JSONValue(summary.directories),
            "chunks": JSONValue(summary.chunks),
            "slices": JSONValue(summary.slices),
            "bytes": JSONValue(summary.bytes),
            "unreachable_directories": JSONValue(summary.unreachable),
        ]
    }

    static func json(of summary: BinaryDumpSummary) -> JSONObject {
        [
            "type": "dump",
            "schema": 1,
            "format": "binary",
            "records": .object(JSONObject(rows(of: summary).map { ($0.name, JSONValue($0.count)) })),
        ]
    }

    static func json(of summary: LoadSummary) -> JSONObject {
        var object: JSONObject = [
            "type": "load",
            "schema": 1,
            "format": "json",
            "volume": .string(summary.settings),
            "completeness": .string(word(summary.completeness)),
            "entries": JSONValue(summary.entries),
            "inodes": JSONValue(summary.inodes),
            "chunks": JSONValue(summary.chunks),
            "slices": JSONValue(summary.slices),
            "bytes": JSONValue(summary.bytes),
            "used_space_bytes": JSONValue(summary.usedSpace),
            "next_inode": JSONValue(summary.nextInode),
            "next_chunk": JSONValue(summary.nextChunk),
            "lacks_secrets": JSONValue(summary.lacksSecrets),
        ]
        if case .mismatch(let reason) = summary.completeness { object["mismatch"] = .string(reason) }
        return object
    }

    static func json(of report: BinaryLoadReport) -> JSONObject {
        [
            "type": "load",
            "schema": 1,
            "format": "binary",
            "volume": .string(report.settings.name),
            "corrected_references": JSONValue(report.correctedReferences),
            "lacks_secrets": JSONValue(report.settings.hasRemovedSecret),
            "records": .object(JSONObject(rows(of: report.summary).map { ($0.name, JSONValue($0.count)) })),
        ]
    }

    static func lines(of summary: LoadSummary) -> [String] {
        let known =
            switch summary.completeness {
            case .verified: "the footer says that the dump is whole"
            case .unknown: "completeness unknown: the dump has no footer"
            case .mismatch(let reason): "loaded although the footer does not fit: \(reason)"
            }
        return [
            "loaded volume \(summary.settings): \(formatCount(summary.entries)) entries,"
                + " \(formatCount(summary.inodes)) inodes, \(formatBytes(summary.usedSpace))",
            "next inode \(summary.nextInode), next slice \(summary.nextChunk)", known,
        ]
    }

    static func lines(of report: BinaryLoadReport) -> [String] {
        let corrected = report.correctedReferences
        return ["loaded volume \(report.settings.name)"]
            + (corrected == 0 ? [] : ["\(corrected) references were wrong in the dump and are right now"])
    }

    /// What `--stat` shows.
    static func table(of summary: BinaryDumpSummary) -> [String] {
        var table = Table([.init("Name"), .init("Num", .right)])
        for row in rows(of: summary) { table.add([row.name, "\(row.count)"]) }
        return ["Backup Version: \(summary.version)"] + table.lines
    }

    private static func rows(of summary: BinaryDumpSummary) -> [(name: String, count: UInt64)] {
        BinarySegment.allCases.compactMap { kind in
            summary.segments[kind].map { (kind.name, UInt64($0.count)) }
        }
    }

    private static func word(_ completeness: Completeness) -> String {
        switch completeness {
        case .verified: "verified"
        case .unknown: "unknown"
        case .mismatch: "mismatch"
        }
    }
}

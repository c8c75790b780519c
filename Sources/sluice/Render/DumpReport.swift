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
            "disputed_slices": JSONValue(summary.disputedSlices),
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
            "disputed_slices": JSONValue(report.disputedSlices),
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
    static func json(of summary: BinaryDumpSummary, withOffsets: Bool) -> JSONObject {
        var object: JSONObject = [
            "type": "dump",
            "schema": 1,
            "format": "binary",
            "records": .object(JSONObject(rows(of: summary).map { ($0.name, JSONValue($0.count)) })),
        ]
        guard withOffsets else { return object }
        let offsets = rows(of: summary).map { row in
            (row.name, JSONValue.array(row.offsets.map { JSONValue($0) }))
        }
        object["offsets"] = .object(JSONObject(offsets))
        return object
    }

    /// What `--stat` shows of one segment.
    static func json(of kind: BinarySegment, _ value: JSONObject) -> JSONObject {
        ["type": "dump-segment", "schema": 1, "segment": .string(kind.name), "value": .object(value)]
    }

    /// As JuiceFS 1.4.2 lays it out.
    static func table(of summary: BinaryDumpSummary, withOffsets: Bool) -> [String] {
        let columns: [Table.Column] = [.init("Name"), .init("Num", .right)]
        var table = Table(withOffsets ? columns + [.init("Offset")] : columns)
        for row in rows(of: summary) {
            let offsets = row.offsets.map { "\($0)" }.joined(separator: " ")
            table.add([row.name, "\(row.count)"] + (withOffsets ? ["[\(offsets)]"] : []))
        }
        return ["Backup Version: \(summary.version)"] + table.lines
    }

    private static func rows(
        of summary: BinaryDumpSummary
    ) -> [(name: String, count: UInt64, offsets: [UInt64])] {
        BinarySegment.allCases.compactMap { kind in
            summary.segments[kind].map { (kind.name, $0.count, $0.offsets) }
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

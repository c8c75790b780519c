// SPDX-License-Identifier: Apache-2.0

import Maintenance
import SluiceBase
import TerminalUI

enum GarbageReport {
    static func lines(of summary: CollectSummary, deleting: Bool) -> [String] {
        var table = Table([.init("class"), .init("count", .right), .init("bytes", .right), .init("why")])
        for kind in GarbageClass.allCases where summary[kind].count > 0 {
            table.add([
                kind.rawValue, formatCount(summary[kind].count), formatBytes(summary[kind].bytes),
                kind.reason,
            ])
        }
        let garbage = GarbageClass.allCases.filter(\.isGarbage).map { summary[$0] }
        let bytes = garbage.reduce(Int64(0)) { $0 + $1.bytes }
        guard deleting else {
            let hint = summary.plannedSteps > 0 ? "; add --delete to do it" : ""
            return table.lines + [
                "plan: \(formatCount(summary.plannedSteps)) deletions, \(formatBytes(bytes))\(hint)"
            ]
        }
        return table.lines + [
            "done: \(formatCount(summary.doneSteps)) of \(formatCount(summary.plannedSteps)) deletions,"
                + " \(formatCount(summary.skippedSteps)) left out because things had changed,"
                + " \(formatCount(summary.failedSteps)) failed"
        ]
    }

    static func line(of step: GarbageStep) -> String {
        switch step {
        case .object(let key, let bytes, _, _): "delete object \(key), \(bytes) bytes"
        case .slice(let id, let size, _): "delete slice \(id), \(size) bytes, and its reference"
        case .deletedFile(let inode, let length, _): "delete the data of inode \(inode), \(length) bytes"
        case .delayedSlices(let id, _): "expire the slices that slice \(id) replaced"
        case .trashHour(let name, _): "empty the trash of \(name)"
        case .detachedTree(let inode, _): "remove the unfinished clone at inode \(inode)"
        case .detachedRecord(let inode, _): "forget that inode \(inode) is marked as an unfinished clone"
        }
    }

    static func json(of summary: CollectSummary, deleting: Bool) -> JSONObject {
        [
            "type": "summary",
            "schema": 1,
            "classes": .object(
                JSONObject(
                    GarbageClass.allCases.map { kind in
                        (
                            kind.rawValue,
                            [
                                "count": JSONValue(summary[kind].count),
                                "bytes": JSONValue(summary[kind].bytes),
                                "garbage": JSONValue(kind.isGarbage), "why": .string(kind.reason),
                            ]
                        )
                    }
                )
            ),
            "planned": JSONValue(summary.plannedSteps),
            "deleting": JSONValue(deleting),
            "done": JSONValue(summary.doneSteps),
            "skipped": JSONValue(summary.skippedSteps),
            "failed": JSONValue(summary.failedSteps),
            "interlocks": .array(summary.interlocks.map { .string($0) }),
            "warnings": .array(summary.warnings.map { .string($0) }),
            "further_warnings": JSONValue(summary.furtherWarnings),
        ]
    }
}

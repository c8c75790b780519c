// SPDX-License-Identifier: Apache-2.0

import Maintenance
import SluiceBase
import TerminalUI

/// What `objbench` found of one storage.
struct StorageTestReport {
    let address: String
    var checks: [(check: StorageCheck, outcome: StorageCheck.Outcome)] = []
    var phases: [StorageTestPhase] = []

    init(address: String) {
        self.address = address
    }

    var failures: Int {
        checks.count { if case .failed = $0.outcome { true } else { false } }
    }

    /// Whether measuring makes sense: what it needs was not found broken.
    var canBeMeasured: Bool {
        checks.allSatisfy { check, outcome in
            guard case .failed = outcome else { return true }
            return ![.put, .get, .list, .head, .delete].contains(check)
        }
    }

    // MARK: For people

    /// A column for each storage.
    static func checkTable(of reports: [StorageTestReport]) -> [String] {
        var table = Table([.init("CHECK")] + titles(reports, "RESULT").map { .init($0) })
        for (index, check) in (reports.first?.checks ?? []).map(\.check).enumerated() {
            table.add([check.rawValue] + reports.map { word(of: $0.checks[index].outcome) })
        }
        return table.lines
    }

    static func phaseTable(of reports: [StorageTestReport]) -> [String] {
        reports.count == 1 ? reports[0].ownTable : comparison(of: reports)
    }

    private var ownTable: [String] {
        var table = Table(
            [.init("OPERATION")]
                + ["OBJECTS", "PER SECOND", "MIB/S", "MEAN", "P50", "P95", "P99", "MAX"].map {
                    .init($0, .right)
                }
        )
        for phase in phases {
            table.add(
                [phase.kind.rawValue, formatCount(phase.objects), Self.rate(phase), Self.bandwidth(phase)]
                    + phase.measured.latencies.shown
            )
        }
        return table.lines
    }

    /// Rates and latencies of two storages side by side, and how many times as fast the first one is.
    private static func comparison(of reports: [StorageTestReport]) -> [String] {
        let columns = ["PER SECOND", "MIB/S", "P50", "P99"]
        var table = Table(
            [.init("OPERATION")]
                + columns.flatMap { titles(reports, $0) }.map { .init($0, .right) } + [.init("A/B", .right)]
        )
        for (one, other) in zip(reports[0].phases, reports[1].phases) {
            let both = [one, other]
            table.add(
                [one.kind.rawValue] + both.map(rate) + both.map(bandwidth)
                    + both.map { formatDuration($0.measured.latencies.percentile(0.5)) }
                    + both.map { formatDuration($0.measured.latencies.percentile(0.99)) }
                    + [other.rate > 0 ? "\(tenths(one.rate / other.rate))x" : ""]
            )
        }
        return table.lines
    }

    private static func titles(_ reports: [StorageTestReport], _ title: String) -> [String] {
        reports.count == 1 ? [title] : ["A", "B"].map { "\($0) \(title)" }
    }

    private static func word(of outcome: StorageCheck.Outcome) -> String {
        switch outcome {
        case .passed: "ok"
        case .unsupported: "not offered"
        case .failed(let reason): "FAILED: \(reason)"
        }
    }

    private static func rate(_ phase: StorageTestPhase) -> String {
        formatCount(UInt64(clamping: Int64(phase.rate)))
    }

    private static func bandwidth(_ phase: StorageTestPhase) -> String {
        phase.bytes > 0 ? tenths(phase.bandwidth / Double(1 << 20)) : ""
    }

    private static func tenths(_ number: Double) -> String {
        let tenths = UInt64(clamping: Int64((number * 10).rounded()))
        return "\(formatCount(tenths / 10)).\(tenths % 10)"
    }

    // MARK: For programs

    var json: [JSONValue] {
        checks.map { check, outcome in
            var line = head("check", check.code)
            switch outcome {
            case .passed: line["result"] = "ok"
            case .unsupported: line["result"] = "unsupported"
            case .failed(let reason):
                line["result"] = "failed"
                line["reason"] = .string(reason)
            }
            return .object(line)
        }
            + phases.map { phase in
                var line = head("operation", phase.kind.rawValue)
                line["count"] = JSONValue(phase.measured.latencies.count)
                line["objects"] = JSONValue(phase.objects)
                line["bytes"] = JSONValue(phase.bytes)
                line["seconds"] = JSONValue(phase.measured.elapsed.inSeconds)
                line["objects_per_second"] = JSONValue(phase.rate)
                line["bytes_per_second"] = JSONValue(phase.bandwidth)
                line["latency_seconds"] = phase.measured.latencies.json
                return .object(line)
            }
    }

    private func head(_ kind: String, _ name: String) -> JSONObject {
        ["type": "objbench", "schema": 1, "address": .string(address), kind: .string(name)]
    }
}

extension StorageCheck {
    /// The check's name for programs.
    fileprivate var code: String { "\(self)" }
}

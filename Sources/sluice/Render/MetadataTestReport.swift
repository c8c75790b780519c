// SPDX-License-Identifier: Apache-2.0

import Maintenance
import SluiceBase
import TerminalUI

enum MetadataTestReport {
    static func json(of phase: MetadataTestPhase) -> JSONValue {
        .object([
            "type": "mdtest",
            "schema": 1,
            "operation": .string(phase.kind.rawValue),
            "count": JSONValue(phase.measured.latencies.count),
            "seconds": JSONValue(phase.measured.elapsed.inSeconds),
            "operations_per_second": JSONValue(phase.measured.rate),
            "latency_seconds": phase.measured.latencies.json,
        ])
    }

    static func table(of phases: [MetadataTestPhase]) -> [String] {
        var table = Table(
            [.init("OPERATION")]
                + ["COUNT", "PER SECOND", "MEAN", "P50", "P95", "P99", "MAX"].map { .init($0, .right) }
        )
        for phase in phases {
            let latencies = phase.measured.latencies
            table.add(
                [
                    phase.kind.rawValue, formatCount(latencies.count),
                    formatCount(UInt64(clamping: Int64(phase.measured.rate))),
                ] + latencies.shown
            )
        }
        return table.lines
    }
}

extension LatencyHistogram {
    /// Mean, percentiles and the longest as JSON, in seconds.
    var json: JSONValue {
        [
            "mean": JSONValue(mean.inSeconds),
            "p50": JSONValue(percentile(0.5).inSeconds),
            "p95": JSONValue(percentile(0.95).inSeconds),
            "p99": JSONValue(percentile(0.99).inSeconds),
            "max": JSONValue(longest.inSeconds),
        ]
    }

    /// The same for people.
    var shown: [String] {
        [mean, percentile(0.5), percentile(0.95), percentile(0.99), longest].map { formatDuration($0) }
    }
}

extension Duration {
    var inSeconds: Double { Double(wholeNanoseconds) / 1e9 }
}

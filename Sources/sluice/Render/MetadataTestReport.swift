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
            "count": JSONValue(phase.latencies.count),
            "seconds": JSONValue(seconds(phase.elapsed)),
            "operations_per_second": JSONValue(phase.rate),
            "latency_seconds": [
                "mean": JSONValue(seconds(phase.latencies.mean)),
                "p50": JSONValue(seconds(phase.latencies.percentile(0.5))),
                "p95": JSONValue(seconds(phase.latencies.percentile(0.95))),
                "p99": JSONValue(seconds(phase.latencies.percentile(0.99))),
                "max": JSONValue(seconds(phase.latencies.longest)),
            ],
        ])
    }

    static func table(of phases: [MetadataTestPhase]) -> [String] {
        var table = Table(
            [.init("OPERATION")]
                + ["COUNT", "PER SECOND", "MEAN", "P50", "P95", "P99", "MAX"].map { .init($0, .right) }
        )
        for phase in phases {
            let latencies = phase.latencies
            let shown = [
                latencies.mean, latencies.percentile(0.5), latencies.percentile(0.95),
                latencies.percentile(0.99), latencies.longest,
            ]
            table.add(
                [
                    phase.kind.rawValue, formatCount(latencies.count),
                    formatCount(UInt64(clamping: Int64(phase.rate))),
                ] + shown.map(formatDuration)
            )
        }
        return table.lines
    }

    private static func seconds(_ duration: Duration) -> Double {
        Double(duration.wholeNanoseconds) / 1e9
    }
}

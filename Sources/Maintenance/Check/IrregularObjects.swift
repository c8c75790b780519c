// SPDX-License-Identifier: Apache-2.0

import ObjectStorage
import VolumeModel

/// Objects that are not blocks in their place, as findings in key order.
///
/// Bounded, because a foreign bucket may be full of them: what is beyond the limit is summed up.
final class IrregularObjects {
    private let layout: BlockLayout
    private var findings: [Finding] = []
    private var further: [FindingCode: Finding] = [:]

    /// Findings that are kept one by one.
    static let limit = 1000

    init(layout: BlockLayout) {
        self.layout = layout
    }

    func note(_ info: ObjectInfo, _ kind: ObjectCollector.Irregular) {
        let finding: Finding
        switch kind {
        case .misplaced(let block):
            let place = layout.objectKey(of: block)
            finding = Finding(
                .objectMisplaced,
                "readers look for this block at \(place)",
                fix: .moveObject(from: info.key, to: place)
            ).with { $0.sliceID = block.sliceID }
        case .foreign:
            finding = Finding(.objectForeign, "not the name of anything that a volume stores")
        }
        guard findings.count >= Self.limit else {
            findings.append(
                finding.with {
                    $0.objectKey = info.key
                    $0.bytes = info.size
                }
            )
            return
        }
        var sum = further[finding.code] ?? Finding(finding.code, "further objects").with { $0.count = 0 }
        sum.count += 1
        sum.bytes = sum.bytes.addingReportingOverflow(info.size).overflow ? .max : sum.bytes + info.size
        further[finding.code] = sum
    }

    func finish() -> [Finding] {
        findings + further.values.sorted { $0.code.rawValue < $1.code.rawValue }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Random operations of two clients, and what the check says of the volume afterwards. The seeds are fixed;
// SLUICE_TWO_CLIENT_STEPS asks for more steps.

import Maintenance
import Metadata
import SluiceBase
import SluiceTestSupport
import Testing

@Suite("Two clients of one volume")
struct TwoClientTests {
    private static var steps: Int {
        Posix.environment("SLUICE_TWO_CLIENT_STEPS").flatMap { Int($0) } ?? 150
    }

    @Test(
        "see what the other does, and leave a clean volume",
        arguments: EngineMaker.all,
        [2, 3] as [UInt64]
    )
    func turns(_ maker: EngineMaker, _ seed: UInt64) throws {
        try maker.withTwoEngines { first, second in
            let pair = try ClientPair(first, second, random: SeededRandom(seed: seed))
            try pair.takeTurns(steps: Self.steps)
            try expectClean(pair)
        }
    }

    @Test("work at the same time and lose nothing", arguments: EngineMaker.all, [4, 5] as [UInt64])
    func together(_ maker: EngineMaker, _ seed: UInt64) throws {
        try maker.withTwoEngines { first, second in
            let pair = try ClientPair(first, second, random: SeededRandom(seed: seed))
            try pair.workTogether(steps: max(1, Self.steps / 3))
            try expectClean(pair)
        }
    }

    private func expectClean(_ pair: ClientPair) throws {
        var options = CheckOptions()
        options.readsData = true
        options.leakGraceSeconds = 0
        var findings: [Finding] = []
        let summary = try check(volume: pair.volumes[0], objects: pair.objects, options: options) {
            findings.append($0)
        }
        #expect(findings.isEmpty, "\(findings)")
        #expect(summary.incomplete == [])
        #expect(summary.nodes > 2)
    }
}

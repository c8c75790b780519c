// SPDX-License-Identifier: Apache-2.0

import SluiceTestSupport
import Testing

@Suite("A volume under random operations")
struct TreeModelTests {
    @Test("is the tree that the operations describe", arguments: EngineMaker.all, [0, 1] as [UInt64])
    func randomOperations(_ maker: EngineMaker, _ offset: UInt64) throws {
        let random = SeededRandom(seed: SeededRandom.fromEnvironment().seed &+ offset)
        print("random operations on \(maker.testDescription): SLUICE_TEST_SEED=\(random.seed &- offset)")
        try maker.withEngine { engine in
            let clients = try ClientPair(engine, engine, random: random)
            try clients.takeTurns(steps: 400, clients: 1)
        }
    }
}

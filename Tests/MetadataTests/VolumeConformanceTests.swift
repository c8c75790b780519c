// SPDX-License-Identifier: Apache-2.0

import SluiceTestSupport
import Testing

@Suite("The rules of a volume")
struct VolumeConformanceTests {
    @Test("hold on every engine", arguments: EngineMaker.all, VolumeConformance.cases)
    func rule(_ maker: EngineMaker, _ rule: VolumeCase) throws {
        try maker.withEngine { try rule.check($0) }
    }
}

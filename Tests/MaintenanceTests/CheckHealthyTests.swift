// SPDX-License-Identifier: Apache-2.0

import Maintenance
import Metadata
import SluiceBase
import SluiceTestSupport
import Testing
import VolumeModel

@Suite("Checking a healthy volume")
struct CheckHealthyTests {
    @Test("the base volume has no findings and is counted", arguments: EngineMaker.all)
    func base(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let result = try bench.check()
            #expect(result.lines == [])
            #expect(result.summary.exitBits == 0)
            #expect(result.summary.slices == 35)
            #expect(result.summary.objects == 40)
        }
    }

    @Test("a fresh volume has no findings", arguments: EngineMaker.all)
    func fresh(engine: EngineMaker) throws {
        try engine.withEngine { engine in
            let builder = try VolumeBuilder(on: engine)
            var findings: [Finding] = []
            let summary = try check(volume: builder.volume, objects: builder.store) { findings.append($0) }
            #expect(findings == [])
            #expect(summary.exitBits == 0)
        }
    }

    @Test("a subtree has no findings, alone and with everything below it", arguments: EngineMaker.all)
    func subtree(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            for path in ["/", "/d1", "/d1/f1", "/.trash", "/link"] as [ByteString] {
                for recursive in [false, true] {
                    let result = try bench.check { options in
                        options.path = path
                        options.isRecursive = recursive
                    }
                    #expect(result.lines == [], "\(path)")
                }
            }
            #expect(throws: VolumeError.self) { try bench.check { $0.path = "/nowhere" } }
        }
    }
}

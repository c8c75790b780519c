// SPDX-License-Identifier: Apache-2.0
// Dumps of a volume whose tree grows meanwhile. Redis has no snapshots: entries and nodes that are read one
// after the other need not fit, and that is no damage.

import SluiceBase
import SluiceTestSupport
import Testing

@Suite(
    "Dumps of volumes in use",
    .enabled(if: EngineKind.areAllInstalled, "needs redis-server and PostgreSQL")
)
struct DumpInUseTests {
    private let place: Workplace

    init() throws {
        place = try Workplace()
    }

    @Test("what comes and goes during a dump does not end it", arguments: EngineKind.allCases)
    func changes(kind: EngineKind) throws {
        let database = try VolumeDatabase(kind, file: place.path("meta.db"))
        let bucket = ["--storage", "file", "--bucket", place.path("store")]
        #expect(try place.program(["format"] + bucket + [database.address, "vol"]).run().status == 0)
        let small = ["--threads", "2", "--dirs", "2", "--depth", "2"]
        let kept = try place.program(
            ["mdtest"] + small + ["--files", "50", "--keep", database.address, "/kept"]
        ).run()
        #expect(kept.status == 0, "\(kept.story)")
        let working = try place.program(
            ["mdtest"] + small + ["--files", "1000000", database.address, "/passing"]
        ).start()
        for form in [[], ["--binary"]] {
            let dump = try place.program(
                ["dump", "--quiet"] + form + [database.address, place.path("out")]
            ).run()
            #expect(dump.status == 0, "\(form) \(dump.story)")
            let copy = try VolumeDatabase(.sqlite, file: place.path("copy.db"))
            let load = try place.program(
                ["load", "--quiet"] + form + [copy.address, place.path("out")]
            ).run()
            #expect(load.status == 0, "\(form) \(load.story)")
            // 2 threads, 7 directories.
            #expect(try copy.entryCount() >= 2 * 7 * 50)
            try place.script("rm -f copy.db* out")
        }
        working.signal(15)
        #expect(try working.wait().status != 0, "the work ended before the dumps")
    }
}

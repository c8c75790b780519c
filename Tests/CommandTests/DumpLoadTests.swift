// SPDX-License-Identifier: Apache-2.0

import SluiceBase
import SluiceTestSupport
import Testing

@Suite("dump and load")
struct DumpLoadTests {
    private let place: Workplace

    init() throws {
        place = try Workplace()
        try place.format()
        try place.script("mkdir -p source/sub; printf hello > source/sub/small; ln -s small source/sub/link")
        let result = try place.sluice("sync", "--quiet", "-a", place.path("source/"), "jfs://V/tree/")
        guard result.status == 0 else { throw ProgramError(description: result.story) }
    }

    @Test("a dump is a whole file or none, compressed by its suffix", arguments: ["", ".gz", ".zstd"])
    func file(suffix: String) throws {
        let file = place.path("dump.json\(suffix)")
        let dumped = try place.sluice("dump", "--json", place.address(), file)
        #expect(dumped.status == 0, "\(dumped.story)")
        #expect(try dumped.json()["entries"]?.int64Value == 4)
        #expect(try place.script("ls").split(separator: "\n").contains { $0.hasSuffix(".tmp") } == false)
        let loaded = try place.sluice("load", "--json", place.address("copy"), file)
        #expect(loaded.status == 0, "\(loaded.story)")
        #expect(try loaded.json()["completeness"]?.stringValue == "verified")
        let again = try place.sluice("dump", place.address("copy"))
        let first = try place.sluice("dump", place.address())
        #expect(again.text == first.text)
    }

    @Test("without a file the dump goes to standard output, and load reads standard input")
    func pipe() throws {
        let binary = try Programs.sluice()
        let story = try place.script(
            "'\(binary)' dump '\(place.address())' | '\(binary)' load '\(place.address("copy"))'"
        )
        #expect(story.contains("the footer says that the dump is whole"))
        #expect(try place.sluice("fsck", place.address("copy")).status == 0)
    }

    @Test("secrets stay out unless they are asked for, and load says so")
    func secrets() throws {
        _ = try place.sluice("config", place.address(), "--secret-key", "do-not-show", "--yes")
        let dumped = try place.sluice("dump", place.address())
        #expect(dumped.text.contains("\"SecretKey\": \"removed\""))
        let file = place.path("dump.json")
        _ = try place.sluice("dump", place.address(), file)
        let loaded = try place.sluice("load", place.address("copy"), file)
        #expect(loaded.errorText.contains("sluice config"), "\(loaded.story)")
    }

    @Test("a killed load is no volume for anybody, and is resumed", arguments: [1, 5, 20, 60])
    func killed(milliseconds: Int) throws {
        let file = place.path("dump.json")
        _ = try place.sluice("dump", place.address(), file)
        let copy = place.address("copy")
        let command = "'\(try Programs.sluice())' load '\(copy)' '\(file)'"
        try place.script(
            "timeout -s KILL 0.\(milliseconds < 10 ? "00" : "0")\(milliseconds) \(command) || true"
        )
        let status = try place.sluice("status", copy)
        #expect([0, 10].contains(status.status), "\(status.story)")
        guard status.status != 0 else { return }
        let resumed = try place.sluice("load", "--resume", copy, file)
        #expect(resumed.status == 0, "\(resumed.story)")
        #expect(try place.sluice("fsck", copy).status == 0)
    }

    @Test("the other format is named, a volume is never loaded over")
    func refusals() throws {
        let file = place.path("dump.json")
        _ = try place.sluice("dump", place.address(), file)
        let other = try place.sluice("load", "--binary", place.address("copy"), file)
        #expect(other.status == 1)
        #expect(other.errorText.contains("--binary"))
        let over = try place.sluice("load", place.address(), file)
        #expect(over.status == 1)
        #expect(over.errorText.contains("used by volume vol"), "\(over.story)")
        #expect(try place.sluice("load", "--resume", place.address(), file).status == 1)
        #expect(try place.sluice("status", place.address()).status == 0)
    }
}

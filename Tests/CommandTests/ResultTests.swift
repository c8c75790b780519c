// SPDX-License-Identifier: Apache-2.0
// What commands print when all is well: the result and nothing else on standard output, JSON that programs
// can read, exact numbers.

import SluiceBase
import SluiceTestSupport
import Testing

@Suite("Results of commands")
struct ResultTests {
    private let place: Workplace

    /// A volume with one tree in it.
    init() throws {
        place = try Workplace()
        try place.format("--trash-days", "0")
        try place.script(
            """
            mkdir -p source/sub/deep
            head -c 5000000 /dev/urandom > source/large
            printf 'hello' > source/sub/small
            ln source/sub/small source/sub/again
            ln -s small source/sub/link
            """
        )
        let result = try place.sluice("sync", "--quiet", "-a", place.path("source/"), "jfs://V/tree/")
        guard result.status == 0 else { throw ProgramError(description: result.story) }
    }

    @Test("format prints the settings as JSON, without secrets")
    func format() throws {
        let result = try place.sluice(
            "format",
            place.address("second"),
            "second",
            "--bucket",
            place.path("store"),
            "--json",
            "--block-size",
            "1M",
            "--hash-prefix",
            "--capacity",
            "3",
            "--secret-key",
            "do-not-show"
        )
        #expect(result.status == 0, "\(result.story)")
        let settings = try result.json()
        #expect(settings["Name"]?.stringValue == "second")
        #expect(settings["BlockSize"]?.int64Value == 1024)
        #expect(settings["HashPrefix"]?.boolValue == true)
        #expect(settings["Capacity"]?.int64Value == 3 << 30)
        #expect(settings["Bucket"]?.stringValue == place.path("store/"))
        #expect(!result.story.contains("do-not-show"))
        #expect(try !place.sluice("config", place.address("second")).story.contains("do-not-show"))
    }

    @Test("status prints settings, sessions and usage as JSON")
    func status() throws {
        let result = try place.sluice("status", "--more", place.address())
        #expect(result.status == 0)
        #expect(result.errorText == "")
        let status = try result.json()
        #expect(status["Setting"]?["Name"]?.stringValue == "vol")
        #expect(status["Sessions"]?.arrayValue == [])
        // The root is no part of the usage of JuiceFS, the folder `tree` is.
        #expect(status["Stat"]?["UsedInodes"]?.int64Value == 6)
        let sizes = 4096 * 4 + 5_001_216 + 4096
        #expect(status["Stat"]?["UsedSpace"]?.int64Value == Int64(sizes))
    }

    @Test("mdtest measures each kind of operation and leaves nothing, unless told to")
    func mdtest() throws {
        let before = try place.sluice("status", place.address()).json()["Statistic"]
        let words = [
            "mdtest", place.address(), "/speed", "--threads", "2", "--dirs", "2", "--files", "5", "--json",
        ]
        let result = try place.program(words).run()
        #expect(result.status == 0, "\(result.story)")
        let counts = try result.jsonLines().map { line in
            "\(line["operation"]?.stringValue ?? "") \(line["count"]?.int64Value ?? 0)"
        }
        #expect(counts == ["mkdir 6", "create 70", "stat 70", "readdir 14", "unlink 70", "rmdir 6"])
        #expect(try place.sluice("status", place.address()).json()["Statistic"] == before)
        #expect(try place.program(words + ["--keep"]).run().jsonLines().count == 4)
        let again = try place.program(words).run()
        #expect(again.status == 1 && again.errorText.contains("exists"), "\(again.story)")
        #expect(try place.sluice("fsck", place.address()).status == 0)
    }

    @Test("changelog shows what sync changed, and where it begins")
    func changelog() throws {
        let off = try place.sluice("changelog", place.address())
        #expect(off.status == 1)
        #expect(off.errorText.contains("keeps no change log"), "\(off.story)")
        try place.sluice("config", place.address(), "--changelog", "--yes")
        try place.script("mkdir more; printf new > more/new")
        let sync = try place.sluice("sync", place.path("more/"), "jfs://V/more/")
        #expect(sync.status == 0, "\(sync.story)")
        let all = try place.sluice("changelog", place.address())
        #expect(all.status == 0, "\(all.story)")
        let shown = all.text.split(separator: "\n")
        for operation in ["NEWSESSION", "CREATE", "WRITE", "CLEANSESSION"] {
            #expect(shown.contains { $0.contains("|\(operation)(") }, "\(operation) in \(all.text)")
        }
        let lines = try place.sluice("changelog", place.address(), "--json").jsonLines()
        #expect(lines.count == shown.count)
        let last = try #require(lines.last)
        #expect(last["entry"]?.stringValue?.contains("|CLEANSESSION(") == true)
        let version = try #require(last["version"]?.int64Value)
        let rest = try place.sluice("changelog", place.address(), "--from", "\(version - 1)")
        #expect(rest.text.hasPrefix("\(version): "))
        #expect(rest.text.split(separator: "\n").count == 1)
    }

    @Test("info adds up a tree exactly")
    func info() throws {
        let result = try place.sluice("info", place.address(), "--path", "/tree", "--recursive", "--json")
        #expect(result.status == 0)
        #expect(result.errorText == "")
        let summary = try #require(try result.json().arrayValue?.first?["summary"])
        #expect(summary["files"]?.int64Value == 4)
        #expect(summary["dirs"]?.int64Value == 3)
        #expect(summary["length_bytes"]?.int64Value == 5_000_010)
        let text = try place.sluice("info", place.address(), "--path", "/tree/large", "--raw")
        #expect(text.text.contains("(5000000 Bytes)"))
        #expect(text.text.contains("sliceId"))
    }

    @Test("explain leads from a path to its objects and from an object to its paths")
    func explain() throws {
        let forward = try place.sluice("explain", place.address(), "--path", "/tree/sub/again", "--json")
        #expect(forward.status == 0)
        let paths = try #require(try forward.json()["paths"]?.arrayValue).compactMap(\.stringValue)
        #expect(Set(paths) == ["/tree/sub/again", "/tree/sub/small"])
        let object = try place.script("cd store; find vol/chunks -name '*_1_*'").split(separator: "\n")[0]
        let backward = try place.sluice("explain", place.address(), "--object", String(object))
        #expect(backward.status == 0)
        #expect(backward.text.contains("path /tree/large"), "\(backward.story)")
    }

    @Test("fsck and gc of a healthy volume print a summary with exit status 0")
    func healthy() throws {
        let check = try place.sluice("fsck", "--data", "--json", place.address())
        #expect(check.status == 0, "\(check.story)")
        #expect(check.errorText == "")
        let lines = try check.jsonLines()
        #expect(lines.count == 1)
        #expect(lines[0]["type"]?.stringValue == "summary")
        #expect(lines[0]["exit_status"]?.int64Value == 0)
        #expect(lines[0]["blocks_read"]?.int64Value == 3)
        let collect = try place.sluice("gc", "--json", place.address())
        #expect(collect.status == 0, "\(collect.story)")
        let summary = try #require(try collect.jsonLines().last)
        #expect(summary["planned"]?.int64Value == 0)
        #expect(summary["classes"]?["valid"]?["count"]?.int64Value == 3)
    }

    @Test("sync prints events and a summary as JSON lines, and copies out what was copied in")
    func sync() throws {
        let result = try place.sluice("sync", "-a", "--json", "jfs://V/tree/", place.path("out/"))
        #expect(result.status == 0, "\(result.story)")
        let summary = try #require(try result.jsonLines().last)
        #expect(summary["type"]?.stringValue == "summary")
        #expect(summary["failed_count"]?.int64Value == 0)
        #expect(summary["unverified_count"]?.int64Value == 0)
        try place.script("diff --recursive --no-dereference source out")
        let again = try place.sluice("sync", "-a", "--json", "jfs://V/tree/", place.path("out/"))
        #expect(again.status == 0)
        #expect(try again.jsonLines().last?["copied_count"]?.int64Value == 0)
    }

    @Test("sync without slashes at the ends takes a name and what begins with it")
    func prefix() throws {
        let result = try place.sluice("sync", place.path("source/lar"), place.path("out/lar"))
        #expect(result.status == 0, "\(result.story)")
        try place.script("cmp source/large out/large")
        let whole = try place.sluice("sync", place.path("source/large"), place.path("one/copy"))
        #expect(whole.status == 0, "\(whole.story)")
        try place.script("cmp source/large one/copy")
    }

    @Test("config shows the settings, and each change as a line")
    func config() throws {
        let shown = try place.sluice("config", place.address())
        #expect(shown.status == 0)
        #expect(try shown.json()["TrashDays"]?.int64Value == 0)
        let changed = try place.sluice("config", place.address(), "--trash-days=7", "--capacity", "1")
        #expect(changed.status == 0, "\(changed.story)")
        #expect(changed.text.split(separator: "\n").count == 2)
        let settings = try place.sluice("config", place.address()).json()
        #expect(settings["TrashDays"]?.int64Value == 7)
        #expect(settings["Capacity"]?.int64Value == 1 << 30)
        let json = try place.sluice("config", place.address(), "--json", "--inodes", "1000")
        #expect(try json.json()["applied"]?.boolValue == true)
    }

    @Test("config --trash-days=0 --yes turns the trash off")
    func trashOff() throws {
        try place.sluice("config", place.address(), "--trash-days", "3")
        let refused = try place.sluice("config", place.address(), "--trash-days=0")
        #expect(refused.status == 1, "\(refused.story)")
        #expect(try place.sluice("config", place.address()).json()["TrashDays"]?.int64Value == 3)
        let done = try place.sluice("config", place.address(), "--trash-days=0", "--yes")
        #expect(done.status == 0, "\(done.story)")
        #expect(try place.sluice("config", place.address()).json()["TrashDays"]?.int64Value == 0)
    }
}

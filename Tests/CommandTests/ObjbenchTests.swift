// SPDX-License-Identifier: Apache-2.0

import SluiceBase
import SluiceTestSupport
import Testing

@Suite("objbench")
struct ObjbenchTests {
    private static let small = [
        "--block-size", "64K", "--big-object-size", "256K", "--small-object-size", "1K", "--small-objects",
        "20",
        "-p", "2",
    ]

    private let place: Workplace

    init() throws {
        place = try Workplace()
    }

    private func run(_ words: [String]) throws -> ProgramResult {
        try place.program(["objbench"] + Self.small + words).run()
    }

    @Test("a folder keeps its promises, is measured, and is empty afterwards")
    func folder() throws {
        try place.script("mkdir objects")
        let result = try run(["--json", place.path("objects/")])
        #expect(result.status == 0, "\(result.story)")
        let lines = try result.jsonLines()
        let results = Dictionary(
            uniqueKeysWithValues: lines.compactMap { line in
                line["check"]?.stringValue.map { ($0, line["result"]?.stringValue ?? "") }
            }
        )
        #expect(results.count == 16)
        #expect(results.values.allSatisfy { $0 == "ok" || $0 == "unsupported" }, "\(results)")
        #expect(results["get"] == "ok" && results["proof"] == "ok")
        let objects = lines.compactMap { line in
            line["operation"]?.stringValue.map { "\($0) \(line["objects"]?.int64Value ?? 0)" }
        }
        #expect(
            objects == [
                "upload 4", "download 4", "put 20", "get 20", "list 48", "head 20", "delete 24",
            ]
        )
        #expect(try place.script("find objects -mindepth 1") == "")
    }

    @Test("two storages stand side by side")
    func comparison() throws {
        try place.script("mkdir one two")
        let result = try run(["--compare", place.path("two/"), place.path("one/")])
        #expect(result.status == 0, "\(result.story)")
        #expect(result.text.contains("A: file://") && result.text.contains("B: file://"))
        #expect(result.text.contains("A RESULT") && result.text.contains("B P99"))
        #expect(try place.script("find one two -mindepth 1") == "")
    }

    @Test("a volume can be tested too, and is sound afterwards")
    func volume() throws {
        let address = place.address()
        let format = ["format", "--storage", "file", "--bucket", place.path("store"), address, "vol"]
        #expect(try place.program(format).run().status == 0)
        let result = try place.program(
            ["objbench"] + Self.small + ["--skip-functional-tests", "jfs://V/"]
        ).run()
        #expect(result.status == 0, "\(result.story)")
        #expect(!result.text.contains("CHECK"))
        #expect(try place.program(["fsck", address]).run().status == 0)
    }

    @Test(
        "a server of objects is tested by its address, and by driver, bucket and keys",
        .enabled(if: ObjectServer.isInstalled(.rclone), "needs rclone (Tests/Scripts/install-peer.sh)")
    )
    func server() throws {
        let server = try ObjectServer(.rclone)
        let keys = (ObjectServer.accessKey, ObjectServer.secretKey.replacing("/", with: "%2F"))
        let address = "minio://\(keys.0):\(keys.1)@\(server.endpoint)/objects/below/"
        let result = try run(["--json", address])
        #expect(result.status == 0, "\(result.story)")
        let results = try result.jsonLines().filter { $0["check"] != nil }
        #expect(results.count == 16)
        let missing = results.filter { $0["result"]?.stringValue == "unsupported" }
        #expect(missing.map { $0["check"]?.stringValue ?? "" } == [])
        #expect(!result.text.contains(ObjectServer.secretKey))
        let plain = try place.program(
            ["objbench"] + Self.small + ["--storage", "minio", "http://\(server.endpoint)/objects"],
            environment: ["ACCESS_KEY": ObjectServer.accessKey, "SECRET_KEY": ObjectServer.secretKey]
        ).run()
        #expect(plain.status == 0, "\(plain.story)")
        try place.script("mkdir left")
        let left = try place.sluice("sync", address, place.path("left/"))
        #expect(left.status == 0, "\(left.story)")
        #expect(try place.script("find left -type f") == "")
    }

    @Test("what cannot be tested is said")
    func refusals() throws {
        try place.script("printf x > file")
        let file = try run([place.path("file/")])
        #expect(file.status == 1 && file.errorText.contains("Not a directory"), "\(file.story)")
        #expect(!file.errorText.contains("left"))
        let server = try run(["minio://key:secret@127.0.0.1:1/bucket/"])
        #expect(server.status == 13, "\(server.story)")
        #expect(try run(["--storage", "nothing", "x"]).status == 64)
        #expect(try run(["--threads", "0", place.path("x/")]).status == 64)
        #expect(try run(["--block-size", "2G", place.path("x/")]).status == 64)
    }
}

// SPDX-License-Identifier: Apache-2.0
// A volume from its making to its end by our commands, on every engine; after each of them the real program
// is asked what it makes of the volume.

import SluiceBase
import SluiceTestSupport
import Testing

extension InteropTests {
    @Test(
        "Every command does its work on every engine, as the real program sees it",
        arguments: EngineKind.allCases
    )
    func life(_ engine: EngineKind) throws {
        let volume = try PeerVolume(engine)
        let place = volume.place
        try place.format("--block-size", "64K", "--compress", "lz4")
        try volume.expectSameStatus()

        try volume.expectDone("config", volume.address, "--trash-days", "3", "--capacity", "7", "--yes")
        let config = try volume.peer("config", "--no-agent", volume.address)
        #expect(try config.json() == volume.sluice("config", volume.address).json(), "\(config.story)")
        #expect(try config.json()["TrashDays"]?.int64Value == 3)

        try volume.makeTree("source")
        try volume.expectDone("sync", "-a", place.path("source/"), "jfs://V/in/")
        try volume.expectSameStatus()
        try volume.expectClean("\(engine)")
        try volume.expectCopyOut(equals: try volume.manifest(of: "source"), of: "in/", into: "out")

        try volume.expectExplained()
        try volume.expectCollected()
        try volume.expectMoved(to: engine)

        let uuid = try #require(try config.json()["UUID"]?.stringValue)
        try volume.expectDone("destroy", volume.address, uuid, "--yes")
        #expect(try place.script("find store -type f").isEmpty)
        let status = try volume.peer("status", volume.address)
        #expect(status.status != 0)
        #expect(status.errorText.contains("not formatted"), "\(status.story)")
    }
}

extension PeerVolume {
    @discardableResult
    fileprivate func expectDone(_ words: String...) throws -> ProgramResult {
        let result = try place.program(words).run()
        #expect(result.status == 0, "\(words): \(result.story)")
        return result
    }

    /// `info` adds up what the real program counts; `explain` goes from a path to its objects and back.
    fileprivate func expectExplained() throws {
        let info = try expectDone("info", address, "--path", "/in", "--recursive", "--json")
        let summary = try #require(try info.json().arrayValue?.first?["summary"])
        let stat = try #require(try peer("status", address).json()["Stat"])
        let names = ["files", "dirs"].compactMap { summary[$0]?.int64Value }
        // Hard links are counted once, by each name here; the root is no part of the usage.
        #expect(names.reduce(0, +) == stat["UsedInodes"]?.int64Value.map { $0 + 2 }, "\(info.text)")
        let forward = try expectDone("explain", address, "--path", "/in/size-200000", "--json").json()
        let object = try place.script("cd store; find vol/chunks -name '*_0_65536' | sort | head -n 1")
            .trimmed
        let backward = try expectDone("explain", address, "--object", object)
        #expect(backward.text.contains("path /in/"), "\(backward.story)")
        #expect(forward["paths"]?.arrayValue?.compactMap(\.stringValue) == ["/in/size-200000"])
    }

    /// `gc` takes away what no slice explains, and the real program finds nothing left.
    fileprivate func expectCollected() throws {
        try place.script("head -c 1000 /dev/urandom > store/vol/chunks/0/0/999_0_1000")
        let before = try peer("gc", address)
        #expect(before.errorText.contains(" 1 leaked (1000 bytes)"), "\(before.story)")
        #expect(try sluice("gc", address).status == 4)
        try expectDone("gc", address, "--delete", "--yes")
        try expectClean("after gc")
    }

    /// A dump of ours becomes a volume of the real program's in another database, and the other way.
    fileprivate func expectMoved(to engine: EngineKind) throws {
        let dump = place.path("dump.json")
        try expectDone("dump", "--quiet", address, dump)
        let copy = try PeerVolume(engine)
        let loaded = try copy.peer("load", copy.address, dump)
        #expect(loaded.status == 0, "\(loaded.story)")
        try copy.expectSameStatus()
        let again = copy.place.path("again.json")
        let dumped = try copy.peer("dump", copy.address, again)
        #expect(dumped.status == 0, "\(dumped.story)")
        let last = try PeerVolume(engine)
        try last.expectDone("load", "--quiet", last.address, again)
        try last.expectClean("loaded from a dump of juicefs")
    }
}

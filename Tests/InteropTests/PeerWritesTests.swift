// SPDX-License-Identifier: Apache-2.0
// Volumes that the real program made and filled through a mount, and what sluice says of them: the same
// numbers, the same objects, the same bytes, and damage that was put there on purpose.

import SluiceBase
import SluiceTestSupport
import Testing

extension InteropTests {
    @Test(
        "What the real program wrote is clean, equal and counted the same",
        arguments: [
            (.sqlite, []), (.redis, []), (.postgres, []),
            (.sqlite, ["--compress", "zstd", "--hash-prefix"]),
            (.sqlite, ["--compress", "lz4", "--encrypt-rsa-key", Interop.key("aes"), "--trash-days", "0"]),
            (.sqlite, ["--encrypt-rsa-key", Interop.key("sm4"), "--encrypt-algo", "sm4gcm"]),
        ] as [(EngineKind, [String])]
    )
    func writtenByPeer(_ engine: EngineKind, _ options: [String]) throws {
        let volume = try PeerVolume(engine)
        try volume.formatByPeer(options)
        var written = ""
        try volume.withMount {
            try volume.work(in: "mnt/data")
            written = try volume.manifest(of: "mnt/data")
            try volume.expectSameSessions()
            for name in ["patched", "cut", "far", "clone", "size-65537", "deep/moved", "sparse", "size-0"] {
                try volume.expectSameInfo(name)
            }
            try volume.expectSameInfo("", "-r")
        }
        try volume.expectSameStatus()
        try volume.mendClonedStats()
        try volume.expectClean("\(engine) \(options)")
        try volume.expectCopyOut(equals: written, of: "data/", into: "out")
    }

    @Test(
        "Both write to one volume at once, and nothing is lost, locked or suspected",
        arguments: EngineKind.allCases
    )
    func together(_ engine: EngineKind) throws {
        let volume = try PeerVolume(engine)
        let place = volume.place
        let rounds = engine == .sqlite ? 4 : 2
        try place.format()
        try volume.makeTree("source")
        try volume.withMount {
            try place.script("mkdir mnt/live live")
            let writing = try volume.writer().start()
            for round in 1...rounds {
                let sync = try volume.sluice("sync", "-a", place.path("source/"), "jfs://V/import-\(round)/")
                #expect(sync.status == 0, "\(sync.story)")
                let check = try volume.sluice("fsck", "--json", volume.address)
                // What keeps changing cannot be verified (64); nothing may be suspected.
                #expect(check.status & ~64 == 0, "\(check.story)")
                #expect(try check.findings() == [], "\(check.story)")
                let collect = try place.program(["gc", "--older-than", "1h", volume.address]).run()
                #expect(collect.status == 0, "\(collect.story)")
            }
            try place.script("touch stop")
            let result = try writing.wait()
            #expect(result.status == 0, "\(result.story)")
            #expect(!result.text.isEmpty)
            try place.script("diff --recursive live mnt/live")
            let source = try volume.manifest(of: "source")
            for round in 1...rounds { #expect(try volume.manifest(of: "mnt/import-\(round)") == source) }
        }
        try volume.expectClean()
    }

    @Test("Damage to a volume of the real program is found under its own name")
    func damage() throws {
        try volume.formatByPeer()
        let place = volume.place
        try volume.withMount { try volume.makeTree("mnt/data") }
        try place.sql("pragma wal_checkpoint(truncate)")
        try place.script("cp vol.db good.db; cp -r store good-store")
        let node = "(select inode from jfs_edge where name = cast('%' as blob))"
        func named(_ name: String) -> String { node.replacing("%", with: name) }
        let object = "\"$(find store -name '*_0_65536' | sort | head -n 1)\""
        let cases: [(what: String, code: String, alsoAllowed: Set<String>, inject: () throws -> Void)] = [
            ("row 1", "object-missing", [], { try place.script("rm \(object)") }),
            ("row 2", "object-short", [], { try place.script("truncate -s 100 \(object)") }),
            ("row 2, empty", "object-short", [], { try place.script("truncate -s 0 \(object)") }),
            (
                "row 10", "dir-nlink", [],
                { try place.sql("update jfs_node set nlink = 9 where inode = \(named("empty"))") }
            ),
            (
                "row 15", "node-orphan", ["dir-stat", "dir-stat-length"],
                { try place.sql("delete from jfs_edge where name = cast('size-200000' as blob)") }
            ),
            (
                "row 42", "dir-stat-missing", [],
                { try place.sql("delete from jfs_dir_stats where inode = \(named("deep"))") }
            ),
        ]
        for damage in cases {
            try place.script(
                "rm -rf vol.db* store; cp good.db vol.db; cp -r good-store store"
            )
            #expect(try volume.sluice("fsck", volume.address).status == 0, "before \(damage.what)")
            try damage.inject()
            let check = try volume.sluice("fsck", "--json", volume.address)
            #expect(check.status == 4, "\(damage.what): \(check.story)")
            let codes = try check.findings()
            #expect(codes.contains(damage.code), "\(damage.what): \(check.story)")
            #expect(
                codes.subtracting([damage.code]).isSubset(of: damage.alsoAllowed),
                "\(damage.what): \(codes)"
            )
        }
    }
}

extension PeerVolume {
    /// The end of a session moves with every heartbeat and is left out.
    fileprivate func expectSameSessions() throws {
        let facts = try [
            sluice("status", address), peer("status", address),
        ].map { result in
            try #require(try result.json()["Sessions"]?.arrayValue).map { session in
                (session.objectValue?.fields ?? []).filter { $0.key != "Expire" }
            }
        }
        #expect(facts[0] == facts[1])
        #expect(facts[0].count == 1)
    }

    fileprivate func expectSameInfo(_ name: String, _ options: String...) throws {
        let path = "mnt/data" + (name.isEmpty ? "" : "/\(name)")
        let theirs = try peerProgram(["info", "--strict"] + options + [place.path(path)]).run()
        let place = "/data" + (name.isEmpty ? "" : "/\(name)")
        let ours = try self.place.program(["info", address, "--path", place] + options).run()
        #expect(facts(of: ours.text) == facts(of: theirs.text), "\(name): \(ours.text)\n\(theirs.text)")
        #expect(facts(of: ours.text).count > 4, "\(ours.story)")
    }

    /// The numbers and objects in the text of `info`, whatever their layout.
    fileprivate func facts(of text: String) -> Set<[String]> {
        Set(
            text.split(separator: "\n").compactMap { line -> [String]? in
                let words = line.split { $0 == "|" || $0 == " " || $0 == "+" }.map(String.init)
                switch words.first {
                case "inode:", "files:", "dirs:", "path:": return words
                case "length:", "size:":
                    return [words[0], String(words[words.count - 2].filter(\.isNumber))]
                // Holes have no object name; the real program shows odd sizes for them.
                case let first? where Int(first) != nil: return words.count == 6 ? words : nil
                default: return nil
                }
            }
        )
    }
}

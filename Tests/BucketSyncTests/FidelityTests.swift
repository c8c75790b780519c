// SPDX-License-Identifier: Apache-2.0
// Trees of files with everything that a file system keeps.

import BucketSync
import ObjectStorage
import SluiceBase
import SluiceTestSupport
import Testing

@Suite("A tree of files")
struct FidelityTests {
    private static let archive = options {
        $0.fidelity = .archive
        $0.removal.extras = true
    }

    @Test("Arrives with modes, links, hard links, fifos, empty folders and times")
    func archive() throws {
        try withFolders { source, destination, path in
            try source.put("d/f", [1, 2, 3])
            try source.put("d/e/run", [])
            try source.setFacts(
                "d/f",
                FileFacts(mode: 0o640, uid: Posix.effectiveUserID, gid: Posix.effectiveGroupID),
                modified: Timestamp(seconds: 1_000_000_000, nanoseconds: 123_456_789)
            )
            try source.makeLink("z", to: "d/f")
            try source.makeLink("d/a", to: "d/f")
            try source.makeSymlink("d/s", target: "nowhere", modified: Timestamp(seconds: 5))
            try source.makeSpecial("d/pipe", SpecialFile(.fifo), modified: Timestamp(seconds: 6))
            try source.makeDirectory("empty/", modified: Timestamp(seconds: 7))
            try source.setFacts("d/", nil, modified: Timestamp(seconds: 8))
            let first = try sync(source, destination, Self.archive)
            #expect(first.failures == [])
            #expect(first.counts.unverified == 0)
            #expect(first.counts.linked == 2)
            #expect(try picture(of: destination) == picture(of: source))
            #expect(
                try Posix.status(path + "/to").modified == Posix.status(path + "/from").modified,
                "the folder itself"
            )
            let second = try sync(source, destination, Self.archive)
            #expect(second.counts.copied == 0)
            #expect(second.counts.skipped == second.counts.found)
            #expect(second.counts.deleted == 0)
        }
    }

    @Test("Follows links and leaves out what leads nowhere unless links are kept")
    func followed() throws {
        try withFolders { source, destination, _ in
            try source.put("f", [1])
            try source.makeSymlink("good", target: "f")
            try source.makeSymlink("bad", target: "nowhere")
            let report = try sync(source, destination)
            #expect(report.counts.brokenLinks == 1)
            #expect(!report.hasProblems)
            #expect(try contents(of: destination) == ["f": [1], "good": [1]])
        }
    }

    @Test("Keeps time to the nanosecond, and mode only when asked")
    func times() throws {
        try withFolders { source, destination, _ in
            let time = Timestamp(seconds: 77, nanoseconds: 7)
            try source.put("f", [1], options: PutOptions(modified: time))
            try sync(source, destination)
            #expect(try destination.head("f").modified == time)
        }
    }

    @Test("Repairs mode and owner of what is equal")
    func permissions() throws {
        try withFolders { source, destination, _ in
            try source.put("f", [1])
            try destination.put("f", [1])
            let facts = FileFacts(mode: 0o4711, uid: Posix.effectiveUserID, gid: Posix.effectiveGroupID)
            try source.setFacts("f", facts, modified: nil)
            let report = try sync(source, destination, options { $0.fidelity.permissions = true })
            #expect(report.counts.adjusted == 1)
            #expect(try destination.head("f").file?.mode == 0o4711)
        }
    }

    @Test("A file gives way to a folder, and a folder to a file, when extras are removed")
    func kindsChange() throws {
        try withFolders { source, destination, _ in
            try source.put("a/x", [1])
            try source.put("b", [2])
            try destination.put("a", [3])
            try destination.put("b/y", [4])
            let report = try sync(source, destination, Self.archive)
            #expect(report.failures == [])
            #expect(try contents(of: destination) == ["a/x": [1], "b": [2]])
        }
    }

    @Test("Large files arrive whole and verified", arguments: [1 << 20, (1 << 20) + 1, 5 << 20 | 3])
    func large(_ size: Int) throws {
        try withFolders { source, destination, _ in
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
            try source.put("f", bytes)
            let report = try sync(source, destination)
            #expect(report.counts.verified == 1)
            #expect(try destination.bytes(of: "f") == bytes)
        }
    }

    @Test("Any tree is equal after a run, and the next run finds nothing to do", arguments: 0..<6)
    func property(_ round: Int) throws {
        var random = SeededRandom(seed: SeededRandom.fromEnvironment().seed &+ UInt64(round))
        try withFolders { source, destination, _ in
            try fill(source, &random)
            try fill(destination, &random)
            let report = try sync(
                source,
                destination,
                options {
                    $0.fidelity = .archive
                    $0.removal.extras = true
                    $0.removal.allowsEmptySource = true
                    $0.comparison.content = true
                }
            )
            #expect(report.failures == [], "seed \(random.seed)")
            #expect(
                try stripped(picture(of: destination)) == stripped(picture(of: source)),
                "seed \(random.seed)"
            )
            let again = try sync(source, destination, Self.archive)
            #expect(again.counts.copied == 0, "seed \(random.seed)")
            #expect(again.counts.deleted == 0, "seed \(random.seed)")
        }
    }

    /// Times of files that were equal by their bytes are left alone.
    private func stripped(_ picture: [String]) -> [String] {
        picture.map { line in
            var parts = line.split(separator: " ", omittingEmptySubsequences: false)
            if parts.count > 3, !parts.contains("directory") { parts.remove(at: 3) }
            return parts.joined(separator: " ")
        }
    }

    private func fill(_ store: FileStore, _ random: inout SeededRandom) throws {
        let names = ["a", "b", "c.d", "e-f", "é", "z"]
        for _ in 0..<Int.random(in: 0..<40, using: &random) {
            var key = ByteString("")
            for _ in 0..<Int.random(in: 0..<3, using: &random) {
                key = key + ByteString("d\(Int.random(in: 0..<3, using: &random))/")
            }
            let file = key + ByteString(names[Int.random(in: 0..<names.count, using: &random)])
            switch Int.random(in: 0..<6, using: &random) {
            case 0: try store.makeDirectory(key + "dir/", modified: Timestamp(seconds: 99))
            case 1:
                try store.makeSymlink(file, target: ByteString("t\(Int.random(in: 0..<3, using: &random))"))
            default:
                let size = Int.random(in: 0..<3000, using: &random)
                try store.put(file, (0..<size).map { _ in UInt8.random(in: 0..<4, using: &random) })
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Loads and dumps that are killed: what is left is never taken for a volume or a dump, by nobody, and the
// next load makes exactly what one load would have made. The moments come from what the programs have done,
// not from the clock; which of them, from a seed.

import Glibc
import SluiceBase
import SluiceTestSupport
import Testing

@Suite(
    "Loads and dumps that are killed",
    .enabled(if: EngineKind.areAllInstalled, "needs redis-server and PostgreSQL")
)
struct KilledLoadTests {
    private static let directories = 25
    private static let filesEach = 200

    private let place: Workplace

    init() throws {
        place = try Workplace()
    }

    /// A form of a dump.
    enum Form: String, CaseIterable, Sendable {
        case json
        case binary

        var options: [String] { self == .binary ? ["--binary"] : [] }
    }

    /// Writes a dump of 5000 files, some with several names, as JuiceFS lays it out.
    private func writeDump(to name: String) throws {
        func attributes(_ inode: Int, _ type: String, length: Int = 0) -> String {
            "\"attr\":{\"inode\":\(inode),\"type\":\"\(type)\",\"mode\":420,\"uid\":\(inode % 7),\"gid\":1,"
                + "\"atime\":1,\"mtime\":\(inode),\"ctime\":1,\"nlink\":1,\"length\":\(length)}"
        }
        func file(_ inode: Int) -> String {
            "{\(attributes(inode, "regular", length: 5)),\"xattrs\":[{\"name\":\"user.k\",\"value\":\"v\"}],"
                + "\"chunks\":[{\"index\":0,\"slices\":[{\"id\":\(inode),\"size\":5,\"len\":5}]}]}"
        }
        var inode = 1
        let folders = (0..<Self.directories).map { folder -> String in
            inode += 1
            let head = attributes(inode, "directory")
            let first = inode + 1
            let files = (0..<Self.filesEach).map { number -> String in
                inode += 1
                // Every tenth file is the first one once more.
                return "\"f\(1000 + number)\":\(file(number % 10 == 9 ? first : inode))"
            }
            return "\"d\(100 + folder)\":{\(head),\"entries\":{\(files.joined(separator: ",\n"))}}"
        }
        let settings =
            "\"Setting\":{\"Name\":\"vol\",\"UUID\":\"6d3a0d52-2d0a-4a53-8c5e-3f0e5a5b0001\","
            + "\"Storage\":\"file\",\"Bucket\":\"\(place.path("store"))/\",\"BlockSize\":4096,"
            + "\"TrashDays\":1,\"MetaVersion\":1,\"DirStats\":true}"
        let text =
            "{\(settings),\n\"FSTree\":{\(attributes(1, "directory")),"
            + "\"entries\":{\(folders.joined(separator: ",\n"))}}}\n"
        let output = try FileDescriptor.open(ByteString(place.path(name)), [.writeOnly, .create])
        try output.write(Array(text.utf8))
    }

    @discardableResult
    private func run(_ arguments: [String]) throws -> ProgramResult {
        let result = try place.program(arguments).run()
        guard result.status == 0 else { throw ProgramError(description: "\(arguments) \(result.story)") }
        return result
    }

    /// The dump, loaded once without trouble.
    /// - Returns: the file to load in this form, and a binary dump of what it makes in a database of this
    ///   kind: every record that dumps hold.
    private func expectation(_ kind: EngineKind, _ form: Form) throws -> (file: String, whole: String) {
        try writeDump(to: "first.json")
        let whole = try VolumeDatabase(kind, file: place.path("whole.db"))
        var file = place.path("first.json")
        if form == .binary {
            try run(["load", "--quiet", place.address("first"), file])
            file = place.path("first.bin")
            try run(["dump", "--quiet", "--binary", place.address("first"), file])
        }
        try run(["load", "--quiet"] + form.options + [whole.address, file])
        try run(["dump", "--quiet", "--binary", whole.address, place.path("whole.bin")])
        return (file, place.path("whole.bin"))
    }

    /// Starts a load that gets only a part of its input, and kills it when it has taken most of that.
    /// - Parameter share: of the dump, in hundredths.
    private func killHalfway(_ arguments: [String], file: String, share: Int) throws {
        try place.script("rm -f half; mkfifo half")
        let loading = try place.program(arguments + [place.path("half")]).start()
        let number = loading.process
        // A pipe holds 64 KiB: the rest of what was written has been read.
        let bytes = "$(($(stat -c %s '\(file)') * \(share) / 100))"
        try place.script("exec 3> half; head -c \(bytes) '\(file)' >&3; kill -9 \(number)")
        #expect(try loading.wait().status == -SIGKILL)
    }

    /// Starts a load and kills it when the database has as many entries.
    /// - Returns: whether it was killed before its end.
    private func killLate(
        _ arguments: [String],
        file: String,
        entries: Int,
        in database: VolumeDatabase
    ) throws -> Bool {
        let loading = try place.program(arguments + [file]).start()
        let hasGrown = try retrying { try database.entryCount() >= entries }
        loading.signal(SIGKILL)
        let status = try loading.wait().status
        #expect(hasGrown)
        #expect([0, -SIGKILL].contains(status))
        return status != 0
    }

    /// Every command says what it is, and what to do.
    private func expectRefused(_ database: VolumeDatabase, file: String, _ form: Form) throws {
        try place.script("mkdir -p out")
        let commands: [[String]] = [
            ["status", database.address], ["fsck", database.address], ["gc", database.address],
            ["info", database.address, "--path", "/d100"], ["sync", "jfs://HALF/", place.path("out/")],
            ["config", database.address, "--trash-days", "3", "--yes"],
            ["dump", database.address, place.path("other.json")],
            ["load"] + form.options + [database.address, file],
        ]
        for words in commands {
            let result = try place.program(words, environment: ["HALF": database.address]).run()
            #expect(result.status != 0 && !result.crashed, "\(words): \(result.story)")
            #expect(result.errorText.contains("sluice load --resume"), "\(words): \(result.story)")
        }
        #expect(!place.exists("other.json"))
    }

    @Test(
        "what is left is refused, and a resumed load is equal to one that was not killed",
        arguments: EngineKind.allCases,
        Form.allCases
    )
    func load(kind: EngineKind, form: Form) throws {
        var random = SeededRandom.fromEnvironment()
        let (file, whole) = try expectation(kind, form)
        let database = try VolumeDatabase(kind, file: place.path("half.db"))
        let first = ["load"] + form.options + [database.address]
        let again = ["load", "--resume"] + form.options + [database.address]
        try killHalfway(first, file: file, share: .random(in: 30...95, using: &random))
        try expectRefused(database, file: file, form)
        // Of a binary dump nothing is written before all of it was read.
        var wasKilled = true
        switch form {
        case .json: try killHalfway(again, file: file, share: .random(in: 30...95, using: &random))
        case .binary:
            let entries = Int.random(in: 2...Self.filesEach * Self.directories / 2, using: &random)
            wasKilled = try killLate(again, file: file, entries: entries, in: database)
        }
        if wasKilled {
            try expectRefused(database, file: file, form)
            try run(again + ["--quiet", file])
        }
        try run(["dump", "--quiet", "--binary", database.address, place.path("half.bin")])
        let difference = try place.tool("cmp", whole, place.path("half.bin"))
        #expect(difference.status == 0, "seed \(random.seed): \(difference.story)")
    }

    @Test(
        "the real program refuses what is left",
        .enabled(if: Programs.peer != nil, "needs the real juicefs (Tests/Scripts/install-peer.sh)"),
        arguments: EngineKind.allCases
    )
    func peer(kind: EngineKind) throws {
        try writeDump(to: "first.json")
        let file = place.path("first.json")
        let database = try VolumeDatabase(kind, file: place.path("half.db"))
        try killHalfway(["load", database.address], file: file, share: 60)
        let commands = [
            ["status", database.address], ["fsck", database.address], ["gc", database.address],
            ["mount", "-d", "--no-usage-report", database.address, place.path("mnt")],
            ["load", database.address, file], ["dump", database.address, place.path("other.json")],
        ]
        for words in commands {
            let peer = Program(try #require(Programs.peer), words, environment: place.environment)
            let result = try peer.run()
            #expect(result.status > 0, "juicefs \(words): \(result.story)")
        }
        #expect(!place.exists("mnt/.config"))
    }

    @Test("a killed dump leaves the file that was there", arguments: Form.allCases)
    func dump(form: Form) throws {
        var random = SeededRandom.fromEnvironment()
        try writeDump(to: "first.json")
        try run(["load", "--quiet", place.address(), place.path("first.json")])
        let dump = ["dump", "--quiet"] + form.options + [place.address()]
        try run(dump + [place.path("whole")])
        let size = Int(try place.script("stat -c %s whole").filter(\.isNumber)) ?? 0
        for _ in 0..<4 {
            try place.script("printf old > out")
            let bytes = Int.random(in: 0..<size, using: &random)
            let dumping = try place.program(dump + [place.path("out")]).start()
            let isWriting = try retrying {
                let found = try Posix.statusIfPresent(ByteString(place.path("out.tmp")))
                return try found.map { Int($0.size) >= bytes } ?? (place.script("head -c 4 out") != "old")
            }
            dumping.signal(SIGKILL)
            _ = try dumping.wait()
            #expect(isWriting)
            let isOld = try place.script("head -c 4 out") == "old"
            let isWhole = try place.tool("cmp", place.path("whole"), place.path("out")).status == 0
            #expect(isOld || isWhole, "seed \(random.seed), \(bytes) of \(size) bytes")
        }
        try run(dump + [place.path("out")])
        #expect(try place.tool("cmp", place.path("whole"), place.path("out")).status == 0)
        #expect(!place.exists("out.tmp"))
    }
}

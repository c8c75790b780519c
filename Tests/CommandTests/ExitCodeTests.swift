// SPDX-License-Identifier: Apache-2.0
// What every command does with an address, a database or an option that is wrong: the exit codes of
// sluice(1), nothing on standard output, a sentence on standard error, and no file that was not there before.

import Glibc
import SluiceBase
import SluiceTestSupport
import Testing

/// A command line on an address, and whether the command gives a verdict.
struct CommandCase: Sendable, CustomTestStringConvertible {
    let words: [String]
    let givesVerdict: Bool

    var testDescription: String { words.joined(separator: " ") }

    /// The words with the address in its place.
    func arguments(on address: String) -> [String] {
        words.map { $0 == "META" ? address : $0 }
    }

    /// Every command that opens a volume, as it would be used.
    static let all = [
        CommandCase(words: ["status", "META"], givesVerdict: false),
        CommandCase(words: ["status", "--more", "META"], givesVerdict: false),
        CommandCase(words: ["config", "META"], givesVerdict: false),
        CommandCase(words: ["config", "META", "--trash-days", "2", "--yes"], givesVerdict: false),
        CommandCase(words: ["info", "META", "--path", "/"], givesVerdict: false),
        CommandCase(words: ["explain", "META", "--path", "/"], givesVerdict: false),
        CommandCase(words: ["destroy", "META", "no-such-uuid", "--yes"], givesVerdict: false),
        CommandCase(words: ["fsck", "META"], givesVerdict: true),
        CommandCase(words: ["fsck", "META", "--path", "/", "--recursive"], givesVerdict: true),
        CommandCase(words: ["gc", "META"], givesVerdict: true),
        CommandCase(words: ["gc", "META", "--delete", "--yes"], givesVerdict: true),
    ]
}

@Suite("Exit codes of commands")
struct ExitCodeTests {
    private let place: Workplace

    init() throws {
        place = try Workplace()
    }

    private func run(_ command: CommandCase, on address: String) throws -> ProgramResult {
        try place.program(command.arguments(on: address)).run()
    }

    /// Checks a refusal: the code, that standard output is empty, and that standard error tells the verb.
    private func expectRefusal(_ result: ProgramResult, _ command: CommandCase, code: Int32, verdict: Int32) {
        #expect(result.status == (command.givesVerdict ? verdict : code), "\(result.story)")
        #expect(result.text == "")
        let prefix = "sluice: \(command.words[0]): "
        #expect(result.errorText.hasPrefix(prefix), "\(result.story)")
    }

    @Test("A database that does not exist is refused and not created", arguments: CommandCase.all)
    func missingDatabase(_ command: CommandCase) throws {
        let result = try run(command, on: place.address("missing"))
        expectRefusal(result, command, code: 10, verdict: 8)
        #expect(try place.script("find . -name 'missing*'") == "")
    }

    @Test("A database without a volume is refused and stays as it is", arguments: CommandCase.all)
    func foreignDatabase(_ command: CommandCase) throws {
        try place.sql("create table notes(line); insert into notes values('mine');", in: "foreign")
        let before = try place.script("sha256sum foreign.db")
        expectRefusal(try run(command, on: place.address("foreign")), command, code: 10, verdict: 8)
        #expect(try place.script("sha256sum foreign.db") == before)
    }

    @Test("A file of random bytes is no volume", arguments: CommandCase.all)
    func randomFile(_ command: CommandCase) throws {
        try place.script("head -c 20000 /dev/urandom > noise.db; sha256sum noise.db > sum")
        expectRefusal(try run(command, on: place.address("noise")), command, code: 10, verdict: 8)
        try place.script("sha256sum --check --quiet sum")
    }

    @Test("An empty file and a folder are no volumes", arguments: CommandCase.all)
    func emptyFile(_ command: CommandCase) throws {
        try place.script(": > empty.db; mkdir folder.db")
        expectRefusal(try run(command, on: place.address("empty")), command, code: 10, verdict: 8)
        expectRefusal(try run(command, on: place.address("folder")), command, code: 10, verdict: 8)
        #expect(try place.script("stat --format=%s empty.db") == "0\n")
    }

    @Test("A volume of a later format or for later clients is refused", arguments: CommandCase.all)
    func laterVersion(_ command: CommandCase) throws {
        try place.format()
        try place.sql("update jfs_setting set value = json_set(value, '$.MetaVersion', 2)")
        expectRefusal(try run(command, on: place.address()), command, code: 14, verdict: 8)
        try place.sql(
            """
            update jfs_setting set value =
                json_set(value, '$.MetaVersion', 1, '$.MinClientVersion', '9.0.0')
            """
        )
        expectRefusal(try run(command, on: place.address()), command, code: 14, verdict: 8)
    }

    @Test("Addresses of no engine are usage errors", arguments: CommandCase.all)
    func wrongAddress(_ command: CommandCase) throws {
        for address in [
            "vol.db", "sqlite3:/vol.db", "sqlite3://", "mysql://h/1", "://", "", "sqlite4:///x",
            "redis://h/x",
        ] {
            let result = try run(command, on: address)
            #expect(result.status == (command.givesVerdict ? 16 : 64), "'\(address)': \(result.story)")
            #expect(result.text == "")
            #expect(!result.errorText.isEmpty)
        }
    }

    @Test("Unknown commands, unknown options and missing arguments are usage errors")
    func usage() throws {
        let ordinary = [
            ["nosuch"], ["status"], ["status", "--nosuch", "x"], ["info", "sqlite3:///x.db"],
            ["explain", "sqlite3:///x.db"], ["destroy", "sqlite3:///x.db"], ["config"], ["version", "more"],
            ["format", "sqlite3:///x.db", "UPPER"], ["format", "sqlite3:///x.db", "ab"],
            ["format", "sqlite3:///x.db", "vol", "--compress", "zip"],
            ["format", "sqlite3:///x.db", "vol", "--encrypt-algo", "rot13"],
            ["format", "sqlite3:///x.db", "vol", "--shards", "257"],
            ["explain", "sqlite3:///x.db", "--path", "/", "--slice", "1"],
        ]
        let verdicts = [
            ["fsck"], ["fsck", "--nosuch", "x"], ["fsck", "sqlite3:///x.db", "--threads", "0"],
            ["fsck", "sqlite3:///x.db", "--path", "relative"], ["fsck", "sqlite3:///x.db", "--recursive"],
            ["gc"], ["gc", "sqlite3:///x.db", "--threads", "-1"], ["sync", "a/"], ["sync", "a/", "b"],
            ["sync", "a/", "ftp://b/"], ["sync", "a/", "b/", "--bwlimit", "fast"],
            ["sync", "a/", "jfs://NOTSET/"],
        ]
        for (lines, code) in [(ordinary, Int32(64)), (verdicts, 16)] {
            for line in lines {
                let result = try place.program(line).run()
                #expect(result.status == code, "\(line): \(result.story)")
                #expect(result.text == "", "\(line)")
                #expect(!result.errorText.isEmpty, "\(line)")
            }
        }
        #expect(try place.script("ls -A") == "")
    }

    @Test("Help and version are results")
    func help() throws {
        for line in [["--help"], ["fsck", "--help"], ["help", "gc"], ["version"], ["--version"]] {
            let result = try place.program(line).run()
            #expect(result.status == 0, "\(line): \(result.story)")
            #expect(!result.text.isEmpty, "\(line)")
            #expect(result.errorText == "", "\(line)")
        }
    }

    @Test("Called by the name juicefs, a command ends with 0 or 1 only")
    func dropIn() throws {
        try place.format()
        try place.sql("", in: "empty")
        try place.script("mkdir -p store/vol/chunks/0/0; echo 12345 > store/vol/chunks/0/0/7_0_6")
        let lines: [([String], Int32)] = [
            (["status", place.address()], 0), (["fsck", place.address()], 1), (["gc", place.address()], 0),
            (["status", place.address("missing")], 1), (["fsck", place.address("missing")], 1),
            (["status"], 1), (["gc", "--nosuch"], 1), (["nosuch"], 1), (["version"], 0),
            (["--no-agent", "-q", "status", place.address()], 0),
        ]
        for (line, code) in lines {
            var program = place.program(line)
            program.name = "/usr/local/bin/juicefs"
            let result = try program.run()
            #expect(result.status == code, "\(line): \(result.story)")
        }
    }
}

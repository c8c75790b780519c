// SPDX-License-Identifier: Apache-2.0
// Verbs that delete: never without consent, never in a dry run, never on incomplete evidence.

import Glibc
import SluiceBase
import SluiceTestSupport
import Testing

@Suite("Dangerous commands")
struct DangerTests {
    private let place: Workplace

    /// A volume with a file and an object that no slice explains.
    init() throws {
        place = try Workplace()
        try place.format()
        try place.script(
            """
            mkdir source; head -c 300000 /dev/urandom > source/file
            """
        )
        let result = try place.sluice("sync", "--quiet", place.path("source/"), "jfs://V/")
        guard result.status == 0 else { throw ProgramError(description: result.story) }
        try place.script("head -c 1000 /dev/urandom > store/vol/chunks/0/0/999_0_1000")
    }

    private func uuid() throws -> String {
        try place.sql("select json_extract(value, '$.UUID') from jfs_setting where name = 'format'")
            .trimmed
    }

    /// A digest of everything that the volume is.
    private func state() throws -> String {
        try place.script("sqlite3 vol.db .dump | sha256sum; find store -type f | sort | xargs sha256sum")
    }

    @Test("Without a terminal and without --yes nothing is deleted")
    func consent() throws {
        let before = try state()
        for line in [["gc", "--delete", place.address()], ["destroy", place.address(), try uuid()]] {
            var program = place.program(line)
            program.input = Array("vol\nvol\ny\n".utf8)
            let result = try program.run()
            #expect(result.status != 0 && !result.crashed, "\(line): \(result.story)")
            #expect(result.errorText.contains("--yes"), "\(result.story)")
            #expect(try state() == before, "\(line)")
        }
    }

    @Test("A dry run changes nothing and tells what would be")
    func dryRun() throws {
        let before = try state()
        let uuid = try uuid()
        try place.script("mkdir extra; echo more > extra/name")
        let lines: [([String], Int32)] = [
            (["gc", place.address()], 4), (["destroy", place.address(), uuid, "--dry-run", "--yes"], 0),
            (["config", place.address(), "--trash-days", "9", "--capacity", "5", "--dry-run", "--yes"], 0),
            (["sync", "--dry-run", place.path("extra/"), "jfs://V/"], 0),
            (["sync", "--dry", "--delete-dst", place.path("extra/"), "jfs://V/"], 0),
            (["fsck", "--data", place.address()], 0),
        ]
        for (line, code) in lines {
            let result = try place.program(line).run()
            #expect(result.status == code, "\(line): \(result.story)")
            #expect(try state() == before, "\(line)")
        }
    }

    @Test("gc --delete deletes its plan, keeps what is alive, and writes its journal first")
    func collect() throws {
        let result = try place.sluice(
            "gc",
            "--delete",
            "--yes",
            "--journal",
            place.path("journal"),
            place.address()
        )
        #expect(result.status == 0, "\(result.story)")
        #expect(!place.exists("store/vol/chunks/0/0/999_0_1000"))
        #expect(try place.script("cat journal").contains("999_0_1000"))
        #expect(try place.sluice("fsck", "--data", place.address()).status == 0)
        #expect(try place.sluice("gc", place.address()).status == 0)
    }

    @Test("gc leaves objects alone that are younger than --older-than")
    func margin() throws {
        let result = try place.sluice("gc", "--delete", "--yes", "--older-than", "1h", place.address())
        #expect(result.status == 0, "\(result.story)")
        #expect(place.exists("store/vol/chunks/0/0/999_0_1000"))
    }

    @Test("gc deletes nothing when a chunk record cannot be read")
    func interlock() throws {
        try place.sql("update jfs_chunk set slices = substr(slices, 1, 20)")
        let before = try state()
        let result = try place.sluice("gc", "--delete", "--yes", place.address())
        #expect(result.status & 8 == 8 && result.status & 1 == 0, "\(result.story)")
        #expect(try state() == before)
    }

    @Test("gc deletes nothing when the store says that it belongs to another volume")
    func foreignStore() throws {
        try place.script("printf '11111111-2222-3333-4444-555555555555' > store/vol/juicefs_uuid")
        let before = try state()
        let result = try place.sluice("gc", "--delete", "--yes", place.address())
        #expect(result.status & 8 == 8 && result.status & 1 == 0, "\(result.story)")
        #expect(try state() == before)
    }

    @Test("destroy removes objects and metadata, and only of the volume that was named")
    func destroy() throws {
        let before = try state()
        let wrong = try place.sluice(
            "destroy",
            place.address(),
            "11111111-2222-3333-4444-555555555555",
            "--yes"
        )
        #expect(wrong.status == 1)
        #expect(try state() == before)
        try place.script("echo mine > store/stranger")
        let result = try place.sluice("destroy", place.address(), try uuid(), "--yes")
        #expect(result.status == 0, "\(result.story)")
        #expect(try place.script("find store -type f") == "store/stranger\n")
        #expect(try place.sluice("status", place.address()).status == 10)
    }

    @Test("destroy refuses while a client is at work")
    func busy() throws {
        try place.sql(
            """
            insert into jfs_session2 values(77, strftime('%s', 'now') + 300,
                '{"Version":"1.4.2","HostName":"node7","MountPoint":"/mnt","ProcessID":1}')
            """
        )
        let before = try state()
        let result = try place.sluice("destroy", place.address(), try uuid(), "--yes")
        #expect(result.status == 11, "\(result.story)")
        #expect(result.errorText.contains("node7"))
        #expect(try state() == before)
    }

    @Test("An interrupt ends a check with the bit of a cancelled one")
    func interrupt() throws {
        let count = 3000
        try place.sql(
            """
            with recursive n(i) as (select 1 union all select i + 1 from n where i < \(count))
            insert into jfs_edge(parent, name, inode, type)
            select 1, cast('ghost' || i as blob), 9000 + i, 1 from n
            """
        )
        // The findings do not fit into a pipe: the check cannot end before they are read. That happens only
        // when it has answered the second signal, and signals are served in the order of their numbers.
        let status = try place.script(
            """
            set -m
            mkfifo out err
            '\(place.binary)' fsck --json --data '\(place.address())' > out 2> err &
            exec 3< out 4< err
            read -r finding <&3
            kill -INT $!
            kill -USR1 $! || true
            read -r progress <&4 || true
            cat <&3 > findings
            wait $! || echo $?
            """
        )
        #expect(status == "32\n")
    }
}

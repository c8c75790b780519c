// SPDX-License-Identifier: Apache-2.0
// Volumes that are damaged and machines that do not help: no command may crash, say that all is well, or
// delete.

import Glibc
import SluiceBase
import SluiceTestSupport
import Testing

@Suite("Commands on hostile ground")
struct HostileTests {
    private let place: Workplace

    init() throws {
        place = try Workplace()
    }

    /// A volume with a row or more in every table.
    private func fill() throws {
        try place.format("--compress", "lz4", "--enable-acl")
        try place.script(
            """
            mkdir -p source/sub
            head -c 300000 /dev/urandom > source/sub/file
            ln -s sub/file source/link
            setfattr -n user.colour -v blue source/sub/file
            """
        )
        let result = try place.sluice("sync", "--quiet", "-a", place.path("source/"), "jfs://V/")
        guard result.status == 0 else { throw ProgramError(description: result.story) }
        try place.sql(
            """
            insert into jfs_delslices values(1, 1, x'0000000000000001000493e0');
            insert into jfs_session2 values(7, strftime('%s', 'now') + 3000, '{"HostName":"node7"}');
            insert into jfs_sustained(sid, inode) values(7, 2);
            insert into jfs_delfile values(900, 100, 1);
            insert into jfs_flock(inode, sid, owner, ltype) values(2, 7, 1, 'W');
            insert into jfs_plock(inode, sid, owner, records) values(2, 7, 1, zeroblob(24));
            insert into jfs_dir_quota values(1, 1, 1, 1, 1);
            insert into jfs_user_group_quota values(1, 1, 1, 1, 1, 1);
            insert into jfs_detached_node values(901, 1);
            insert into jfs_acl(owner, "group", mask, other, named_users, named_groups)
                values(7, 5, 7, 0, zeroblob(12), zeroblob(6));
            insert into jfs_change_log(entry) values('1.0|NOP()|(1,1)');
            """
        )
        try place.script("cp vol.db good.db")
    }

    /// The columns of the metadata, `table|column`, the settings first.
    private func columns() throws -> [(table: String, column: String)] {
        try place.sql(
            """
            select m.name, c.name from sqlite_master m, pragma_table_info(m.name) c
            where m.type = 'table' and m.name glob 'jfs_*' order by m.name = 'jfs_setting' desc, m.name, c.cid
            """
        ).split(separator: "\n").map { line in
            let parts = line.split(separator: "|").map(String.init)
            return (parts[0], parts[1])
        }
    }

    private static let foreignValues = [
        "x'ff00fe80ff'", "'text'", "-9223372036854775808", "9223372036854775807", "1.5e300",
    ]

    @Test("Foreign values in any column crash nothing and let nothing be deleted", arguments: [0, 2])
    func foreignValues(_ rotation: Int) throws {
        try fill()
        let objects = try place.script("find store -type f | sort | xargs sha256sum")
        let tables = Dictionary(grouping: try columns(), by: \.table).sorted { $0.key < $1.key }
        #expect(tables.count > 20)
        for place in 0..<(tables.map(\.value.count).max() ?? 0) {
            // One column of every table at a time; the settings alone, because nothing opens without them.
            let updates = tables.enumerated().filter { $1.value.count > place && $1.key != "jfs_setting" }.map
            {
                let value = Self.foreignValues[($0 + place + rotation) % Self.foreignValues.count]
                return "update or replace \($1.key) set \"\($1.value[place].column)\" = \(value);"
            }
            try expectNoCrash(after: updates.joined(separator: "\n"))
        }
        for column in ["name", "value"] {
            try expectNoCrash(after: "update jfs_setting set \(column) = \(Self.foreignValues[rotation])")
        }
        #expect(try place.script("find store -type f | sort | xargs sha256sum") == objects)
    }

    /// Runs the commands on the volume after the statements, of which SQLite may refuse some.
    private func expectNoCrash(after statements: String) throws {
        try place.script("rm -f vol.db-*; cp good.db vol.db")
        try place.tool("sqlite3", place.path("vol.db"), input: Array(statements.utf8))
        for line in Self.lines {
            let result = try place.program(line + [place.address()]).run()
            #expect(!result.crashed, "\(line): \(statements)\n\(result.story)")
        }
    }

    private static let lines = [
        ["status", "--more"], ["info", "--path", "/", "--recursive"], ["fsck", "--json"],
        ["gc", "--delete", "--yes", "--quiet"],
    ]

    @Test(
        "A record that cannot be decoded is a finding and forbids deletions",
        arguments: [
            ("jfs_node", "length"), ("jfs_node", "type"), ("jfs_node", "mode"), ("jfs_node", "nlink"),
            ("jfs_edge", "inode"), ("jfs_edge", "parent"), ("jfs_chunk", "inode"), ("jfs_chunk", "indx"),
            ("jfs_chunk", "slices"), ("jfs_chunk_ref", "size"), ("jfs_chunk_ref", "refs"),
            ("jfs_counter", "value"),
        ]
    )
    func undecodable(_ table: String, _ column: String) throws {
        try fill()
        try place.script("head -c 1000 /dev/urandom > store/vol/chunks/0/0/999_0_1000")
        try place.sql("update jfs_counter set value = 2000 where name = 'nextChunk'")
        try place.sql("update \(table) set \(column) = x'ff00fe80ff'")
        let check = try place.sluice("fsck", "--json", place.address())
        #expect(check.status & 12 != 0 && !check.crashed, "\(check.story)")
        let objects = try place.script("find store -type f | sort")
        let collect = try place.sluice("gc", "--delete", "--yes", place.address())
        if ["slices", "inode", "indx"].contains(column), table == "jfs_chunk" {
            #expect(collect.status & 9 == 8, "\(collect.story)")
            #expect(try place.script("find store -type f | sort") == objects)
        }
        let live = try place.script("find store -name '1_*'")
        #expect(live.contains("1_0_"), "\(collect.story)")
    }

    @Test("A wrong or a missing passphrase is an authentication failure")
    func passphrase() throws {
        let key =
            "\(#filePath.split(separator: "/").dropLast(2).reduce("") { $0 + "/" + $1 })"
            + "/Fixtures/encryption/aes/key.pem"
        let right = ["JFS_RSA_PASSPHRASE": "sluice-test"]
        try place.format("--encrypt-rsa-key", key, environment: right)
        let good = try place.sluice("fsck", "--data", place.address(), environment: right)
        #expect(good.status == 0, "\(good.story)")
        for environment in [["JFS_RSA_PASSPHRASE": "wrong"], [:]] {
            let format = try place.sluice(
                "format",
                place.address("other"),
                "other",
                "--bucket",
                place.path("store"),
                "--encrypt-rsa-key",
                key,
                environment: environment
            )
            #expect(format.status == 12, "\(format.story)")
            #expect(try place.sluice("status", place.address("other")).status == 10)
            let destroy = try place.sluice(
                "destroy",
                place.address(),
                "--yes",
                try place.sql("select json_extract(value, '$.UUID') from jfs_setting").trimmed,
                environment: environment
            )
            #expect(destroy.status == 12, "\(destroy.story)")
            let check = try place.sluice("fsck", place.address(), environment: environment)
            #expect(check.status == 8, "\(check.story)")
            #expect(check.errorText.contains("JFS_RSA_PASSPHRASE"))
        }
    }

    @Test("A database that cannot be written is read all the same, and writing to it fails")
    func readOnly() throws {
        try place.format()
        try place.script("mkdir source; echo data > source/file")
        // For root no permission is too narrow; a file system that is mounted read-only is for everybody.
        try place.script(
            """
            mkdir fixed; cp vol.db fixed/vol.db
            if [ "$(id -u)" = 0 ]; then mount --bind fixed fixed && mount -o remount,bind,ro fixed
            else chmod 0444 fixed/vol.db && chmod 0555 fixed; fi
            """
        )
        defer {
            #expect(throws: Never.self) {
                try place.script("if [ \"$(id -u)\" = 0 ]; then umount -l fixed; else chmod 0755 fixed; fi")
            }
        }
        let address = "sqlite3://\(place.path("fixed/vol.db"))"
        for line in [["status", address], ["fsck", address], ["gc", address], ["config", address]] {
            let result = try place.program(line).run()
            #expect(result.status == 0, "\(line): \(result.story)")
        }
        let config = try place.sluice("config", address, "--trash-days", "4", "--yes")
        #expect(config.status == 1, "\(config.story)")
        #expect(config.errorText.contains("read-only"), "\(config.story)")
        let sync = try place.sluice(
            "sync",
            place.path("source/"),
            "jfs://V/",
            environment: ["V": address]
        )
        #expect(sync.status & 12 != 0 && !sync.crashed, "\(sync.story)")
    }

    @Test(
        "A full disk is told, and what was on it stays whole",
        .enabled(
            if: Posix.effectiveUserID == 0,
            "only root may mount a small file system"
        )
    )
    func fullDisk() throws {
        try place.script("mkdir small && mount -t tmpfs -o size=1m tmpfs small")
        defer { #expect(throws: Never.self) { try place.script("umount -l small") } }
        let address = "sqlite3://\(place.path("small/vol.db"))"
        let format = try place.sluice("format", address, "vol", "--bucket", place.path("small/store"))
        #expect(format.status == 0, "\(format.story)")
        try place.script(
            """
            mkdir source
            for i in 1 2 3; do head -c 200000 /dev/urandom > source/$i; done
            head -c 3000000 /dev/urandom > source/4
            """
        )
        let sync = try place.sluice(
            "sync",
            "--json",
            place.path("source/"),
            "jfs://V/",
            environment: ["V": address]
        )
        #expect(sync.status & 4 == 4 && !sync.crashed, "\(sync.story)")
        #expect(sync.errorText.contains("space") || sync.errorText.contains("full"), "\(sync.story)")
        let copied = try #require(try sync.jsonLines().last?["copied_count"]?.int64Value)
        #expect(copied < 4)
        let check = try place.sluice("fsck", "--data", "--json", address)
        #expect(check.status == 0, "\(check.story)")
        try place.script("mount -o remount,size=64m small")
        let again = try place.sluice("sync", place.path("source/"), "jfs://V/", environment: ["V": address])
        #expect(again.status == 0, "\(again.story)")
        let out = try place.sluice("sync", "jfs://V/", place.path("out/"), environment: ["V": address])
        #expect(out.status == 0, "\(out.story)")
        try place.script("diff --recursive source out")
    }

    @Test("fsck --data finds an object whose bytes cannot be decrypted or decompressed")
    func unreadableObject() throws {
        try fill()
        try place.script(
            "rm -f vol.db-*; cp good.db vol.db; "
                + "find store -name '1_0_*' | xargs -I{} sh -c 'echo rubbish > {}'"
        )
        let check = try place.sluice("fsck", "--data", "--json", place.address())
        #expect(check.status & 4 == 4, "\(check.story)")
        let codes = try check.findings()
        #expect(!codes.isDisjoint(with: ["object-unreadable", "object-short"]), "\(check.story)")
    }
}

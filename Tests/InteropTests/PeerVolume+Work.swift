// SPDX-License-Identifier: Apache-2.0
// What is done with a volume of both programs, and what both must say of it afterwards.

import Metadata
import SluiceBase
import SluiceTestSupport
import Testing

extension PeerVolume {
    func formatByPeer(_ options: [String] = []) throws {
        let words = ["format", "--no-agent", address, "vol", "--bucket", place.path("store")]
        let result = try peerProgram(words + ["--block-size", "64K"] + options).run()
        guard result.status == 0 else { throw ProgramError(description: result.story) }
    }

    /// Everything that a tree is: types, modes, owners, links, sizes, times, sums, attributes.
    func manifest(of folder: String) throws -> String {
        try place.script(
            """
            cd '\(folder)'
            find . -mindepth 1 -type d -printf '%P %y %m %U:%G\\0' -o -type l -printf '%P %y %U:%G %l\\0' \
                -o -printf '%P %y %m %U:%G %n %s %T@\\0' | sort -z | tr '\\0' '\\n'
            find . -type f -print0 | sort -z | xargs -0 --no-run-if-empty sha256sum
            getfattr -R -d -m '^user' -e hex -h . | { grep -v '^$' || true; } | sort
            """
        )
    }

    /// Makes a tree that has one of everything a volume can hold.
    func makeTree(_ folder: String) throws {
        try place.script(
            """
            mkdir -p \(folder) && cd \(folder)
            mkdir -p deep/er/still empty locked
            for size in 0 1 4095 65535 65536 65537 200000 1500000; do
                head -c $size /dev/urandom > size-$size
            done
            head -c 500000 /dev/zero > zeros
            truncate -s 5000000 sparse; printf end >> sparse
            printf script > tool; chmod 4755 tool; printf secret > none; chmod 0000 none
            printf a > deep/er/still/a; ln deep/er/still/a deep/again; ln deep/er/still/a third
            ln -s deep/again link; ln -s /nowhere/at/all dangling; ln -s ../empty deep/folder
            printf nl > $'new\\nline'; printf bytes > $'not-utf8-\\xff\\xfe\\x80'; printf dash > -rf
            printf long > "$(printf 'n%.0s' {1..255})"
            printf one > $'caf\\xc3\\xa9'; printf two > $'cafe\\xcc\\x81'
            mkfifo fifo
            setfattr -n user.colour -v blue size-65537; setfattr -n user.raw -v 0x00ff10 size-65537
            setfattr -n user.folder -v yes deep
            chown 1234:2345 none; chown 77:88 deep; chown -h 5:6 link; chmod 1777 empty; chmod 0555 locked
            touch -d '2001-02-03 04:05:06.789' size-1
            """
        )
    }

    /// Checks that every check of both programs finds nothing, and that neither finds garbage.
    /// - Parameter knowsTimes: whether the store does; where not, the real gc takes all objects for new and
    ///   looks at none.
    func expectClean(
        _ comment: Comment? = nil,
        knowsTimes: Bool = true,
        sourceLocation: SourceLocation = #_sourceLocation,
    ) throws {
        let checks = [
            try sluice("fsck", "--data", address), try sluice("gc", address), try peer("fsck", address),
            try peer("fsck", "--path", "/", "-r", "--sync-dir-stat", address), try peer("gc", address),
        ]
        for (name, check) in zip(["fsck", "gc", "peer fsck", "peer fsck /", "peer gc"], checks) {
            #expect(
                check.status == 0,
                "\(comment ?? "") \(name): \(check.story)",
                sourceLocation: sourceLocation
            )
        }
        let garbage = checks[4].errorText
        #expect(garbage.contains(" 0 leaked (0 bytes)"), "\(garbage)", sourceLocation: sourceLocation)
        #expect(
            !knowsTimes || garbage.contains(" 0 skipped (0 bytes)"),
            "\(garbage)",
            sourceLocation: sourceLocation
        )
    }

    /// Copies the volume out with sluice and compares it with what is at `folder`.
    func expectCopyOut(equals manifest: String, of path: String = "", into folder: String) throws {
        let out = try sluice("sync", "-a", "--quiet", "jfs://V/\(path)", place.path("\(folder)/"))
        #expect(out.status == 0, "\(out.story)")
        #expect(try self.manifest(of: folder) == manifest)
    }

    /// Work that leaves slices over slices, holes, clones, several names, compacted chunks and a full trash.
    func work(in folder: String) throws {
        try makeTree(folder)
        try place.script(
            """
            cd \(folder)
            RANDOM=7
            head -c 400000 /dev/urandom > patched
            for i in $(seq 40); do
                head -c $((RANDOM % 9000 + 1)) /dev/urandom |
                    dd of=patched bs=1K seek=$((RANDOM % 500)) conv=notrunc status=none
            done
            head -c 300000 /dev/urandom > cut; truncate -s 123456 cut; truncate -s 250000 cut
            truncate -s 80000000 far; printf far | dd of=far bs=1 seek=70000000 conv=notrunc status=none
            mkdir gone; head -c 70000 /dev/urandom > gone/file; rm -r gone; rm size-200000
            mv size-65536 deep/moved; mv -f size-4095 size-1500000
            """
        )
        for (from, to) in [("patched", "clone"), ("deep", "clone-of-deep")] {
            let clone = try peer(
                "clone",
                "--preserve",
                place.path("\(folder)/\(from)"),
                place.path("\(folder)/\(to)")
            )
            #expect(clone.status == 0, "\(clone.story)")
        }
        let compact = try peer("compact", place.path(folder))
        #expect(compact.status == 0, "\(compact.story)")
    }

    /// Writes, replaces, renames and removes files in `mnt/live` and in `live` until `stop` is there.
    func writer() throws -> Program {
        let script = """
            cd '\(place.folder)'
            set -eu
            i=0
            while ! [ -e stop ]; do
                i=$((i + 1)); n=$((i % 50))
                head -c $((n * 3001)) /dev/urandom > live/new
                cp live/new mnt/live/new
                mv live/new live/$n; mv mnt/live/new mnt/live/$n
                if [ $((n % 7)) = 3 ]; then rm live/$n mnt/live/$n; fi
                if [ $((n % 5)) = 2 ]; then echo more >> live/$n; echo more >> mnt/live/$n; fi
            done
            echo $i rounds
            """
        guard let bash = Programs.named("bash") else { throw ProgramError(description: "no bash") }
        return Program(bash, ["-c", script], environment: place.environment)
    }

    /// Mends the stats of clones, which are all that sluice may find.
    ///
    /// JuiceFS 1.4.2 gives a clone the stat that its source has at that moment, which may lack what is not
    /// flushed; on Redis and PostgreSQL the length of the root was 4096 too large besides, for a reason that
    /// is not known.
    func mendClonedStats() throws {
        let check = try sluice("fsck", "--json", address)
        #expect(try check.findings().isSubset(of: ["dir-stat", "dir-stat-length"]), "\(check.story)")
        try settleStats()
    }

    /// Counts the dir stats anew, as a rule by the repair of the real program.
    ///
    /// On PostgreSQL JuiceFS 1.4.2 cannot: it inserts a row that is there, goes on in the transaction that
    /// the server has given up by that (25P02), and ends after 50 tries and 40 s with an input/output error.
    func settleStats() throws {
        guard place.database.kind == .postgres else {
            try peer("fsck", "--path", "/", "-r", "--sync-dir-stat", "--repair", address)
            return
        }
        let engine = try place.database.open()
        defer { engine.close() }
        let volume = try Volume.open(engine: engine)
        let directories = try engine.snapshot { try all($0.scanDirectoryStats()).map(\.inode) }
        for directory in directories { try volume.recountDirectory(directory) }
    }

    func expectSameStatus() throws {
        for options in [[], ["--more"]] {
            let ours = try place.program(["status"] + options + [address]).run()
            let theirs = try peerProgram(["status"] + options + [address]).run()
            #expect(try ours.json() == theirs.json(), "\(options)")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// A volume that both programs work on: ours and the real one, whose mount is always taken away again.

import Glibc
import SluiceBase
import SluiceTestSupport
import Testing

/// What the interop tests need beyond the build; CI has all of it.
enum Interop {
    static let isPossible = Programs.peer != nil && Programs.canMount
    static let reason: Comment = "needs the real juicefs (Tests/Scripts/install-peer.sh), root and /dev/fuse"

    /// The passphrase of the keys under Tests/Fixtures/encryption.
    static let passphrase = ["JFS_RSA_PASSPHRASE": "sluice-test"]

    static func key(_ name: String) -> String {
        "\(#filePath.split(separator: "/").dropLast(2).reduce("") { $0 + "/" + $1 })"
            + "/Fixtures/encryption/\(name)/key.pem"
    }
}

/// A volume `vol` in a folder of its own.
struct PeerVolume {
    let place: Workplace
    /// The real program.
    let peer: String

    init() throws {
        place = try Workplace()
        guard let peer = Programs.peer else { throw ProgramError(description: "there is no real juicefs") }
        self.peer = peer
    }

    var address: String { place.address() }

    /// Runs the real program.
    @discardableResult
    func peer(_ arguments: String...) throws -> ProgramResult {
        try peerProgram(arguments).run()
    }

    func peerProgram(_ arguments: [String]) -> Program {
        var program = Program(
            peer,
            arguments,
            environment: place.environment.merging(Interop.passphrase) { $1 }
        )
        program.limitSeconds = 60
        return program
    }

    /// Runs ours.
    @discardableResult
    func sluice(_ arguments: String...) throws -> ProgramResult {
        try place.program(arguments, environment: Interop.passphrase).run()
    }

    /// Mounts the volume with the real program at `mnt` for the time of the body.
    func withMount(_ options: [String] = [], _ body: () throws -> Void) throws {
        try place.script("mkdir -p mnt")
        let mount = try peerProgram(
            [
                "mount", "-d", "--no-usage-report", "--no-syslog", "--enable-xattr", "--backup-meta", "0",
                "--metrics", "127.0.0.1:0", "--log", place.path("mount.log"), "--cache-dir",
                place.path("cache"), "--cache-size", "64",
            ] + options + [address, place.path("mnt")]
        ).run()
        guard mount.status == 0 else { throw ProgramError(description: mount.story) }
        defer { #expect(throws: Never.self) { try unmount() } }
        try body()
    }

    /// Takes the mount away and waits until its process has written what it kept back and is gone.
    private func unmount() throws {
        let process = try place.sql(
            """
            select json_extract(info, '$.ProcessID') from jfs_session2
            where json_extract(info, '$.MountPoint') = '\(place.path("mnt"))'
            """
        ).trimmed
        let result = try peer("umount", place.path("mnt"))
        if result.status != 0 { try place.script("umount -l mnt") }
        guard let number = process.split(separator: "\n").first, Int32(number) != nil else { return }
        let wait = "timeout 30 tail --pid=\(number) --sleep-interval=0.02 -f /dev/null"
        try place.script(wait)
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
    func expectClean(_ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation) throws {
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
        #expect(garbage.contains(" 0 skipped (0 bytes)"), "\(garbage)", sourceLocation: sourceLocation)
    }

    /// Copies the volume out with sluice and compares it with what is at `folder`.
    func expectCopyOut(equals manifest: String, of path: String = "", into folder: String) throws {
        let out = try sluice("sync", "-a", "--quiet", "jfs://V/\(path)", place.path("\(folder)/"))
        #expect(out.status == 0, "\(out.story)")
        #expect(try self.manifest(of: folder) == manifest)
    }
}

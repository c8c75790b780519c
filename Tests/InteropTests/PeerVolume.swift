// SPDX-License-Identifier: Apache-2.0
// A volume that both programs work on: ours and the real one, whose mount is always taken away again.

import Glibc
import SluiceBase
import SluiceTestSupport
import Testing

/// What the interop tests need beyond the build; CI has all of it.
enum Interop {
    static let isPossible = Programs.peer != nil && Programs.canMount && EngineKind.areAllInstalled
    static let reason: Comment =
        """
        needs the real juicefs (Tests/Scripts/install-peer.sh), root, /dev/fuse, redis-server and PostgreSQL
        """

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

    init(_ engine: EngineKind = .sqlite) throws {
        place = try Workplace(engine)
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
        let process = try mountProcess()
        let result = try peer("umount", place.path("mnt"))
        if result.status != 0 { try place.script("umount -l mnt") }
        guard let process else { return }
        let wait = "timeout 30 tail --pid=\(process) --sleep-interval=0.02 -f /dev/null"
        try place.script(wait)
    }

    /// The process that serves the mount, as its session says.
    private func mountProcess() throws -> Int64? {
        let sessions = try sluice("status", address).json()["Sessions"]?.arrayValue ?? []
        let mounted = sessions.first { $0["MountPoint"]?.stringValue == place.path("mnt") }
        return mounted?["ProcessID"]?.int64Value
    }
}

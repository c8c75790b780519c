// SPDX-License-Identifier: Apache-2.0
// OpenSSH's server on a loopback port with keys of its own. It runs as who runs the tests, and lets only that
// user in.

import Glibc
import SluiceBase

/// A running sshd, ended with its object.
package final class SSHServer: Sendable {
    /// Nil where there is no server.
    package static var program: String? { Programs.named("sshd") }

    package let port: UInt16
    /// The user that may log in.
    package let user: String
    private let place: Workplace
    private let process: Int32

    /// The private key that the server accepts.
    package var keyFile: String { place.path("id") }
    /// The file in which the server's key stands.
    package var knownHosts: String { place.path("known") }
    /// A path in the folder of the server.
    package func path(_ name: String) -> String { place.path(name) }

    /// Starts a server and waits until it listens.
    package init() throws {
        guard let program = Self.program else { throw ProgramError(description: "there is no sshd") }
        place = try Workplace()
        port = try LoopbackPort.free()
        user = try place.script("id -un").trimmed
        let folder = place.folder
        try place.script(
            """
            for name in host id other; do ssh-keygen -q -t ed25519 -N '' -f $name; done
            printf '[127.0.0.1]:%s %s\\n' \(port) "$(cut -d' ' -f1,2 host.pub)" >known
            printf '[127.0.0.1]:%s %s\\n' \(port) "$(cut -d' ' -f1,2 other.pub)" >known-other
            printf '%s\\n' 'Port \(port)' 'ListenAddress 127.0.0.1' 'HostKey \(folder)/host' \
                'AuthorizedKeysFile \(folder)/id.pub' 'PidFile none' 'StrictModes no' 'UsePAM no' \
                'PermitRootLogin yes' 'MaxStartups 100' 'Subsystem sftp internal-sftp' >conf
            if [ "$(id -u)" = 0 ]; then mkdir -p /run/sshd; fi
            """
        )
        var command = Program(
            program,
            ["-D", "-f", "\(folder)/conf", "-E", "\(folder)/log"],
            environment: place.environment
        )
        command.limitSeconds = 600
        let running = try command.start()
        process = running.process
        try ServerReaper.adopt(running, folder)
        guard LoopbackPort.waitUntilOpen(port, orEnded: process) else {
            throw ProgramError(description: "sshd did not open port \(port): \(try log())")
        }
    }

    private func log() throws -> String {
        let text = try Posix.readWholeFile(ByteString(place.path("log")), limit: 1 << 20)
        return String(decoding: text, as: UTF8.self)
    }

    deinit {
        ServerReaper.forget(process)
        kill(-process, SIGKILL)
    }

    /// Breaks all connections: the processes that serve them are children of the server.
    package func breakConnections() throws {
        try place.script("pkill -KILL -P \(process) || true")
    }

    /// Ends what serves files, the innermost processes, and lets the connections stand.
    package func endSubsystems() throws {
        try place.script(
            """
            end() {
                for child in $(pgrep -P "$1"); do
                    if pgrep -P "$child" >/dev/null; then end "$child"; else kill -KILL "$child"; fi
                done
            }
            end \(process)
            """
        )
    }

    /// Lets all connections stand and says nothing on them any more.
    package func silenceConnections() throws {
        try place.script("pkill -STOP -P \(process) || true")
    }
}

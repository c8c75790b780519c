// SPDX-License-Identifier: Apache-2.0
// Where the programs are that tests of commands run: ours lies beside the test bundle, the others on PATH.

import Glibc
import SluiceBase

package enum Programs {
    /// The folder that holds Package.swift.
    private static let root: String = #filePath.split(separator: "/").dropLast(4).reduce("") { $0 + "/" + $1 }

    /// The `sluice` that was built together with these tests.
    package static func sluice() throws -> String {
        let program = try Posix.readLink("/proc/self/exe")
        let beside = "\(Posix.parent(of: program) ?? "")/sluice"
        let candidates = [beside, root + "/.build/debug/sluice"]
        guard let found = candidates.first(where: isExecutable) else {
            throw ProgramError(description: "no built sluice at \(candidates)")
        }
        return found
    }

    /// The real program, which `Tests/Scripts/install-peer.sh` installs; nil when it is not there.
    package static var peer: String? {
        let candidates = [Posix.environment("SLUICE_PEER_JUICEFS"), root + "/.build/peer/bin/juicefs"]
        return candidates.compactMap { $0 }.first(where: isExecutable)
    }

    /// A server that `Tests/Scripts/install-peer.sh` puts beside the real program; nil when it is not there.
    package static func peerTool(_ name: String) -> String? {
        let beside = peer.map { peer in
            peer.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/\(name)"
        }
        return [beside, root + "/.build/peer/bin/\(name)"].compactMap { $0 }.first(where: isExecutable)
    }

    /// A program on the search path; nil when there is none.
    package static func named(_ name: String) -> String? {
        searchPath.split(separator: ":").map { "\($0)/\(name)" }.first(where: isExecutable)
    }

    /// Where programs are looked for, here and by those that are run.
    package static var searchPath: String {
        "\(Posix.environment("PATH") ?? ""):/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    }

    /// Whether this machine lets a test mount file systems.
    package static var canMount: Bool {
        guard Posix.effectiveUserID == 0 else { return false }
        return unsafe access("/dev/fuse", R_OK | W_OK) == 0
    }

    package static func isExecutable(_ path: String) -> Bool {
        unsafe access(path, X_OK) == 0
    }
}

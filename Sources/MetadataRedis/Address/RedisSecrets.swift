// SPDX-License-Identifier: Apache-2.0
// Passwords that are not in the address. In an address they show in the list of processes, so people put them
// into variables.

package import Metadata
import SluiceBase

extension RedisAddress {
    /// The address with the passwords of the environment: the address's own comes first, then that of
    /// `REDIS_PASSWORD`, of `META_PASSWORD`, of the file that `META_PASSWORD_FILE` names; Sentinels are asked
    /// with `SENTINEL_PASSWORD` (metadata-format §2).
    /// - Parameter environment: the value of a variable.
    /// - Throws: `EngineError.denied` when the file cannot be read.
    package func withSecrets(from environment: (String) -> String?) throws(EngineError) -> RedisAddress {
        var address = self
        address.sentinelLogin.password = Array((environment("SENTINEL_PASSWORD") ?? "").utf8)
        guard login.password.isEmpty else { return address }
        for name in ["REDIS_PASSWORD", "META_PASSWORD"] {
            guard let password = environment(name), !password.isEmpty else { continue }
            address.login.password = Array(password.utf8)
            return address
        }
        if let path = environment("META_PASSWORD_FILE"), !path.isEmpty {
            address.login.password = try passwordFile(path)
        }
        return address
    }

    private func passwordFile(_ path: String) throws(EngineError) -> [UInt8] {
        do throws(SystemError) {
            let content = try Posix.readWholeFile(ByteString(path), limit: 64 << 10)
            let blanks: Set<UInt8> = [0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x20]
            let start = content.drop { blanks.contains($0) }
            let count = start.reversed().drop { blanks.contains($0) }.count
            return Array(start.prefix(count))
        } catch {
            throw EngineError(
                .denied,
                "read the file of META_PASSWORD_FILE",
                address: shown,
                reason: "\(error)"
            )
        }
    }
}

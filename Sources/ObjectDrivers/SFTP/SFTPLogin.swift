// SPDX-License-Identifier: Apache-2.0
// Who we are to a server, and who it has to be to us (data-format §2.5). In this order: the password, keys,
// the agent. Nobody is asked anything.

import CLibssh
import ObjectStorage
import SluiceBase

/// What opens a session of a server.
struct SFTPLogin: Sendable {
    /// Nil is the user of this process.
    var user: String?
    var password: String?
    /// The file of the only key that is tried; nil tries the agent's and those in `folder`.
    var keyFile: String?
    /// Where keys and known hosts lie.
    var folder: String?
    /// The file in which the server's key must stand; nil refuses only a server whose key has changed.
    var knownHosts: String?

    /// - Parameters:
    ///   - user: empty is none.
    ///   - password: empty is none.
    init(user: String, password: String, environment: (String) -> String?) {
        self.user = user.isEmpty ? nil : Self.decoded(user)
        self.password = password.isEmpty ? nil : Self.decoded(password)
        keyFile = environment("SSH_PRIVATE_KEY_PATH")
        folder = environment("HOME").map { "\($0)/.ssh" }
        knownHosts = environment("SSH_KNOWN_HOSTS")
    }

    /// Compatibility: 1.4.2 takes `%XX` for a byte here, also where it stands in the settings.
    private static func decoded(_ text: String) -> String {
        percentDecoded(Array(text.utf8)).flatMap { String(validating: $0, as: UTF8.self) } ?? text
    }

    /// Looks at the server's key.
    /// - Returns: why the server is not to be trusted; nil when it is.
    func distrust(_ session: ssh_session) -> String? {
        switch unsafe ssh_session_is_known_server(session) {
        case SSH_KNOWN_HOSTS_OK: return nil
        case SSH_KNOWN_HOSTS_CHANGED:
            return "the key of the server is another one than the known hosts say: it may be somebody else"
        case SSH_KNOWN_HOSTS_ERROR:
            return knownHosts.map { "the known hosts in \($0) cannot be read" }
        default:
            // Compatibility: 1.4.2 looks at no key unless SSH_KNOWN_HOSTS names a file.
            return knownHosts.map { "the key of the server does not stand in \($0)" }
        }
    }

    /// Logs in.
    /// - Returns: why the server refused; nil when we are in.
    func enter(_ session: ssh_session) -> String? {
        if unsafe ssh_userauth_none(session, nil) == Self.success { return nil }
        if let password { return unsafe enter(session, password) }
        guard let keyFile else {
            let answer = unsafe ssh_userauth_publickey_auto(session, nil, nil)
            return answer == Self.success
                ? nil : "no key of the agent or in \(folder ?? "~/.ssh") is accepted"
        }
        var key: ssh_key?
        guard unsafe ssh_pki_import_privkey_file(keyFile, nil, nil, nil, &key) == SSH_OK, unsafe key != nil
        else { return "the key in \(keyFile) (SSH_PRIVATE_KEY_PATH) cannot be read, or has a passphrase" }
        defer { unsafe ssh_key_free(key) }
        let isIn = unsafe ssh_userauth_publickey(session, nil, key) == Self.success
        return isIn ? nil : "the key in \(keyFile) (SSH_PRIVATE_KEY_PATH) is not accepted"
    }

    private func enter(_ session: ssh_session, _ password: String) -> String? {
        if unsafe ssh_userauth_password(session, nil, password) == Self.success { return nil }
        // Servers that ask by themselves want the same password.
        for _ in 0..<4 {
            let answer = unsafe ssh_userauth_kbdint(session, nil, nil)
            if answer == Self.success { return nil }
            guard answer == Self.asks else { break }
            for prompt in 0..<max(0, unsafe ssh_userauth_kbdint_getnprompts(session)) {
                _ = unsafe ssh_userauth_kbdint_setanswer(session, UInt32(prompt), password)
            }
        }
        return "user or password are wrong"
    }

    private static let success = Int32(SSH_AUTH_SUCCESS.rawValue)
    private static let asks = Int32(SSH_AUTH_INFO.rawValue)
}

// SPDX-License-Identifier: Apache-2.0

import SluiceBase

/// Where journals lie when the user names no file.
enum JournalPath {
    /// The file named, or a new one below `$XDG_STATE_HOME/sluice/<uuid>` (`/var/lib/sluice/<uuid>` for
    /// root).
    static func resolved(_ named: String?, command: String, uuid: String) throws -> ByteString {
        if let named { return ByteString(named) }
        let folder = ByteString("\(stateFolder)/sluice/\(uuid)")
        try Posix.makeDirectories(folder, mode: 0o700)
        let time = SystemClock().now().rfc3339.filter { $0 != ":" }
        return folder + ByteString("/\(command)-\(time).jsonl")
    }

    private static var stateFolder: String {
        if let folder = Posix.environment("XDG_STATE_HOME"), !folder.isEmpty { return folder }
        guard Posix.effectiveUserID != 0, let home = Posix.environment("HOME") else { return "/var/lib" }
        return home + "/.local/state"
    }
}

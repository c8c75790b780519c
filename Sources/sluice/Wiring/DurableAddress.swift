// SPDX-License-Identifier: Apache-2.0

/// Addresses for commands that delete objects after they committed: a power cut must not undo the commit.
enum DurableAddress {
    /// The address with full synchronisation asked for, where the engine has that choice and the user did not make it.
    static func of(_ address: String) -> String {
        guard address.hasPrefix("sqlite"), !address.contains("_sync") else { return address }
        return address + (address.contains("?") ? "&" : "?") + "_synchronous=full"
    }
}

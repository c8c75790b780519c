// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase
import VolumeModel

extension SessionInfo {
    /// What other clients see of a command that writes: its name stands where a mount has its folder.
    static func ofCommand(_ name: String) -> SessionInfo {
        SessionInfo(
            version: "\(ClientVersion.compatible)",
            hostName: Posix.hostname,
            addresses: [],
            mountPoint: name,
            mountTime: SystemClock().now().rfc3339,
            processID: Int64(Posix.processID)
        )
    }
}

// SPDX-License-Identifier: Apache-2.0

package import Metadata
import SluiceBase
package import VolumeModel

/// A session with the files it keeps alive and the locks it holds.
package struct SessionDetail: Sendable {
    package var status: SessionStatus
    package var sustained: [Inode]
    package var fileLocks: [(inode: Inode, lock: FileLock)]
    package var rangeLocks: [(inode: Inode, locks: OwnedRangeLocks)]
}

/// Reads one session.
/// - Throws: `MaintenanceError.failed` when there is no such session.
package func readSession(_ id: UInt64, of volume: Volume) throws -> SessionDetail {
    let now = volume.clock.now().seconds
    return try volume.engine.snapshot { scanner in
        guard let record = try scanner.session(id) else {
            throw MaintenanceError(
                .failed,
                "read session \(id)",
                reason: "session not found: \(id)",
                hint: "'sluice status' lists the sessions"
            )
        }
        return SessionDetail(
            status: sessionStatus(record, now: now),
            sustained: try scanner.sustainedInodes(of: id),
            fileLocks: try scanner.fileLocks(ofSession: id),
            rangeLocks: try scanner.rangeLocks(ofSession: id)
        )
    }
}

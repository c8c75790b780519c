// SPDX-License-Identifier: Apache-2.0
// Lines are written in the transaction that they tell of, and only while the setting is on: without it a
// change is not even put into words.

import SluiceBase
import Synchronization
import VolumeModel

/// Signs the lines that this client writes into the change log.
///
/// Thread-safe.
final class ChangeAuthor: Sendable {
    private let session = Atomic<UInt64>(0)
    private let lines = Atomic<UInt64>(0)

    /// From now on lines are those of a session; 0 is a client without one.
    func sign(as session: UInt64) {
        self.session.store(session, ordering: .relaxed)
    }

    /// The line for a change.
    ///
    /// Each call counts, so that two lines of one client never end alike; a transaction that runs again
    /// leaves numbers out.
    func line(_ change: Change, at time: Timestamp) -> [UInt8] {
        let number = lines.wrappingAdd(1, ordering: .relaxed).newValue
        let fraction = String(time.nanoseconds)
        let zeros = String(repeating: "0", count: max(0, 9 - fraction.utf8.count))
        return Array("\(time.seconds).\(zeros)\(fraction)|".utf8) + change.text
            + Array("|(\(session.load(ordering: .relaxed)),\(number))".utf8)
    }
}

extension Volume {
    /// Writes a line into the change log, on volumes that have one.
    func log(_ change: @autoclosure () -> Change, in transaction: any MetadataTransaction) throws {
        guard settings.changeLog else { return }
        try transaction.appendChange(changeAuthor.line(change(), at: clock.now()))
    }
}

extension Operation {
    /// Writes a line into the change log, on volumes that have one.
    func log(_ change: @autoclosure () -> Change) throws {
        guard settings.changeLog else { return }
        try transaction.appendChange(volume.changeAuthor.line(change(), at: time))
    }
}

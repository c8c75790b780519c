// SPDX-License-Identifier: Apache-2.0

import Metadata
import ObjectStorage
import SluiceBase
import VolumeModel

extension SecondLook {
    /// Reports the records of users and groups that do not fit what was counted.
    ///
    /// Beside living clients only those that have not moved for a whole flush window: what was on its way
    /// at the time of the snapshot has arrived by then. Counting again takes a whole pass, so what moved
    /// and still does not fit is unverified.
    func confirmOwners(_ gaps: RecordStream<OwnerGap>) throws {
        try gaps.start()
        guard gaps.head != nil else { return }
        if sessions.areAny { options.waiting.wait(nanoseconds: CheckOptions.flushWindowNanoseconds) }
        while let gap = gaps.head {
            try options.cancellation.throwIfCancelled()
            try confirm(gap)
            try gaps.advance()
        }
    }

    private func confirm(_ gap: OwnerGap) throws {
        let stored = try volume.engine.read { try $0.quota(gap.key.kind, gap.key.number) }
        var current = gap
        current.hasRecord = stored != nil
        current.space = stored?.usedSpace ?? 0
        current.inodes = stored?.usedInodes ?? 0
        guard let finding = OwnerRules.finding(current) else { return }
        if current == gap { report(finding) } else { change { $0.unverified += 1 } }
    }
}

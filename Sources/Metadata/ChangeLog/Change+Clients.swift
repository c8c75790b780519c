// SPDX-License-Identifier: Apache-2.0
// What clients do on their own behalf: ids, registration, locks, counts (metadata-format §5.12, JuiceFS
// 1.4.2). Refreshing a session and flushing usage leave no line.

import VolumeModel

extension Change {
    /// Ids that were taken.
    static func takeIDs(_ counter: Counter, _ count: Int64) -> Change {
        Change("INCR_COUNTER", [.text(counter.rawValue), .signed(count)])
    }

    /// A periodic job that begins.
    static func claim(_ guardian: Counter, at time: Int64) -> Change {
        Change("SET", [.text(guardian.rawValue), .signed(time)])
    }

    static func openSession(_ record: SessionRecord) -> Change {
        Change("NEWSESSION", [.number(record.id), .signed(record.expires), .bytes(record.info)])
    }

    static func cleanSession(_ id: UInt64) -> Change {
        Change("CLEANSESSION", [.number(id)])
    }

    static func deleteSustained(_ record: SustainedInode) -> Change {
        Change("DELSUSTAINED", [.number(record.session), .inode(record.inode)])
    }

    /// A stat that was counted anew.
    static func recount(_ directory: Inode, _ stat: DirectoryStat) -> Change {
        Change(
            "DIRSTAT",
            [.inode(directory), .signed(stat.dataLength), .signed(stat.usedSpace), .signed(stat.usedInodes)]
        )
    }

    static func lockFile(_ inode: Inode, owner: UInt64, _ wish: LockWish) -> Change {
        Change("FLOCK", [.inode(inode), .number(owner), .text(wish.letter)])
    }

    static func lockRange(_ inode: Inode, owner: UInt64, _ request: RangeRequest) -> Change {
        Change(
            "SETLK",
            [
                .inode(inode), .number(owner), .text(request.wish.letter), .number(request.start),
                .number(request.end), .number(request.processID),
            ]
        )
    }
}

extension LockWish {
    fileprivate var letter: String {
        switch self {
        case .read: "R"
        case .write: "W"
        case .unlock: "U"
        }
    }
}

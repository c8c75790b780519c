// SPDX-License-Identifier: Apache-2.0
// Changes of files and their data (metadata-format §5.12, JuiceFS 1.4.2).

import SluiceBase
import VolumeModel

extension Change {
    /// - Parameter count: records in the chunk after the write, 0 where they are not told.
    static func write(
        _ slice: Slice,
        toChunk chunk: UInt32,
        of inode: Inode,
        modified: Timestamp,
        count: Int
    ) -> Change {
        Change(
            "WRITE",
            [
                .inode(inode), .number(chunk), .number(slice.position), .number(slice.id),
                .number(slice.length), .signed(modified.seconds), .number(modified.nanoseconds),
            ],
            result: .signed(Int64(count))
        )
    }

    static func truncate(_ inode: Inode, from old: UInt64, to new: UInt64) -> Change {
        // Compatibility: the last word is 1 for truncate(2), 0 for opening with O_TRUNC (JuiceFS 1.4.2).
        Change("TRUNCATE", [.inode(inode), .number(old), .number(new), .number(1 as UInt64)])
    }

    static func allocate(
        _ inode: Inode,
        from offset: UInt64,
        length: UInt64,
        mode: AllocationMode
    ) -> Change {
        Change("FALLOCATE", [.inode(inode), .number(offset), .number(length), .number(mode.rawValue)])
    }

    /// - Parameter length: of the destination afterwards.
    static func copyRange(
        of source: Inode,
        from offset: UInt64,
        to destination: Inode,
        at position: UInt64,
        count: UInt64,
        length: UInt64,
    ) -> Change {
        Change(
            "COPYFILERANGE",
            [
                .inode(source), .number(offset), .inode(destination), .number(position), .number(count),
            ],
            result: .number(length)
        )
    }

    static func compact(_ plan: CompactionPlan, into id: UInt64) -> Change {
        Change(
            "COMPACTCHUNK",
            [
                .inode(plan.inode), .number(plan.chunk), .signed(Int64(plan.skipped)),
                .signed(Int64(plan.replaced.count)), .number(plan.position), .number(id), .number(plan.size),
            ]
        )
    }

    static func deleteChunk(_ index: UInt32, of inode: Inode) -> Change {
        Change("DELCHUNK", [.inode(inode), .number(index)])
    }

    static func deleteSlice(_ id: UInt64, size: UInt32) -> Change {
        Change("DELETESLICE", [.number(id), .number(size)])
    }

    /// - Parameter deleted: seconds since the epoch, as the record had it.
    static func expireDelayedSlices(_ id: UInt64, deleted: Int64) -> Change {
        Change("CLEANUP_DELAYED_SLICES", [.number(id), .signed(deleted)])
    }

    static func setAttributes(_ inode: Inode, _ change: AttributeChange, _ node: Attributes) -> Change {
        Change(
            "SETATTR",
            [
                // Compatibility: the third word says how set-uid bits are to be cleared; live mounts write 0.
                .inode(inode), .number(change.mask), .number(0 as UInt64), .number(node.uid),
                .number(node.gid), .number(node.mode), .number(node.flags.rawValue),
                .signed(node.accessTime.seconds), .signed(node.modifyTime.seconds),
                .number(node.accessTime.nanoseconds), .number(node.modifyTime.nanoseconds),
                .signed(node.changeTime.seconds), .number(node.changeTime.nanoseconds),
                .number(node.accessACL),
            ]
        )
    }

    static func setExtendedAttribute(
        _ name: ByteString,
        of inode: Inode,
        to value: [UInt8],
        _ presence: AttributePresence
    ) -> Change {
        Change("SETXATTR", [.inode(inode), .name(name), .bytes(value), .number(presence.flag)])
    }

    static func removeExtendedAttribute(_ name: ByteString, of inode: Inode) -> Change {
        Change("REMOVEXATTR", [.inode(inode), .name(name)])
    }

    static func setACL(_ kind: ACLKind, of inode: Inode, to rule: ACLRule) -> Change {
        let number: UInt64 =
            switch kind {
            case .access: 1
            case .default: 2
            }
        return Change("SETFACL", [.inode(inode), .number(number), .bytes(rule.encoded)])
    }
}

extension AttributePresence {
    /// The flag of setxattr(2).
    fileprivate var flag: UInt64 {
        switch self {
        case .any: 0
        case .absent: 1
        case .present: 2
        }
    }
}

extension AttributeChange {
    /// The bits of metadata-format §0 for what is changed.
    fileprivate var mask: UInt32 {
        let bits: [(UInt32, Bool)] = [
            (1, mode != nil), (2, uid != nil), (4, gid != nil), (16, accessTime != nil),
            (32, modifyTime != nil), (64, changeTime != nil), (128, accessTime == .now),
            (256, modifyTime == .now), (512, changeTime == .now), (1024, tier != nil),
            (32768, flags != nil),
        ]
        return bits.reduce(0) { $1.1 ? $0 | $1.0 : $0 }
    }
}

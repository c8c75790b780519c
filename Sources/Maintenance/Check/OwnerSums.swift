// SPDX-License-Identifier: Apache-2.0
// What users and groups own, summed up in the pass and compared with their quota records (metadata-format
// §5.8). There may be as many owners as files, so sums that do not fit the table go to disk.
//
// Compatibility: JuiceFS 1.4.2 counts in two ways. Its clients charge every node but the hourly directories
// of the trash; its recount (`quota check --repair`, the first use of such quotas) counts files and
// directories, hourly ones too, and takes symlinks and special files for nothing. A record that was
// recounted once and kept up by clients since lies between the two sums, so everything from the lower to
// the higher one is right.

import Metadata
import SluiceBase
import VolumeModel

/// A user or a group, in the order of kinds and numbers.
struct OwnerKey: BitwiseCopyable, Hashable, Comparable, Sendable {
    /// Of a `QuotaKind`.
    private var kindCode: UInt32
    var number: UInt64

    init(_ kind: QuotaKind, _ number: UInt64) {
        kindCode = kind.rawValue
        self.number = number
    }

    var kind: QuotaKind { QuotaKind(rawValue: kindCode) ?? .user }

    static func < (left: OwnerKey, right: OwnerKey) -> Bool {
        (left.kindCode, left.number) < (right.kindCode, right.number)
    }
}

/// What an owner's nodes add up to.
struct OwnerUsage: BitwiseCopyable, Hashable, Sendable {
    /// As clients charge.
    var space: Int64 = 0
    var inodes: Int64 = 0
    /// Links and special files, which a recount leaves out.
    var uncountedSpace: Int64 = 0
    var uncountedInodes: Int64 = 0
    /// Hourly directories, which only a recount has.
    var hours: Int64 = 0

    mutating func add(_ other: OwnerUsage) {
        space = space.saturatingAdd(other.space)
        inodes = inodes.saturatingAdd(other.inodes)
        uncountedSpace = uncountedSpace.saturatingAdd(other.uncountedSpace)
        uncountedInodes = uncountedInodes.saturatingAdd(other.uncountedInodes)
        hours = hours.saturatingAdd(other.hours)
    }

    var isNothing: Bool { self == OwnerUsage() }

    /// Whether a record may say so.
    func admits(_ stored: QuotaUsage) -> Bool {
        let (hourSpace, overflow) = hours.multipliedReportingOverflow(by: 4096)
        let most = space.saturatingAdd(overflow ? .max : hourSpace)
        return stored.space >= space - uncountedSpace && stored.space <= most
            && stored.inodes >= inodes - uncountedInodes && stored.inodes <= inodes.saturatingAdd(hours)
    }
}

/// A part of an owner's sum.
private struct OwnerPart: BitwiseCopyable, Comparable, Sendable {
    var key: OwnerKey
    var usage: OwnerUsage

    static func < (left: OwnerPart, right: OwnerPart) -> Bool { left.key < right.key }
}

/// A quota record as it is merged.
private struct OwnerRecord: BitwiseCopyable, Comparable, Sendable {
    var key: OwnerKey
    var space: Int64
    var inodes: Int64

    init(_ record: QuotaRecord) {
        key = OwnerKey(record.kind, record.key)
        space = record.quota.usedSpace
        inodes = record.quota.usedInodes
    }

    static func < (left: OwnerRecord, right: OwnerRecord) -> Bool { left.key < right.key }
}

/// An owner whose record does not fit.
struct OwnerGap: BitwiseCopyable, Hashable, Comparable, Sendable {
    var key: OwnerKey
    var usage: OwnerUsage
    var hasRecord: Bool
    /// What the record said; 0 without one.
    var space: Int64 = 0
    var inodes: Int64 = 0

    static func < (left: OwnerGap, right: OwnerGap) -> Bool { left.key < right.key }
}

/// Sums up owners.
///
/// One owner, one thread.
final class OwnerSums {
    private let spill: SpillSpace
    private let parts: Spill<OwnerPart>
    private var table: [OwnerKey: OwnerUsage] = [:]

    /// Owners in memory: some 100 bytes each.
    private static let tableLimit = 32_768

    init(_ spill: SpillSpace) {
        self.spill = spill
        parts = spill.sorter()
    }

    func count(_ node: NodeDigest) throws {
        let inode = Inode(node.inode)
        guard inode != .root, inode != .trash else { return }
        var usage = OwnerUsage()
        if inode.isTrash {
            usage.hours = 1
        } else {
            usage.space = node.usedSpace
            usage.inodes = 1
            if node.type != .file, node.type != .directory {
                usage.uncountedSpace = node.usedSpace
                usage.uncountedInodes = 1
            }
        }
        table[OwnerKey(.user, UInt64(node.uid)), default: OwnerUsage()].add(usage)
        table[OwnerKey(.group, UInt64(node.gid)), default: OwnerUsage()].add(usage)
        if table.count > Self.tableLimit { try empty() }
    }

    private func empty() throws {
        for (key, usage) in table { try parts.add(OwnerPart(key: key, usage: usage)) }
        table.removeAll(keepingCapacity: true)
    }

    /// The owners whose records do not fit, or are missing, in order.
    func gaps(
        _ scanner: any MetadataScanner,
        damaged: @escaping (DamagedRecord) -> Void,
    ) throws -> RecordStream<OwnerGap> {
        try empty()
        let sums = try parts.finish()
        let records = try storedRecords(scanner, damaged)
        let gaps = spill.sorter(of: OwnerGap.self)
        try sums.start()
        try records.start()
        while let key = [sums.head?.key, records.head?.key].compactMap(\.self).min() {
            var gap = OwnerGap(key: key, usage: OwnerUsage(), hasRecord: false)
            while let part = sums.head, part.key == key {
                gap.usage.add(part.usage)
                try sums.advance()
            }
            while let record = records.head, record.key == key {
                gap.hasRecord = true
                gap.space = record.space
                gap.inodes = record.inodes
                try records.advance()
            }
            if OwnerRules.finding(gap) != nil { try gaps.add(gap) }
        }
        return try gaps.finish()
    }

    private func storedRecords(
        _ scanner: any MetadataScanner,
        _ damaged: @escaping (DamagedRecord) -> Void,
    ) throws -> RecordStream<OwnerRecord> {
        let sorter = spill.sorter(of: OwnerRecord.self)
        for kind in [QuotaKind.user, .group] {
            let cursor = try scanner.scanQuotas(kind)
            while let scanned = try cursor.next() {
                switch scanned {
                case .record(let record): try sorter.add(OwnerRecord(record))
                case .damaged(let record): damaged(record)
                }
            }
        }
        return try sorter.finish()
    }
}

/// The rules about the quota records of users and groups.
enum OwnerRules {
    /// What is wrong, nil when nothing is.
    ///
    /// A record of an owner who owns nothing is right: records stay once somebody was charged.
    static func finding(_ gap: OwnerGap) -> Finding? {
        let (kind, number) = (gap.key.kind, gap.key.number)
        let owner = "\(kind == .user ? "user" : "group") \(number)"
        guard number <= UInt64(UInt32.max) else {
            return Finding(
                .ownerQuotaStray,
                "the quota of \(owner) is nobody's: there is no such number",
                fix: .deleteOwnerQuota(kind, number)
            )
        }
        let target = QuotaUsage(space: gap.usage.space, inodes: gap.usage.inodes)
        guard gap.hasRecord else {
            // Nobody is charged for hourly directories.
            guard gap.usage.inodes > 0 else { return nil }
            return Finding(
                .ownerQuotaMissing,
                "\(owner) owns \(target.space) bytes and \(target.inodes) inodes and has no usage record",
                fix: .setOwnerUsage(kind, number, from: nil, to: target)
            )
        }
        let stored = QuotaUsage(space: gap.space, inodes: gap.inodes)
        guard !gap.usage.admits(stored) else { return nil }
        return Finding(
            .ownerQuotaUsage,
            "the record of \(owner) counts \(stored.space) bytes and \(stored.inodes) inodes, it owns "
                + "\(target.space) and \(target.inodes)",
            fix: .setOwnerUsage(kind, number, from: stored, to: target)
        )
    }
}

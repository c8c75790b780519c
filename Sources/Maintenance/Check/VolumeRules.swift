// SPDX-License-Identifier: Apache-2.0
// What must hold for the volume as a whole: its two top directories, counters and totals (metadata-format
// §0, §3.3).

import Metadata
import VolumeModel

/// The counters of a snapshot.
///
/// A missing counter counts as 0.
struct CounterValues: Sendable, Hashable {
    private var values: [Counter: Int64] = [:]

    init(_ reader: any MetadataReader) throws {
        for counter in [Counter.nextInode, .nextChunk, .nextSession, .nextTrash, .usedSpace, .totalInodes] {
            values[counter] = try reader.counter(counter)
        }
    }

    subscript(counter: Counter) -> Int64 { values[counter] ?? 0 }
}

/// The highest numbers in use anywhere.
struct HighestIDs: Sendable {
    var inode: UInt64 = 0
    var trash: UInt64 = 0
    var slice: UInt64 = 0
    var session: UInt64 = 0
}

/// The rules about the whole volume.
struct VolumeRules {
    var settings: VolumeSettings

    func topFindings(_ totals: VolumeTotals) -> [Finding] {
        var found: [Finding] = []
        if !totals.hasRoot {
            found.append(
                Finding(
                    .rootMissing,
                    "the root directory has no node",
                    fix: .createNode(.root, type: .directory)
                ).with { $0.inode = .root }
            )
        }
        if !totals.hasTrash, settings.trashDays > 0 {
            found.append(
                Finding(
                    .trashMissing,
                    "the trash has no node",
                    fix: .createNode(.trash, type: .directory)
                ).with { $0.inode = .trash }
            )
        }
        return found
    }

    /// Counters that would hand out numbers a second time: the next file would take the place of a living
    /// one.
    func counterFindings(_ counters: CounterValues, _ highest: HighestIDs) -> [Finding] {
        // Next free for inodes and slices, last used for the others (metadata-format §3.3).
        let needed: [(Counter, UInt64)] = [
            // The root is nobody's first inode, and Redis begins without counters.
            (.nextInode, highest.inode > 1 ? min(highest.inode, .max - 1) + 1 : 0),
            (.nextChunk, highest.slice > 0 ? min(highest.slice, .max - 1) + 1 : 0),
            (.nextSession, highest.session), (.nextTrash, highest.trash),
        ]
        return needed.compactMap { counter, lowest in
            let target = Int64(clamping: lowest)
            guard counters[counter] < target else { return nil }
            let isNext = counter == .nextInode || counter == .nextChunk
            // A number out of damaged records must not use up the numbers that are left.
            let isPlausible = target <= Int64.max >> 1
            return Finding(
                .counterLow,
                "\(counter.rawValue) is \(counters[counter]), \(isNext ? target - 1 : target) is in use",
                fix: isPlausible ? .setCounter(counter, from: counters[counter], to: target) : .none
            )
        }
    }

    /// - Parameter pending: changes that this process has not flushed.
    func usageFindings(_ counters: CounterValues, _ totals: VolumeTotals, pending: QuotaUsage) -> [Finding] {
        let pairs: [(FindingCode, Counter, Int64, Int64)] = [
            (.usageSpace, .usedSpace, totals.usedSpace, pending.space),
            (.usageInodes, .totalInodes, totals.usedInodes, pending.inodes),
        ]
        return pairs.compactMap { code, counter, counted, waiting in
            let stored = counters[counter]
            guard stored.saturatingAdd(waiting) != counted else { return nil }
            return Finding(
                code,
                "\(counter.rawValue) is \(stored), the nodes add up to \(counted)",
                fix: .setCounter(counter, from: stored, to: counted)
            )
        }
    }
}

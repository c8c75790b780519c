// SPDX-License-Identifier: Apache-2.0
// Findings about the volume as a whole: totals and quotas that clients flush late, sessions, and slices
// that lost their chunk.

import Metadata
import ObjectStorage
import SluiceBase
import VolumeModel

extension SecondLook {
    /// Windows that busy totals are given to come to rest.
    private static var rounds: Int { 3 }

    /// Reports totals and quota usage that differ from what was counted.
    ///
    /// Beside living clients a difference is real only when the stored number does not move for a whole
    /// flush window: a change that was on its way at the time of the snapshot would have arrived by then.
    /// Totals that moved are counted again.
    func confirmUsage(_ usage: [Finding], _ quotas: QuotaSums) throws {
        var waiting = usage
        for finding in try quotaFindings(quotas) {
            if finding.code.waitsForFlush { waiting.append(finding) } else { report(finding) }
        }
        guard sessions.areAny else {
            for finding in waiting { report(finding) }
            return
        }
        for _ in 0..<Self.rounds where !waiting.isEmpty {
            options.waiting.wait(nanoseconds: CheckOptions.flushWindowNanoseconds)
            var restless: [Finding] = []
            for finding in waiting {
                switch try volume.engine.read({ try Self.movement(of: finding, $0) }) {
                case .unmoved: report(finding)
                case .arrived: break
                case .elsewhere: restless.append(finding)
                }
            }
            waiting = try recount(restless)
        }
        change { $0.unverified += UInt64(waiting.count) }
    }

    /// What became of a stored number during a flush window.
    private enum Movement {
        case unmoved, arrived, elsewhere
    }

    private static func movement(of finding: Finding, _ reader: any MetadataReader) throws -> Movement {
        switch finding.fix {
        case .setCounter(let counter, let old, let new):
            let value = try reader.counter(counter) ?? 0
            return value == old ? .unmoved : value == new ? .arrived : .elsewhere
        case .setQuotaUsage(let inode, let old, let new):
            guard let quota = try reader.quota(.directory, inode.number) else { return .arrived }
            let value = QuotaUsage(space: quota.usedSpace, inodes: quota.usedInodes)
            return value == old ? .unmoved : value == new ? .arrived : .elsewhere
        default:
            return .unmoved
        }
    }

    /// Counts the nodes once more.
    ///
    /// Quotas that moved stay as they are: counting them takes a whole pass.
    private func recount(_ restless: [Finding]) throws -> [Finding] {
        let quotas = restless.filter { $0.code == .quotaUsage }
        guard restless.count > quotas.count else { return quotas }
        let usage = try volume.engine.snapshot { scanner in
            let pending = volume.usage.pendingTotals
            var totals = VolumeTotals()
            let cursor = try scanner.scanNodes()
            while let scanned = try cursor.next() {
                guard case .record(let record) = scanned else { continue }
                totals.count(NodeDigest(record))
            }
            return VolumeRules(settings: volume.settings).usageFindings(
                try CounterValues(scanner),
                totals,
                pending: pending
            )
        }
        return quotas + usage
    }

    private func quotaFindings(_ quotas: QuotaSums) throws -> [Finding] {
        var found: [Finding] = []
        for position in quotas.strays {
            let inode = Inode(quotas.records[position].key)
            let isDirectory = try volume.engine.read { try $0.node(inode)?.type == .directory }
            guard !isDirectory else { continue }
            found.append(
                Finding(.quotaStray, "a quota belongs to no directory", fix: .deleteQuota(inode)).with {
                    $0.inode = inode
                }
            )
        }
        for (record, expected) in quotas.differing {
            let inode = Inode(record.key)
            let stored = QuotaUsage(space: record.quota.usedSpace, inodes: record.quota.usedInodes)
            let paths = try volume.engine.read { try PathFinder(reader: $0).paths(of: inode) }
            found.append(
                Finding(
                    .quotaUsage,
                    "the quota counts \(stored.space) bytes and \(stored.inodes) inodes, there are "
                        + "\(expected.space) and \(expected.inodes)",
                    fix: .setQuotaUsage(inode, from: stored, to: expected)
                ).with {
                    $0.inode = inode
                    $0.paths = paths
                }
            )
        }
        return found
    }

    /// Sessions that nobody keeps alive; the next mount cleans them.
    func reportSessions() throws {
        for session in sessions.stale {
            report(
                Finding(.sessionStale, "session \(session) ended without closing; the next mount cleans it")
            )
        }
    }

    /// Finds the files that unclaimed slices may have been taken from: those with a chunk that has no
    /// record and of exactly the slice's size.
    ///
    /// Both streams are in order of sizes.
    func confirmGaps(_ gaps: RecordStream<ChunkGap>, _ unclaimed: RecordStream<UnclaimedSlice>) throws {
        try gaps.start()
        try unclaimed.start()
        while let slice = unclaimed.head, let gap = gaps.head {
            if gap.length < slice.size {
                try gaps.advance()
            } else if gap.length > slice.size {
                try unclaimed.advance()
            } else {
                try confirmGap(gap, slice)
                try gaps.advance()
            }
        }
    }

    private func confirmGap(_ gap: ChunkGap, _ slice: UnclaimedSlice) throws {
        let inode = Inode(gap.inode)
        let paths: [ByteString]? = try volume.engine.read { reader in
            guard let node = try reader.node(inode), node.type == .file,
                node.length > UInt64(gap.index) * Chunk.size,
                try reader.chunk(gap.index, of: inode) == nil
            else { return nil }
            return try PathFinder(reader: reader).paths(of: inode)
        }
        guard let paths else { return }
        let record = Slice(position: 0, id: slice.id, size: slice.size, offset: 0, length: slice.size)
        report(
            Finding(
                .chunkMissing,
                "chunk \(gap.index) reads as zeros, it has no record; unused slice \(slice.id) has its size",
                fix: .restoreChunk(inode, index: gap.index, record)
            ).with {
                $0.inode = inode
                $0.sliceID = slice.id
                $0.bytes = UInt64(gap.length)
                $0.paths = paths
            }
        )
    }
}

// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase
import SluiceTestSupport
import Synchronization
import Testing
import VolumeModel

@Suite("Usage", .timeLimit(.minutes(1)))
struct UsageTests {
    let sample: SampleVolume

    init() throws {
        sample = try SampleVolume()
    }

    private func write(_ id: UInt64, size: UInt32, to inode: Inode, in volume: Volume? = nil) throws {
        try (volume ?? sample.volume).perform {
            _ = try $0.write(.whole(id, size: size), toChunk: 0, of: inode)
        }
    }

    private func stat(of inode: Inode) -> DirectoryStat? {
        sample.records.directoryStats[inode]
    }

    @Test("A flush adds to totals, stats and quotas once")
    func flushing() throws {
        let directory = try sample.addDirectory(Inode(50))
        let inode = try sample.addFile(in: [directory])
        try sample.engine.write { transaction in
            try transaction.setDirectoryStat(DirectoryStat(usedSpace: 4096, usedInodes: 1), of: directory)
            try transaction.setQuota(
                QuotaRecord(
                    kind: .directory,
                    key: 50,
                    quota: Quota(maxSpace: 1 << 30, maxInodes: 0, usedInodes: 1)
                )
            )
        }
        try write(1, size: 9000, to: inode)
        for _ in 0..<2 { try sample.volume.flushUsage() }
        #expect(try sample.counter(.usedSpace) == 8192)
        #expect(stat(of: directory) == DirectoryStat(dataLength: 9000, usedSpace: 12288, usedInodes: 1))
        #expect(sample.records.quotas[QuotaKey(kind: .directory, key: 50)]?.usedSpace == 8192)
        #expect(sample.volume.usage.pendingTotals == QuotaUsage(space: 0, inodes: 0))
    }

    @Test("A directory without a stat is counted, and its pending change is not added again")
    func missingStat() throws {
        // As on a volume that the real program made: the root has no stat until it is touched.
        try sample.engine.write { try $0.deleteDirectoryStat(of: .root) }
        let inode = try sample.addFile()
        try write(1, size: 9000, to: inode)
        #expect(stat(of: .root) == nil)
        for _ in 0..<2 { try sample.volume.flushUsage() }
        #expect(stat(of: .root) == DirectoryStat(dataLength: 9000, usedSpace: 12288, usedInodes: 1))
    }

    @Test("Beside another client a missing stat is left for it to count")
    func missingStatBesideOthers() throws {
        try sample.engine.write { transaction in
            try transaction.deleteDirectoryStat(of: .root)
            let expires = sample.clock.now().seconds + 60
            for id in [1, 2] {
                try transaction.setSession(SessionRecord(id: UInt64(id), expires: expires, info: []))
            }
        }
        try write(1, size: 9000, to: try sample.addFile())
        for _ in 0..<2 { try sample.volume.flushUsage() }
        #expect(stat(of: .root) == nil)
        #expect(try sample.counter(.usedSpace) == 8192)
    }

    @Test("A recount between a change and its flush counts the change once")
    func recountBeforeFlush() throws {
        let inode = try sample.addFile()
        try write(1, size: 9000, to: inode)
        let counted = DirectoryStat(dataLength: 9000, usedSpace: 12288, usedInodes: 1)
        #expect(try sample.volume.recountDirectory(.root) == counted)
        try sample.volume.flushUsage()
        #expect(stat(of: .root) == counted)
        // Only the stat was taken out of the ledger.
        #expect(try sample.counter(.usedSpace) == 8192)
    }

    @Test("Recounts while others write end with the true count", arguments: 1...3)
    func recountDuringWrites(round: Int) throws {
        let writers = 3
        for number in 0..<writers { try sample.addFile(Inode(UInt64(100 + number))) }
        let failures = Mutex<[String]>([])
        let threads = try (0..<writers).map { number in
            try WorkerThread(name: "writer") { [sample] in
                do {
                    for step in 0..<40 {
                        let slice = Slice.whole(
                            UInt64(1 + number * 100 + step),
                            size: 4096,
                            at: UInt32(step) * 4096
                        )
                        try sample.volume.perform {
                            _ = try $0.write(slice, toChunk: 0, of: Inode(UInt64(100 + number)))
                        }
                    }
                } catch {
                    failures.withLock { $0.append("\(error)") }
                }
            }
        }
        for turn in 0..<20 {
            if turn % 2 == 0 {
                try sample.volume.recountDirectory(.root)
            } else {
                try sample.volume.flushUsage()
            }
        }
        for thread in threads { thread.join() }
        try sample.volume.flushUsage()
        #expect(failures.withLock { $0 } == [])
        let counted = try sample.engine.read { try $0.directoryStatFromEntries(of: .root) }
        #expect(counted.dataLength == 3 * 40 * 4096)
        #expect(stat(of: .root) == counted)
        #expect(try sample.counter(.usedSpace) == 3 * 39 * 4096)
    }

    @Test("A recount waits for a change that is committed but not recorded yet")
    func recountBetweenCommitAndRecord() throws {
        let engine = FailingEngine(sample.engine)
        let volume = Volume(engine: engine, settings: sample.volume.settings, clock: sample.clock)
        let inode = try sample.addFile()
        let isCounted = Monitor(false)
        let recount = Mutex<WorkerThread?>(nil)
        engine.afterNextCommit {
            let thread = try? WorkerThread(name: "recount") {
                _ = try? volume.recountDirectory(.root)
                isCounted.withLock(waking: 0) { $0 = true }
            }
            recount.withLock { $0 = thread }
            // A recount that did not wait would be done long before.
            _ = isCounted.wait(deadline: MonotonicTime.now + .milliseconds(50)) { $0 ? true : nil }
        }
        try write(1, size: 9000, to: inode, in: volume)
        try #require(recount.withLock { $0 }).join()
        try volume.flushUsage()
        #expect(stat(of: .root) == DirectoryStat(dataLength: 9000, usedSpace: 12288, usedInodes: 1))
    }

    @Test("A stat that falls below zero is counted anew")
    func negativeStat() throws {
        let directory = try sample.addDirectory(Inode(50))
        let inode = try sample.addFile(in: [directory]) { $0.length = 9000 }
        try sample.volume.perform { _ = try $0.truncate(inode, to: 10) }
        try sample.volume.flushUsage()
        #expect(stat(of: directory) == DirectoryStat(dataLength: 10, usedSpace: 4096, usedInodes: 1))
    }

    @Test("A directory that is gone gets no stat, and the trash root never has one")
    func goneDirectory() throws {
        let directory = try sample.addDirectory(Inode(50), stat: nil)
        let inode = try sample.addFile(in: [directory])
        try write(1, size: 10, to: inode)
        sample.engine.edit { $0.nodes[directory] = nil }
        try sample.volume.flushUsage()
        #expect(stat(of: directory) == nil)
        #expect(sample.volume.usage.pendingStat(of: directory).isZero)
        #expect(stat(of: .trash) == nil)
    }

    @Test(
        "Users and groups get a record with their first use; a removed directory quota stays away"
    )
    func quotaRecords() throws {
        let sample = try SampleVolume { $0.userGroupQuota = true }
        let inode = try sample.addFile()
        try sample.engine.write {
            try $0.setQuota(
                QuotaRecord(kind: .directory, key: 1, quota: Quota(maxSpace: 1 << 30, maxInodes: 0))
            )
        }
        try write(1, size: 9000, to: inode, in: sample.volume)
        try sample.engine.write { try $0.deleteQuota(.directory, 1) }
        try sample.volume.flushUsage()
        let used = Quota(maxSpace: -1, maxInodes: -1, usedSpace: 8192, usedInodes: 0)
        #expect(
            sample.records.quotas == [
                QuotaKey(kind: .user, key: 7): used, QuotaKey(kind: .group, key: 8): used,
            ]
        )
    }

    @Test("An engine that counts in transactions is not told again")
    func countingEngine() throws {
        let sample = try SampleVolume(likeRedis: true)
        let inode = try sample.addFile()
        try write(1, size: 9000, to: inode, in: sample.volume)
        #expect(try sample.counter(.usedSpace) == 8192)
        try sample.volume.flushUsage()
        #expect(try sample.counter(.usedSpace) == 8192)
    }

    @Test("What a failing engine did not take is flushed later, nothing twice", arguments: 0..<4)
    func failures(commits: Int) throws {
        let engine = FailingEngine(sample.engine)
        let volume = Volume(engine: engine, settings: sample.volume.settings, clock: sample.clock)
        let directory = try sample.addDirectory(Inode(50))
        let inode = try sample.addFile(in: [directory])
        let bare = try sample.addFile(Inode(101))
        try sample.engine.write { transaction in
            try transaction.deleteDirectoryStat(of: .root)
            try transaction.setDirectoryStat(DirectoryStat(usedSpace: 4096, usedInodes: 1), of: directory)
            try transaction.setQuota(
                QuotaRecord(kind: .directory, key: 50, quota: Quota(maxSpace: 1 << 30, maxInodes: 0))
            )
        }
        try write(1, size: 9000, to: inode, in: volume)
        try write(2, size: 9000, to: bare, in: volume)
        engine.allowWrites(commits)
        #expect(throws: EngineError.self) { try volume.flushUsage() }
        engine.allowWrites(.max)
        try volume.flushUsage()
        #expect(try sample.counter(.usedSpace) == 16384)
        #expect(stat(of: directory) == DirectoryStat(dataLength: 9000, usedSpace: 12288, usedInodes: 1))
        // The file and the directory.
        #expect(stat(of: .root) == DirectoryStat(dataLength: 9000, usedSpace: 16384, usedInodes: 2))
        #expect(sample.records.quotas[QuotaKey(kind: .directory, key: 50)]?.usedSpace == 8192)
    }

    @Test("The totals of a volume follow its limits, or grow with its use")
    func statistics() {
        let limited = VolumeStatistics(
            usedSpace: 302_075_904,
            usedInodes: 185,
            capacity: 100 << 30,
            inodes: 1_000_000
        )
        #expect(limited.availableSpace == 107_072_106_496)
        #expect(limited.availableInodes == 999_815)
        let unlimited = VolumeStatistics(usedSpace: 0, usedInodes: 0, capacity: 0, inodes: 0)
        #expect(unlimited.totalSpace == 1 << 50)
        #expect(unlimited.availableInodes == 10 << 20)
        let pebibyte: Int64 = 1 << 50
        let large = VolumeStatistics(
            usedSpace: pebibyte / 5 * 4 + 4,
            usedInodes: (40 << 20) + 1,
            capacity: 0,
            inodes: 0
        )
        #expect(large.totalSpace == 2 << 50)
        #expect(large.availableInodes == 20 << 20)
        let overfull = VolumeStatistics(usedSpace: 100, usedInodes: 5, capacity: 50, inodes: 3)
        #expect(overfull.totalSpace == 100)
        #expect(overfull.availableSpace == 0)
        #expect(overfull.availableInodes == 0)
        let absurd = VolumeStatistics(usedSpace: .max, usedInodes: .max, capacity: 0, inodes: 0)
        #expect(absurd.totalSpace == 1 << 63)
        #expect(VolumeStatistics(usedSpace: -5, usedInodes: -5, capacity: 0, inodes: 0).usedSpace == 0)
    }

    @Test("Statistics contain what is not flushed yet")
    func pendingStatistics() throws {
        let inode = try sample.addFile()
        try write(1, size: 9000, to: inode)
        #expect(try sample.volume.statistics().usedSpace == 8192)
        try sample.volume.flushUsage()
        #expect(try sample.volume.statistics().usedSpace == 8192)
    }
}

/// Lets a number of write transactions through, then fails; tells when one has been committed.
private final class FailingEngine: MetadataEngine {
    private let base: MemoryEngine
    private let allowed = Mutex(Int.max)
    private let committed = Mutex<(@Sendable () -> Void)?>(nil)

    init(_ base: MemoryEngine) {
        self.base = base
    }

    var address: String { base.address }
    var countsUsageInTransactions: Bool { base.countsUsageInTransactions }

    func allowWrites(_ count: Int) {
        allowed.withLock { $0 = count }
    }

    /// Calls `body` once, after the next commit and before the writer hears of it.
    func afterNextCommit(_ body: @escaping @Sendable () -> Void) {
        committed.withLock { $0 = body }
    }

    func write<Result>(_ body: (any MetadataTransaction) throws -> Result) throws -> Result {
        let isAllowed = allowed.withLock { left in
            guard left > 0 else { return false }
            left -= 1
            return true
        }
        guard isAllowed else { throw EngineError(.unreachable, "write", address: address) }
        let result = try base.write(body)
        let notify = committed.withLock { notify in
            defer { notify = nil }
            return notify
        }
        notify?()
        return result
    }

    func isFormatted() throws -> Bool { try base.isFormatted() }
    func createSchema() throws { try base.createSchema() }
    func read<Result>(_ body: (any MetadataReader) throws -> Result) throws -> Result { try base.read(body) }
    func snapshot<Result>(_ body: (any MetadataScanner) throws -> Result) throws -> Result {
        try base.snapshot(body)
    }
    func destroy() throws { try base.destroy() }
    func close() { base.close() }
}

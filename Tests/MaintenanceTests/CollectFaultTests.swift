// SPDX-License-Identifier: Apache-2.0
// gc while stores fail, others change the volume, or it is stopped.

import Maintenance
import Metadata
import ObjectStorage
import SluiceBase
import SluiceTestSupport
import Synchronization
import Testing
import VolumeModel

@Suite("Collecting while things go wrong")
struct CollectFaultTests {
    @Test(
        "what changed between plan and execution is left out",
        arguments: EngineMaker.all,
        StoreKind.allCases
    )
    func outdated(engine: EngineMaker, kind: StoreKind) throws {
        try CollectBench.with(engine, kind) { bench in
            let inode = try bench.inode("/d1/sub/f2")
            for id in [990, 991, 992] { try bench.put(ObjectKey("chunks/0/0/\(id)_0_3")) }
            try bench.edit(.setReference(SliceReference(id: 993, size: 3, count: 0)))
            try bench.delay([(994, 3)], row: 900)
            try bench.put("chunks/0/0/993_0_3")
            try bench.volume.unlink("f2", in: bench.inode("/d1/sub"), skipTrash: true)
            let node = Attributes(
                type: .file,
                mode: 0o644,
                time: Timestamp(seconds: 1),
                linkCount: 1,
                parent: .root
            )
            bench.builder.clock.advance(seconds: 3601)
            let summary = try bench.collect(between: {
                try bench.put("chunks/0/0/990_0_3", [1, 2, 3, 4])
                try bench.put("chunks/0/0/991_0_3", modified: 1_700_000_001)
                try bench.store.delete("chunks/0/0/992_0_3")
                try bench.edit(
                    .setReference(SliceReference(id: 993, size: 3, count: 1)),
                    .setNode(inode, node)
                )
                try bench.delay([(994, 3)], row: 900, deleted: 2000)
            })
            #expect(summary.plannedSteps == 6)
            #expect(summary.skippedSteps == 6)
            let left = try bench.objects()
            for id in [990, 991, 993] { #expect(left.contains(ObjectKey("chunks/0/0/\(id)_0_3"))) }
            try bench.edit(.deleteNode(inode))
            try bench.expectUnharmed()
        }
    }

    @Test("a deletion that fails is counted and noted in the journal", arguments: EngineMaker.all)
    func failedDeletion(engine: EngineMaker) throws {
        try CollectBench.with(engine, .memory) { bench in
            for id in [990, 991, 992] { try bench.put(ObjectKey("chunks/0/0/\(id)_0_3")) }
            let error = StorageError(.unreachable, "delete", address: "mem://")
            let faulty = FaultyStore(bench.store, [Fault(.delete, call: 2, .fail(error))])
            let summary = try bench.collect({ $0.threads = 1 }, through: faulty)
            #expect(summary.doneSteps == 2)
            #expect(summary.failedSteps == 1)
            #expect(summary.failures == ["\(error)"])
            let noted = try bench.journal().filter { $0["error"] != nil }
            #expect(noted.map { $0["slice"]?.uint64Value } == [991])
            #expect(try bench.collect().doneSteps == 1)
            try bench.expectClean()
        }
    }

    @Test("a listing that fails forbids every deletion", arguments: [Fault.Operation.list, .page])
    func failedListing(operation: Fault.Operation) throws {
        try CollectBench.with(EngineMaker.all[0], .memory) { bench in
            try bench.put("chunks/0/0/990_0_3")
            bench.builder.clock.advance(seconds: CollectBench.longTime)
            let error = StorageError(.unreachable, "list", address: "mem://")
            let faulty = FaultyStore(
                bench.store,
                [Fault(operation, call: operation == .page ? 2 : 1, .fail(error))]
            )
            let summary = try bench.collect({ $0.planPath = bench.directory + "/plan" }, through: faulty)
            #expect(summary.interlocks.count(where: { $0.contains("listing") }) == 1)
            #expect(summary.plannedSteps == 0)
            let text = try Posix.readWholeFile(bench.directory + "/plan", limit: 1 << 20)
            #expect(text.split(separator: UInt8(ascii: "\n")).count == 2)
            #expect(try bench.objects().contains("chunks/0/0/990_0_3"))
            try bench.expectUnharmed()
        }
    }

    @Test("row 56: the storage of another volume is refused", arguments: EngineMaker.all)
    func otherVolume(engine: EngineMaker) throws {
        try CollectBench.with(engine, .memory) { bench in
            try bench.put("juicefs_uuid", Array("somebody-else".utf8))
            let error = try #require(throws: MaintenanceError.self) { try bench.plan() }
            #expect(error.code == .mismatch)
            try bench.put("juicefs_uuid", Array(bench.volume.settings.uuid.utf8))
            #expect(try bench.plan().summary.interlocks == [])
        }
    }

    @Test("an unreadable record of references forbids every deletion")
    func damagedDelayedRow() throws {
        try CollectBench.with(EngineMaker.all[0], .memory) { bench in
            try bench.put("chunks/0/0/990_0_3")
            try bench.edit(.setDelayed(DelayedSlices(id: 900, deleted: 1000, encodedSlices: [1, 2, 3])))
            let summary = try bench.collect()
            #expect(summary.interlocks.count == 1)
            #expect(try bench.objects().contains("chunks/0/0/990_0_3"))
        }
    }

    @Test("planning can be stopped")
    func cancelledPlan() throws {
        try CollectBench.with(EngineMaker.all[0], .memory) { bench in
            let cancellation = Cancellation()
            cancellation.cancel()
            #expect(throws: CancelledError.self) { try bench.plan { $0.cancellation = cancellation } }
        }
    }

    @Test("execution can be stopped between steps, and continued", arguments: EngineMaker.all)
    func cancelledExecution(engine: EngineMaker) throws {
        try CollectBench.with(engine, .memory) { bench in
            for id in 990..<1000 { try bench.put(ObjectKey("chunks/0/\(id / 1000)/\(id)_0_3")) }
            let cancellation = Cancellation()
            let stopping = DeletionWatch(bench.store) { count throws(StorageError) in
                if count == 4 { cancellation.cancel() }
            }
            let summary = try bench.collect(
                { options in
                    options.threads = 1
                    options.cancellation = cancellation
                },
                through: stopping
            )
            #expect(summary.isCancelled)
            #expect(summary.doneSteps == 4)
            #expect(summary.failures == [])
            #expect(try bench.collect().doneSteps == 6)
            try bench.expectClean()
        }
    }

    @Test("a journal that cannot be written stops everything before the first deletion")
    func fullJournal() throws {
        try CollectBench.with(EngineMaker.all[0], .memory) { bench in
            try bench.put("chunks/0/0/990_0_3")
            let planned = try bench.plan()
            let journal = try DeletionJournal("/dev/full")
            #expect(throws: SystemError.self) {
                try executeCollection(
                    planned.plan,
                    of: bench.volume,
                    store: bench.store,
                    options: planned.options,
                    journal: journal,
                    summary: planned.summary
                )
            }
            #expect(try bench.objects().contains("chunks/0/0/990_0_3"))
        }
    }

    @Test("the journal knows of a deletion before it happens", arguments: EngineMaker.all)
    func journaledFirst(engine: EngineMaker) throws {
        try CollectBench.with(engine, .memory) { bench in
            let key = ObjectKey("chunks/0/0/990_0_3")
            try bench.put(key)
            let seen = Mutex<[String?]>([])
            let path = bench.journalPath
            let watching = DeletionWatch(bench.store) { _ throws(StorageError) in
                do {
                    let text = try Posix.readWholeFile(path, limit: 1 << 20)
                    let line = try JSONValue.parse(Array(text.split(separator: 10).last ?? []))
                    seen.withLock { $0.append(line["key"]?.stringValue) }
                } catch {
                    throw StorageError(.failed, "look into the journal", key: key, address: "mem://")
                }
            }
            #expect(try bench.collect(through: watching).doneSteps == 1)
            #expect(seen.withLock { $0 } == [key.description])
        }
    }

    @Test("after a stop at any deletion the next run finishes the work", arguments: EngineMaker.all, 1...12)
    func interrupted(engine: EngineMaker, call: Int) throws {
        try CollectBench.with(engine, .memory) { bench in
            let data = try bench.keys("/d1/sub/f2").union(bench.keys("/gone"))
            try bench.put("chunks/0/0/990_0_3")
            try bench.edit(.setReference(SliceReference(id: 993, size: 70_000, count: 0)))
            try bench.put("chunks/0/0/993_0_65536")
            try bench.put("chunks/0/0/993_1_4464")
            try bench.edit(.setReference(SliceReference(id: 994, size: 3, count: 1)))
            try bench.put("chunks/0/0/994_0_3")
            try bench.delay([(994, 3)], row: 900)
            try bench.volume.unlink("f2", in: bench.inode("/d1/sub"), skipTrash: true)
            try bench.volume.unlink("c1", in: .root, skipTrash: true)
            bench.builder.clock.advance(seconds: CollectBench.longTime)
            let dying = DeletionWatch(bench.store) { count throws(StorageError) in
                guard count < call else { throw StorageError(.unreachable, "delete", address: "mem://") }
            }
            let first = try bench.collect({ $0.threads = 1 }, through: dying)
            #expect(first.plannedSteps == 6)
            try bench.expectUnharmed(except: ["/d1/sub/f2", "/c1"])
            bench.builder.clock.advance(seconds: 3601)
            let second = try bench.collect()
            #expect(second.failures == [])
            #expect(try bench.objects().isDisjoint(with: data))
            try bench.expectUnharmed(except: ["/d1/sub/f2", "/c1"])
            try bench.expectClean()
        }
    }
}

/// Asks before each deletion, with the number of the call from 1 on.
private final class DeletionWatch: ObjectStore {
    private let base: any ObjectStore
    private let count = Atomic(0)
    private let watch: @Sendable (Int) throws(StorageError) -> Void

    init(_ base: any ObjectStore, _ watch: @escaping @Sendable (Int) throws(StorageError) -> Void) {
        self.base = base
        self.watch = watch
    }

    var address: String { base.address }
    var limits: StorageLimits { base.limits }

    func create() throws(StorageError) { try base.create() }
    func head(_ key: ObjectKey) throws(StorageError) -> ObjectInfo { try base.head(key) }
    func read(_ key: ObjectKey, range: ByteRange, into sink: ByteSink) throws(StorageError) -> UInt64 {
        try unsafe base.read(key, range: range, into: sink)
    }
    func put(
        _ key: ObjectKey,
        from source: any ByteSource,
        options: PutOptions
    ) throws(StorageError) -> PutReceipt {
        try base.put(key, from: source, options: options)
    }
    func delete(_ key: ObjectKey) throws(StorageError) {
        try watch(count.add(1, ordering: .sequentiallyConsistent).newValue)
        try base.delete(key)
    }
    func list(_ request: ListRequest) throws(StorageError) -> any ObjectListing { try base.list(request) }
}

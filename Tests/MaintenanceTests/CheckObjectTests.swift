// SPDX-License-Identifier: Apache-2.0
// Rows 1-9, 56 and 59 of the damage matrix (admin-commands §7).

import Maintenance
import Metadata
import ObjectStorage
import SluiceBase
import SluiceTestSupport
import Testing
import VolumeModel

@Suite("Damage to objects")
struct CheckObjectTests {
    @Test("row 1: a deleted object is missing, with the file that needs it", arguments: EngineMaker.all)
    func deleted(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let (inode, slice, key) = try (
                bench.inode("/d1/sub/f2"), bench.slice("/d1/sub/f2").id, bench.object("/d1/sub/f2")
            )
            bench.store.delete(key)
            let result = try bench.check()
            #expect(
                result.lines == [
                    "object-missing inode=\(inode) slice=\(slice) object=\(key) paths=/d1/sub/f2 fix=none"
                ]
            )
            #expect(result.summary.exitBits == 4)
        }
    }

    @Test(
        "row 1: a deleted object of a cloned slice names every file that uses it",
        arguments: EngineMaker.all
    )
    func deletedShared(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            bench.store.delete(try bench.object("/d1/f1", 4))
            let finding = try #require(try bench.check().findings.first)
            #expect(finding.paths == ["/c1", "/c2", "/c3", "/d1/f1"])
            #expect(finding.bytes == 300_000 - 4 * 65536)
        }
    }

    @Test(
        "row 1: a missing block is not called lost while a mounted client may have it staged",
        arguments: EngineMaker.all
    )
    func staged(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            bench.store.delete(try bench.object("/d1/f3"))
            try bench.addSession(1, info: #"{"MountTime":"2020-01-01T00:00:00Z"}"#)
            let result = try bench.check()
            #expect(result.findings.map(\.isUnverified) == [true])
            #expect(result.summary.exitBits == 64)
        }
    }

    @Test("rows 2 and 3: an object of a wrong size", arguments: EngineMaker.all, [0, 999, 100_000])
    func resized(engine: EngineMaker, size: Int) throws {
        try CheckBench.with(engine) { bench in
            let (inode, slice, key) = try (
                bench.inode("/d1/f3"), bench.slice("/d1/f3").id, bench.object("/d1/f3")
            )
            try bench.store.put(key, [UInt8](repeating: 0, count: size))
            let code = size < 50_000 ? "object-short" : "object-oversized"
            let lines = try bench.check().lines
            #expect(lines == ["\(code) inode=\(inode) slice=\(slice) object=\(key) paths=/d1/f3 fix=none"])
        }
    }

    @Test("row 4: a block that does not decode is found by reading it", arguments: EngineMaker.all)
    func unreadable(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let (inode, slice, key) = try (
                bench.inode("/d1/f1"), bench.slice("/d1/f1").id, bench.object("/d1/f1", 1)
            )
            let result = try bench.check { options in
                options.readsData = true
                options.dataThreads = 3
                options.blockReader = { block in
                    if block.sliceID == slice, block.index == 1 {
                        throw StorageError(.corrupt, "read", key: key, address: "mem://")
                    }
                    return Int(block.size)
                }
            }
            // Which of the four files is named first depends on the order of a scan.
            let finding = try #require(result.findings.first)
            #expect(result.codes == ["object-unreadable"])
            #expect(finding.sliceID == slice && finding.objectKey == key)
            #expect(finding.paths.map(\.description) == ["/c1", "/c2", "/c3", "/d1/f1"])
            #expect(finding.inode == inode || engine.testDescription == "Redis")
            #expect(result.summary.blocksRead == 40)
        }
    }

    @Test("a block that could not be fetched is unverified, not damaged", arguments: EngineMaker.all)
    func unreachable(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let result = try bench.check { options in
                options.readsData = true
                options.blockReader = { block in
                    if block.index == 1 { throw StorageError(.unreachable, "read", address: "mem://") }
                    return Int(block.size)
                }
            }
            #expect(result.lines == [])
            #expect(result.summary.exitBits == 8 + 64)
        }
    }

    @Test("row 5: a block in a wrong folder is missing where it is needed", arguments: EngineMaker.all)
    func moved(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let (inode, slice, key) = try (
                bench.inode("/d1/f3"), bench.slice("/d1/f3").id, bench.object("/d1/f3")
            )
            let wrong = ObjectKey("chunks/7/7/\(slice)_0_50000")
            try bench.store.put(wrong, try bench.store.bytes(of: key))
            bench.store.delete(key)
            let result = try bench.check()
            #expect(
                result.lines == [
                    "object-misplaced slice=\(slice) object=\(wrong) fix=move-object",
                    "object-missing inode=\(inode) slice=\(slice) object=\(key) paths=/d1/f3 fix=none",
                ]
            )
            #expect(result.findings.contains { $0.fix == .moveObject(from: wrong, to: key) })
        }
    }

    @Test("row 6: an object of an unknown slice is leaked", arguments: EngineMaker.all)
    func leaked(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            try bench.store.put("chunks/0/0/999_0_5000", [UInt8](repeating: 1, count: 5000))
            #expect(
                try bench.check().lines == [
                    "object-leaked slice=999 object=chunks/0/0/999_0_5000 fix=delete-object"
                ]
            )
            let young = try bench.check { $0.leakGraceSeconds = 200_000_000 }
            #expect(young.lines == [])
        }
    }

    @Test("Where the store does not know the ages of objects, none without owner is called leaked")
    func unknownAge() throws {
        try CheckBench.with(EngineMaker.all[0]) { bench in
            let key: ObjectKey = "chunks/0/0/999_0_5000"
            let bytes = [UInt8](repeating: 1, count: 5000)
            for (time, codes) in [(Timestamp.epoch, []), (Timestamp(seconds: 1), ["object-leaked"])] {
                var options = PutOptions()
                options.modified = time
                try bench.store.put(key, bytes, options: options)
                #expect(try bench.check { $0.leakGraceSeconds = 3600 }.codes == codes)
            }
        }
    }

    @Test(
        "rows 7 and 9: names that are no block's are foreign and nothing deletes them",
        arguments: EngineMaker.all
    )
    func foreign(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            for key in ["chunks/foo", "chunks/0/0/a_b_c", "other/thing", "chunks/0/0/1_0"] as [ObjectKey] {
                try bench.store.put(key, [1])
            }
            for key in ["juicefs_uuid", "meta/dump-x.json.gz", "testing/abc"] as [ObjectKey] {
                try bench.store.put(key, [1])
            }
            let result = try bench.check()
            #expect(result.lines.map { $0.hasPrefix("object-foreign info") } == [true, true, true, true])
            #expect(result.findings.allSatisfy { $0.fix == .none })
            #expect(result.summary.exitBits == 0)
        }
    }

    @Test("row 8: blocks that a living slice does not have", arguments: EngineMaker.all)
    func extra(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let (inode, slice) = try (bench.inode("/d1/sub/f2"), bench.slice("/d1/sub/f2").id)
            for name in ["\(slice)_0_5000", "\(slice)_7_65536"] {
                try bench.store.put(ObjectKey("chunks/0/0/\(name)"), [1])
            }
            let start = "object-extra inode=\(inode) slice=\(slice) object=chunks/0/0/\(slice)"
            #expect(
                try bench.check().lines == [
                    "\(start)_0_5000 paths=/d1/sub/f2 fix=delete-object",
                    "\(start)_7_65536 paths=/d1/sub/f2 fix=delete-object",
                ]
            )
        }
    }

    @Test("row 56: the bucket of another volume", arguments: EngineMaker.all)
    func otherBucket(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let uuid = bench.builder.volume.settings.uuid
            func codes(_ stored: String?) throws -> [String] {
                try bench.check { $0.storedUUID = { stored } }.findings.filter { $0.severity != .info }
                    .map(\.code.rawValue)
            }
            let foreign = try codes("somebody-else")
            #expect(foreign == ["uuid-differs"])
            #expect(try codes(nil) == [])
            #expect(try codes(uuid) == [])
        }
    }

    @Test("row 59: an empty bucket is an alarm of its own", arguments: EngineMaker.all)
    func empty(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let result = try bench.check(MemoryStore())
            let gone = try #require(result.findings.first { $0.code == .objectsGone })
            #expect(gone.count == 35)
            #expect(result.summary.exitBits == 4)
        }
    }

    @Test(
        "a listing that fails is never called clean, and nothing is called missing",
        arguments: EngineMaker.all
    )
    func failedListing(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let result = try bench.check(UnlistableStore())
            #expect(result.lines == [])
            #expect(result.summary.exitBits == 8)
            #expect(result.summary.incomplete.count == 1)
        }
    }

    @Test("encrypted objects are larger by the envelope", arguments: EngineMaker.all)
    func overhead(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let result = try bench.check { $0.expectedObjectSize = { .exact(UInt64($0) + 287) } }
            #expect(Set(result.codes) == ["object-short"])
            #expect(try bench.check { $0.expectedObjectSize = { _ in .atLeast(1) } }.lines == [])
        }
    }
}

/// A store whose listing fails at once.
private struct UnlistableStore: ObjectStore {
    let address = "mem://broken/"
    let limits = StorageLimits()

    private var error: StorageError { StorageError(.unreachable, "list", address: address) }

    func create() throws(StorageError) {}
    func head(_ key: ObjectKey) throws(StorageError) -> ObjectInfo { throw error }
    func read(_ key: ObjectKey, range: ByteRange, into sink: ByteSink) throws(StorageError) -> UInt64 {
        throw error
    }
    func put(
        _ key: ObjectKey,
        from source: any ByteSource,
        options: PutOptions
    ) throws(StorageError) -> PutReceipt {
        throw error
    }
    func delete(_ key: ObjectKey) throws(StorageError) { throw error }
    func list(_ request: ListRequest) throws(StorageError) -> any ObjectListing { throw error }
}

// SPDX-License-Identifier: Apache-2.0

import BucketSync
import ObjectStorage
import SluiceBase
import SluiceTestSupport
import Testing

private let gone = StorageError(.unreachable, "list", address: "faulty", reason: "planned")

@Suite("A run between two stores")
struct SyncRunTests {
    private func store(_ contents: [ObjectKey: [UInt8]]) throws -> MemoryStore {
        let store = freshStore()
        for (key, bytes) in contents { try store.put(key, bytes) }
        return store
    }

    @Test("Copies what is missing, skips what has the same size, counts what is extra")
    func basics() throws {
        let source = try store(["a": [1], "b": [1, 2], "c/d": []])
        let destination = try store(["b": [3, 4], "x": [9, 9]])
        let report = try sync(source, destination)
        #expect(try contents(of: destination) == ["a": [1], "b": [3, 4], "c/d": [], "x": [9, 9]])
        var expected = SyncCounts()
        expected.found = 3
        expected.skipped = 1
        expected.skippedBytes = 2
        expected.copied = 2
        expected.copiedBytes = 1
        expected.extra = 1
        expected.extraBytes = 2
        // A store that reports no checksum proves nothing but the size.
        expected.unverified = 2
        #expect(report.counts == expected)
        #expect(!report.hasProblems && !report.isIncomplete)
    }

    @Test("Reads back what the destination gives no checksum of, when asked")
    func readsBack() throws {
        let destination = freshStore()
        let report = try sync(try store(["a": [1]]), destination, options { $0.verification = .full })
        #expect(report.counts.verified == 1)
        #expect(report.counts.unverified == 0)
        #expect(report.counts.checkedBytes == 1)
    }

    @Test("A copy that reads back differently fails and is removed")
    func badCopy() throws {
        let base = freshStore()
        let destination = FaultyStore(base, [Fault(.read, .flippedByte(at: 0))])
        let report = try sync(try store(["a": [1, 2]]), destination, options { $0.verification = .full })
        #expect(report.counts.failed == 1)
        #expect(report.counts.copied == 0)
        #expect(report.failures.map(\.key) == ["a"])
        #expect(try contents(of: base) == [:])
    }

    @Test("A large copy that reads back differently fails and is removed")
    func badLargeCopy() throws {
        let base = freshStore()
        let destination = FaultyStore(base, [Fault(.read, .flippedByte(at: 3_000_000))])
        let source = try store(["a": [UInt8](repeating: 7, count: 5 << 20)])
        let report = try sync(source, destination, options { $0.verification = .full })
        #expect(report.counts.failed == 1)
        #expect(try contents(of: base) == [:])
    }

    @Test("Deletes extras only when asked")
    func extras() throws {
        let source = try store(["a": [1]])
        let destination = try store(["0": [1], "a": [1], "z": [1]])
        let report = try sync(source, destination, options { $0.removal.extras = true })
        #expect(report.counts.deleted == 2)
        #expect(try contents(of: destination).keys.sorted() == ["a"])
    }

    @Test("Deletes nothing after a listing broke off", arguments: [true, false], [1, 2])
    func brokenListing(_ isSource: Bool, _ page: Int) throws {
        var many: [ObjectKey: [UInt8]] = [:]
        for number in 0..<1500 { many[ObjectKey("k\(number)")] = [1] }
        let source = try store(many)
        let destination = try store(many.merging(["a-extra": [1], "z-extra": [1]]) { old, _ in old })
        let before = try contents(of: destination)
        let fault = [Fault(.page, call: page, .fail(gone))]
        let report = try sync(
            isSource ? FaultyStore(source, fault) : source,
            isSource ? destination : FaultyStore(destination, fault),
            options { $0.removal.extras = true }
        )
        #expect(report.isIncomplete)
        #expect(report.removalHold == .listingFailed)
        #expect(report.counts.deleted == 0)
        #expect((isSource ? report.sourceListing : report.destinationListing) == .failed(gone))
        #expect(try contents(of: destination) == before)
    }

    @Test("Takes keys out of order for a failed listing and deletes nothing")
    func disorder() throws {
        let source = FaultyStore(try store(["a": [1], "b": [1], "c": [1]]), [Fault(.page, .disorder)])
        let destination = try store(["a": [1], "b": [1], "c": [1], "d": [1]])
        let report = try sync(source, destination, options { $0.removal.extras = true })
        #expect(report.isIncomplete)
        #expect(report.counts.deleted == 0)
        guard case .failed(let error) = report.sourceListing else {
            Issue.record("the listing counts as \(report.sourceListing)")
            return
        }
        #expect(error.reason.contains("out of order"))
        #expect(try contents(of: destination).count == 4)
    }

    @Test("A source that is empty does not clear the destination unless allowed")
    func emptySource() throws {
        let destination = try store(["a": [1]])
        let held = try sync(freshStore(), destination, options { $0.removal.extras = true })
        #expect(held.removalHold == .emptySource)
        #expect(held.isIncomplete)
        #expect(try contents(of: destination).count == 1)
        let allowed = options {
            $0.removal.extras = true
            $0.removal.allowsEmptySource = true
        }
        #expect(try sync(freshStore(), destination, allowed).counts.deleted == 1)
    }

    @Test("A source folder that does not exist is an error")
    func missingSource() throws {
        try withFolders { _, destination, path in
            try destination.put("a", [1])
            let nowhere = FileStore(root: path + "/nowhere/")
            let report = try sync(nowhere, destination, options { $0.removal.extras = true })
            #expect(report.isIncomplete)
            #expect(try contents(of: destination).count == 1)
        }
    }

    @Test("Removes no more than the bound allows", arguments: [Removal.Bound.objects(1), .percent(50)])
    func bound(_ bound: Removal.Bound) throws {
        let destination = try store(["a": [1], "x": [1], "y": [1]])
        let report = try sync(
            try store(["a": [1]]),
            destination,
            options {
                $0.removal.extras = true
                $0.removal.bound = bound
            }
        )
        #expect(report.removalHold == .tooMany(2, allowed: 1))
        #expect(report.hasProblems)
        #expect(try contents(of: destination).count == 3)
    }

    @Test("Never takes an excluded or filtered source for absent")
    func filteredTwins() throws {
        let source = try store(["big": [1, 2, 3], "keep.log": [1], "small": [1]])
        let destination = try store(["big": [1], "keep.log": [1, 2], "small": [1], "x.log": [1]])
        let exclude = try NameRule(include: false, "*.log")
        let report = try sync(
            source,
            destination,
            options {
                $0.removal.extras = true
                $0.selection.maximumSize = 2
                $0.selection.names = NameRules([exclude])
            }
        )
        #expect(report.counts.deleted == 0)
        #expect(report.counts.excluded == 2)
        #expect(try contents(of: destination).count == 4)
        #expect(try destination.bytes(of: "big") == [1])
    }

    @Test("Does not copy what interrupted copies left behind")
    func leftovers() throws {
        let source = try store([".jfs.a.tmp.123": [1], "d/.jfs.b.tmp.9": [1], ".jfs.tmp": [1], "a": [1]])
        let destination = freshStore()
        let report = try sync(source, destination)
        #expect(report.counts.excluded == 2)
        #expect(try contents(of: destination).keys.sorted() == [".jfs.tmp", "a"])
    }

    @Test("Keeps to the first and the last key, both included")
    func range() throws {
        let source = try store(["a": [1], "b": [1], "b\u{0}": [1], "c": [1], "d": [1]])
        let destination = freshStore()
        try sync(
            source,
            destination,
            options {
                $0.selection.start = "b"
                $0.selection.end = "c"
            }
        )
        #expect(try contents(of: destination).keys.sorted() == ["b", "b\u{0}", "c"])
    }

    @Test("Looks at no more objects than the limit")
    func limit() throws {
        let destination = freshStore()
        try sync(try store(["a": [1], "b": [1], "c": [1]]), destination, options { $0.selection.limit = 2 })
        #expect(try contents(of: destination).keys.sorted() == ["a", "b"])
    }

    @Test("A dry run changes nothing and plans what a run does")
    func dryRun() throws {
        let source = try store(["a": [1], "b": [1, 2]])
        let destination = try store(["b": [1], "z": [1]])
        let before = try contents(of: destination)
        let log = EventLog()
        let dry = options {
            $0.isDry = true
            $0.removal.extras = true
        }
        let report = try sync(source, destination, dry) { log.note($0) }
        #expect(try contents(of: destination) == before)
        #expect(
            log.planned.map { "\($0.action.rawValue) \($0.key)" } == ["copy a", "copy b", "delete-extra z"]
        )
        #expect(report.counts.copied == 2)
        #expect(report.counts.deleted == 1)
    }

    @Test("A step survives the way to JSON and back")
    func stepJSON() throws {
        let facts = FileFacts(
            mode: 0o4755,
            uid: 7,
            gid: 8,
            target: ByteString([0xFF, 0x2F]),
            linkIdentity: LinkIdentity(device: .max, inode: 3),
            special: SpecialFile(.blockDevice, device: 9)
        )
        let key = ObjectKey([0x66, 0xFF, 0xFE])
        let source = ObjectInfo(
            key: key,
            size: .max,
            modified: Timestamp(seconds: -1, nanoseconds: 999_999_999),
            kind: .special,
            file: facts
        )
        let step = SyncStep(.makeLink, key, source: source, destination: nil, linkedTo: "first")
        #expect(try SyncStep(json: try JSONValue.parse(step.json.line)) == step)
    }

    @Test("Compares bytes when asked and copies what differs", arguments: [3, 3 << 20])
    func checkAll(_ size: Int) throws {
        let bytes = [UInt8](repeating: 1, count: size)
        var other = bytes
        other[size - 1] = 2
        let source = try store(["equal": bytes, "other": bytes])
        let destination = try store(["equal": bytes, "other": other])
        let report = try sync(source, destination, options { $0.comparison.content = true })
        #expect(report.counts.checked == 2)
        #expect(report.counts.copied == 1)
        #expect(report.counts.skipped == 1)
        #expect(try destination.bytes(of: "other") == bytes)
    }

    @Test("Removes a source only when the bytes are equal, not when only the sizes are")
    func deleteSource() throws {
        let source = try store(["equal": [1], "other": [1], "new": [1]])
        let destination = try store(["equal": [1], "other": [2]])
        let report = try sync(source, destination, options { $0.removal.sourceIfEqual = true })
        #expect(try contents(of: source).keys.sorted() == ["new", "other"])
        #expect(report.counts.deleted == 1)
        #expect(report.counts.failed == 1)
    }

    @Test("Removes a copied source only when the copy is proven")
    func deleteSourceAfter() throws {
        let source = try store(["a": [1]])
        let removing = options { $0.removal.sourceAfterCopy = true }
        try sync(source, freshStore(), removing)
        #expect(try contents(of: source).count == 1)
        try withFolders { _, folder, _ in
            try sync(source, folder, removing)
            #expect(try contents(of: source).isEmpty)
        }
    }

    @Test("Stops when as many objects failed as are allowed")
    func failureLimit() throws {
        var many: [ObjectKey: [UInt8]] = [:]
        for number in 0..<200 { many[ObjectKey("k\(number)")] = [1] }
        let refusal = StorageError(.denied, "store", address: "faulty")
        let destination = FaultyStore(freshStore(), (1...200).map { Fault(.put, call: $0, .fail(refusal)) })
        let limited = options {
            $0.threads = 1
            $0.maximumFailures = 5
        }
        let report = try sync(try store(many), destination, limited)
        #expect(report.counts.failed == 5)
        #expect(report.reachedFailureLimit)
    }

    @Test("A cancelled run ends early and deletes nothing")
    func cancelled() throws {
        let cancellation = Cancellation()
        cancellation.cancel()
        let destination = try store(["z": [1]])
        let report = try sync(
            try store(["a": [1]]),
            destination,
            options { $0.removal.extras = true },
            cancellation: cancellation
        )
        #expect(report.isCancelled)
        #expect(report.removalHold == .stopped)
        #expect(try contents(of: destination).keys.sorted() == ["z"])
    }

    @Test("An object that is gone when its turn comes is skipped, not failed")
    func vanished() throws {
        let missing = StorageError(.notFound, "read", address: "faulty")
        let source = FaultyStore(try store(["a": [1]]), [Fault(.read, .fail(missing))])
        let report = try sync(source, freshStore())
        #expect(report.counts.vanished == 1)
        #expect(report.counts.failed == 0)
    }

    @Test("A source whose length changes between listing and reading is read again")
    func shortBody() throws {
        let source = FaultyStore(try store(["a": [1, 2, 3]]), [Fault(.read, .shortBody(by: 1))])
        let destination = freshStore()
        let report = try sync(source, destination)
        #expect(report.counts.copied == 1)
        #expect(try destination.bytes(of: "a") == [1, 2, 3])
    }

    @Test(
        "Refuses keys that would leave the folder or fall together",
        arguments: ["../x", "a//b", "./a", "/lead"]
    )
    func hostileKeys(_ key: String) throws {
        try withFolders { _, destination, path in
            let report = try sync(try store([ObjectKey(key): [1], "good": [1]]), destination)
            #expect(report.counts.failed == 1)
            #expect(try contents(of: destination).keys.sorted() == ["good"])
            #expect(try Posix.statusIfPresent(path + "/x") == nil)
        }
    }

    @Test("Refuses a destination inside the source, and to clear what holds the source")
    func overlap() throws {
        try withFolders { source, _, path in
            let inside = FileStore(root: path + "/from/sub/")
            #expect(throws: SyncError.self) { try sync(source, inside) }
            #expect(throws: SyncError.self) { try sync(source, source) }
            let clearing = options { $0.removal.extras = true }
            #expect(throws: SyncError.self) { try sync(inside, source, clearing) }
        }
    }

    @Test("Works below prefixes")
    func prefixes() throws {
        let source = try store(["p/a": [1], "q/b": [2]])
        let destination = try store(["t/x": [1], "u": [1]])
        let clearing = options { $0.removal.extras = true }
        let run = try SyncRun(
            from: SyncSide(source, prefix: "p/"),
            to: SyncSide(destination, prefix: "t/"),
            clearing
        )
        _ = try run.run()
        #expect(try contents(of: destination) == ["t/a": [1], "u": [1]])
    }
}

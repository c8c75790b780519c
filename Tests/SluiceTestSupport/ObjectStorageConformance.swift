// SPDX-License-Identifier: Apache-2.0
// What every object store must do, whatever it is made of. Each case is handed an empty store of its own.

import Glibc
package import ObjectStorage
import SluiceBase
import Synchronization
import Testing

/// One promise of `ObjectStore`.
package struct ObjectStorageCase: Sendable, CustomTestStringConvertible {
    private let name: String
    private let body: @Sendable (any ObjectStore) throws -> Void

    init(_ name: String, _ body: @escaping @Sendable (any ObjectStore) throws -> Void) {
        self.name = name
        self.body = body
    }

    package var testDescription: String { name }

    /// Holds an empty store to this promise.
    package func check(_ store: any ObjectStore) throws {
        try store.create()
        try body(store)
    }
}

/// The promises of `ObjectStore`, for `@Test(arguments:)`.
package enum ObjectStorageConformance {
    package static let cases: [ObjectStorageCase] = [
        ObjectStorageCase("bytes come back as they were stored", roundTrip),
        ObjectStorageCase("ranges deliver what lies inside the object", ranges),
        ObjectStorageCase("a put replaces an object whole", overwrite),
        ObjectStorageCase("a put that fails leaves the old object", failedPut),
        ObjectStorageCase("a source that is not as long as it says is refused", lyingSource),
        ObjectStorageCase("what does not exist is not found", absent),
        ObjectStorageCase("a delete is done once and again", delete),
        ObjectStorageCase("many are deleted at once, and nothing else", deleteMany),
        ObjectStorageCase("keys are listed in byte order", order),
        ObjectStorageCase("prefix, after and delimiter choose what is listed", selection),
        ObjectStorageCase("a listing of many pages is complete", paging),
        ObjectStorageCase("a copy is a new object of equal bytes", copy),
        ObjectStorageCase("puts from several threads do not disturb each other", concurrentPuts),
        ObjectStorageCase("a sink that throws ends the transfer", cancel),
        ObjectStorageCase("create succeeds when there is something already", createAgain),
    ]

    private static func roundTrip(_ store: any ObjectStore) throws {
        for count in [0, 1, 36, 65_536, 1 << 20, 5 << 20 + 7] {
            let bytes = pattern(count, seed: count)
            let key = ObjectKey("chunks/0/0/\(count)_0_\(count)")
            try store.put(key, bytes)
            #expect(try store.bytes(of: key) == bytes)
            #expect(try store.head(key).key == key)
        }
        #expect(throws: StorageError.self) { try store.bytes(of: "chunks/0/0/65536_0_65536", limit: 65_535) }
    }

    private static func ranges(_ store: any ObjectStore) throws {
        let bytes = pattern(3 << 20, seed: 5)
        try store.put("o", bytes)
        let windows: [(UInt64, UInt64?)] = [
            (0, 1), (0, nil), (1, 10), (1_048_575, 2), (3_145_720, 100), (3_145_727, 1), (2_000_000, nil),
            (0, 0), (17, 0), (3_145_728, 5), (3_145_729, nil), (.max, .max), (5, .max), (.max, nil),
        ]
        for (offset, length) in windows {
            let start = Int(clamping: min(offset, UInt64(bytes.count)))
            let end = start + min(bytes.count - start, Int(clamping: length ?? .max))
            let got = try store.bytes(of: "o", range: ByteRange(offset: offset, length: length))
            #expect(got == Array(bytes[start..<end]), "from \(offset), \(length ?? .max) bytes")
        }
        #expect(code { try store.bytes(of: "absent", range: ByteRange(offset: 0, length: 0)) } == .notFound)
    }

    private static func overwrite(_ store: any ObjectStore) throws {
        try store.put("o", pattern(2 << 20, seed: 1))
        try store.put("o", pattern(10, seed: 2))
        #expect(try store.bytes(of: "o") == pattern(10, seed: 2))
        #expect(try keys(store) == ["o"])
    }

    private static func failedPut(_ store: any ObjectStore) throws {
        try store.put("d/o", [1, 2, 3])
        #expect(code { try store.put("d/o", from: FailingSource(), options: PutOptions()) } == .cancelled)
        #expect(code { try store.put("d/new", from: FailingSource(), options: PutOptions()) } == .cancelled)
        #expect(try store.bytes(of: "d/o") == [1, 2, 3])
        #expect(try keys(store) == ["d/o"])
    }

    private static func lyingSource(_ store: any ObjectStore) throws {
        for announced: UInt64 in [2, 4, 0, 3 << 20] {
            #expect(
                code { try store.put("o", from: LyingSource([1, 2, 3], announced), options: PutOptions()) }
                    == .corrupt
            )
        }
        #expect(try keys(store).isEmpty)
    }

    private static func absent(_ store: any ObjectStore) throws {
        try store.put("d/o", [1])
        for key: ObjectKey in ["x", "d/x", "d/o/x", "e/x"] {
            #expect(code { try store.head(key) } == .notFound)
            #expect(code { try store.bytes(of: key) } == .notFound)
        }
    }

    private static func delete(_ store: any ObjectStore) throws {
        try store.put("a/b", [1])
        try store.put("a/c", [2])
        try store.delete("a/b")
        try store.delete("a/b")
        try store.delete("never/was")
        try store.delete("a/c/was/never")
        #expect(code { try store.head("a/b") } == .notFound)
        #expect(try keys(store) == ["a/c"])
    }

    private static func deleteMany(_ store: any ObjectStore) throws {
        let gone = ["m/a", "m/two words", "m/<&>'\"", "m/ü", "m/b/c"].map { ObjectKey($0) }
        for key in gone + ["m/kept", "other"] { try store.put(key, [1]) }
        #expect(store.delete(gone + ["m/never", "m/a"]) == [:])
        #expect(try keys(store) == ["m/kept", "other"])
        #expect(store.delete([]) == [:])
    }

    private static func order(_ store: any ObjectStore) throws {
        #expect(try keys(store).isEmpty)
        var expected: [ObjectKey] = [
            "a", "a-b", "ab/c", "ab/d", "ab-", "ab-/x", "ab.", "ab0", "é", "e\u{301}",
        ]
        expected += [
            "long-name-a", "long-name-b/x", "long-name-b.x", "long-name-", "b/longer-name/y", "b/longer-nam0",
        ]
        expected += [".hidden", ".jfs.x", ".jfs.x.tmp.a1", "z.tmp.12"]
        for byte: UInt8 in 1...255 where byte != UInt8(ascii: "/") && byte != UInt8(ascii: ".") {
            expected.append(ObjectKey([UInt8(ascii: "k"), byte]))
            expected.append(ObjectKey([UInt8(ascii: "m"), byte, UInt8(ascii: "/"), byte]))
        }
        expected += ["\u{FF5E}", "\u{1F600}", "a b", "a+b", "a%2Bb", "a&<b>", "a?b#c", "*~"]
        expected = expected.filter { $0 != "ab-" }
        if store.limits.keysAreUTF8 {
            for key in expected where key.text == nil {
                #expect(code { try store.put(key, [1]) } == .invalidKey)
            }
            expected = expected.filter { $0.text != nil }
        }
        for key in expected { try store.put(key, Array(key.bytes)) }
        expected.sort()
        #expect(try keys(store) == expected)
        let listed = try objects(store, ListRequest())
        #expect(listed.allSatisfy { $0.kind == .object && $0.size > 0 })
    }

    private static func selection(_ store: any ObjectStore) throws {
        let all: [ObjectKey] = ["a/1", "a/2", "a/b/1", "a/b/2", "a-1", "ab/1", "b", "c/1/2/3"].sorted()
        for key in all { try store.put(key, [1]) }
        for prefix: ObjectKey in ["", "a", "a/", "a/b", "a/b/", "a/b/2", "c/1/2", "x", "b/", "a/1/"] {
            let having = all.filter { $0.hasPrefix(prefix) }
            #expect(try keys(store, ListRequest(prefix: prefix)) == having)
            for after: ObjectKey in [
                "a", "a-1", "a/", "a/1", "a/b", "a/b/", "a/b/1", "a/b/9", "ab", "b", "z",
            ] {
                let request = ListRequest(prefix: prefix, after: after)
                #expect(try keys(store, request) == having.filter { $0 > after }, "\(prefix) after \(after)")
            }
        }
        let rolled = ListRequest(delimiter: UInt8(ascii: "/"))
        #expect(try keys(store, rolled) == ["a-1", "a/", "ab/", "b", "c/"])
        let kinds: [ObjectKind] = [.object, .commonPrefix, .commonPrefix, .object, .commonPrefix]
        #expect(try objects(store, rolled).map(\.kind) == kinds)
        #expect(
            try keys(store, ListRequest(prefix: "a/", delimiter: UInt8(ascii: "/"))) == [
                "a/1", "a/2", "a/b/",
            ]
        )
        #expect(
            try keys(store, ListRequest(prefix: "a", delimiter: UInt8(ascii: "/"))) == ["a-1", "a/", "ab/"]
        )
        #expect(
            try keys(store, ListRequest(after: "a/", delimiter: UInt8(ascii: "/"))) == ["ab/", "b", "c/"]
        )
    }

    private static func paging(_ store: any ObjectStore) throws {
        var expected: [ObjectKey] = []
        for number in 0..<2503 {
            let key = ObjectKey("p/\(number / 100)/\(number)")
            expected.append(key)
            try store.put(key, [7])
        }
        expected.sort()
        let listing = try store.list(ListRequest())
        var found: [ObjectKey] = []
        var batches = 0
        while true {
            let batch = try listing.next()
            if batch.isEmpty { break }
            batches += 1
            found += batch.map(\.key)
        }
        #expect(found == expected)
        #expect(batches > 1)
        #expect(try listing.next().isEmpty)
        #expect(try keys(store, ListRequest(after: expected[1999])) == Array(expected[2000...]))
    }

    private static func copy(_ store: any ObjectStore) throws {
        try store.put("a/o", pattern(100_000, seed: 3))
        guard store.limits.canCopy else {
            #expect(code { try store.copy(from: "a/o", to: "b/o") } == .unsupported)
            return
        }
        try store.copy(from: "a/o", to: "b/o")
        try store.delete("a/o")
        #expect(try store.bytes(of: "b/o") == pattern(100_000, seed: 3))
        #expect(code { try store.copy(from: "a/o", to: "c/o") } == .notFound)
    }

    private static func concurrentPuts(_ store: any ObjectStore) throws {
        let failures = Mutex<[String]>([])
        try runThreads(4) { thread in
            do {
                for round in 0..<20 {
                    try store.put("same/key", pattern(50_000, seed: thread))
                    try store.put(ObjectKey("own/\(thread)/\(round)"), pattern(100, seed: thread))
                    let bytes = try store.bytes(of: "same/key")
                    if !(0..<4).contains(where: { bytes == pattern(50_000, seed: $0) }) {
                        failures.withLock { $0.append("a mixture of two puts") }
                    }
                }
            } catch {
                failures.withLock { $0.append("\(error)") }
            }
        }
        #expect(failures.withLock { $0 } == [])
        #expect(try keys(store).count == 81)
    }

    private static func cancel(_ store: any ObjectStore) throws {
        try store.put("o", pattern(3 << 20, seed: 1))
        var calls = 0
        let ended = code {
            try unsafe store.read("o", range: .whole) { (_: UnsafeRawBufferPointer) throws -> Void in
                calls += 1
                throw CancelledTransfer()
            }
        }
        #expect(ended == .cancelled)
        #expect(calls == 1)
        let own = StorageError(.noSpace, "write", address: "elsewhere", isTransient: true)
        #expect(throws: StorageError.self) {
            try unsafe store.read("o", range: .whole) { (_: UnsafeRawBufferPointer) throws -> Void in
                calls += 1
                throw own
            }
        }
        #expect(calls == 2)
    }

    private static func createAgain(_ store: any ObjectStore) throws {
        try store.put("o", [1])
        try store.create()
        #expect(try store.bytes(of: "o") == [1])
    }
}

/// Reproducible bytes.
package func pattern(_ count: Int, seed: Int) -> [UInt8] {
    // A tile of prime length, so that no power of two hides a shift.
    let tile = (0..<4099).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8 &+ seed &* 17) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    while bytes.count < count { bytes += tile.prefix(count - bytes.count) }
    return bytes
}

/// All objects that a request lists.
package func objects(_ store: any ObjectStore, _ request: ListRequest) throws -> [ObjectInfo] {
    let listing = try store.list(request)
    var found: [ObjectInfo] = []
    while true {
        let batch = try listing.next()
        if batch.isEmpty { return found }
        found += batch
    }
}

/// All keys that a request lists.
package func keys(_ store: any ObjectStore, _ request: ListRequest = ListRequest()) throws -> [ObjectKey] {
    try objects(store, request).map(\.key)
}

/// The code of the storage error that the call throws, nil when it succeeds.
package func code(_ body: () throws -> some Any) -> StorageError.Code? {
    do {
        _ = try body()
        return nil
    } catch {
        return (error as? StorageError)?.code
    }
}

private final class FailingSource: ByteSource {
    private struct Unreadable: Error {}
    private var given = 0
    let length: UInt64 = 3 << 20

    func rewind() {
        given = 0
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard given < 1000 else { throw Unreadable() }
        let count = min(500, buffer.count)
        unsafe buffer.prefix(count).copyBytes(from: [UInt8](repeating: 1, count: count))
        given += count
        return count
    }
}

private final class LyingSource: ByteSource {
    private let base: ArraySource
    let length: UInt64

    init(_ bytes: [UInt8], _ length: UInt64) {
        base = ArraySource(bytes)
        self.length = length
    }

    func rewind() {
        base.rewind()
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        unsafe base.read(into: buffer)
    }
}

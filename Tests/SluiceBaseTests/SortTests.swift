// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import SluiceBase

private struct SliceRecord: BitwiseCopyable, Comparable, Hashable, Sendable {
    var slice: UInt64
    var inode: UInt64
    var size: UInt32
    var flag: UInt32

    static func < (left: SliceRecord, right: SliceRecord) -> Bool {
        (left.slice, left.inode, left.size, left.flag) < (right.slice, right.inode, right.size, right.flag)
    }

    static func random(below limit: UInt64, using random: inout SeededRandom) -> SliceRecord {
        SliceRecord(
            slice: UInt64.random(in: 0..<limit, using: &random),
            inode: UInt64.random(in: 0..<4, using: &random),
            size: UInt32.random(in: 0...UInt32.max, using: &random),
            flag: 0
        )
    }
}

private func sorted<Record>(
    _ records: [Record],
    memoryLimitBytes: Int,
    directory: ByteString? = nil,
) throws -> [Record] where Record: BitwiseCopyable & Comparable & Sendable {
    let sorter = ExternalSorter<Record>(memoryLimitBytes: memoryLimitBytes, directory: directory)
    for record in records { try sorter.add(record) }
    let sequence = try sorter.finish()
    var result: [Record] = []
    while let record = try sequence.next() { result.append(record) }
    #expect(try sequence.next() == nil)
    #expect(sequence.count == records.count)
    return result
}

@Suite("External sort")
struct SortTests {
    @Test("Any records come out sorted, in memory, from a few runs and through several passes")
    func anyRecords() throws {
        var random = SeededRandom.announced("external sort")
        for round in 0..<60 {
            let count = Int.random(in: 0...5000, using: &random)
            let limit = UInt64([1, 10, 1000, UInt64.max].randomElement(using: &random) ?? 1)
            let records = (0..<count).map { _ in SliceRecord.random(below: limit, using: &random) }
            let memory = [1, 1000, 20_000, 1 << 20][round % 4]
            #expect(try sorted(records, memoryLimitBytes: memory) == records.sorted())
        }
    }

    @Test(
        "Inputs that defeat simple pivots are sorted as well",
        arguments: [
            Array(0..<3000), Array((0..<3000).reversed()), Array(repeating: 7, count: 3000),
            (0..<3000).map { $0 % 2 }, (0..<3000).map { $0 < 1500 ? $0 : 3000 - $0 }, [], [1], [2, 1],
        ] as [[Int]]
    )
    func shapes(numbers: [Int]) throws {
        #expect(try sorted(numbers, memoryLimitBytes: 1 << 20) == numbers.sorted())
        #expect(try sorted(numbers, memoryLimitBytes: 5000) == numbers.sorted())
    }

    @Test("Heapsort, the fallback of quicksort, sorts")
    func fallback() {
        var random = SeededRandom.announced("heapsort")
        for count in 0..<200 {
            var numbers = (0..<count).map { _ in Int.random(in: 0..<100, using: &random) }
            let expected = numbers.sorted()
            unsafe numbers.withUnsafeMutableBufferPointer { buffer in
                if let base = buffer.baseAddress { unsafe quicksort(base, from: 0, to: count - 1, depth: 0) }
            }
            #expect(numbers == expected)
        }
    }

    @Test("A comparison that contradicts itself gives some order, not a crash")
    func inconsistentOrder() throws {
        struct Unsteady: BitwiseCopyable, Comparable, Sendable {
            var value: UInt32
            static func < (left: Unsteady, right: Unsteady) -> Bool { (left.value ^ right.value) % 3 != 0 }
        }
        let records = (0..<5000).map { Unsteady(value: UInt32($0)) }
        #expect(try sorted(records, memoryLimitBytes: 1 << 20).count == 5000)
    }

    @Test("Runs leave nothing behind in their directory")
    func cleanDirectory() throws {
        try withTemporaryDirectory { directory in
            let numbers = Array((0..<20_000).reversed())
            let result = try sorted(numbers, memoryLimitBytes: 16_000, directory: directory)
            #expect(result == numbers.sorted())
            let left = try Posix.listDirectory(directory)
            #expect(left == [])
        }
    }

    @Test("A directory that cannot take runs is an error, and none at all while memory suffices")
    func unusableDirectory() throws {
        let numbers = Array(0..<1000)
        #expect(throws: SystemError.self) {
            try sorted(numbers, memoryLimitBytes: 100, directory: "/nowhere/at/all")
        }
        #expect(try sorted(numbers, memoryLimitBytes: 8000, directory: "/nowhere/at/all") == numbers)
    }

    @Test("Groups are taken by key, the next group stays")
    func groups() throws {
        var numbers = [1, 1, 2, 3, 3, 3, 9][...]
        let cursor = GroupedCursor { numbers.popFirst() }
        #expect(try cursor.peek() == 1)
        #expect(try cursor.takeWhile(1, by: { $0 }) == [1, 1])
        #expect(try cursor.takeWhile(1, by: { $0 }) == [])
        #expect(try cursor.next() == 2)
        try cursor.skipWhile { $0 == 3 }
        #expect(try cursor.peek() == 9)
        #expect(try cursor.next() == 9)
        #expect(try cursor.peek() == nil)
        #expect(try cursor.next() == nil)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Sorting records of any length by the bytes of their keys, in bounded memory: names, texts and lists that
// have no fixed width. Runs are sorted by pointers; the first 16 bytes of a key decide nearly always.

import Glibc

/// A record of a key and a value; the bytes are valid until the next one is asked for.
@safe
package struct ByteRecord {
    package let key: UnsafeRawBufferPointer
    package let value: UnsafeRawBufferPointer

    /// Reads a record from where it lies: two lengths, key, value.
    init(at start: UnsafeRawPointer) {
        let keyLength = unsafe Int(start.loadUnaligned(as: UInt32.self))
        let valueLength = unsafe Int((start + 4).loadUnaligned(as: UInt32.self))
        unsafe key = UnsafeRawBufferPointer(start: start + 8, count: keyLength)
        unsafe value = UnsafeRawBufferPointer(start: start + 8 + keyLength, count: valueLength)
    }

    /// Bytes that the record takes.
    var width: Int { unsafe 8 + key.count + value.count }
}

/// Sorts any number of records by the bytes of their keys; for one thread at a time.
///
/// Records with equal keys come in any order.
@safe
package final class ByteSorter {
    private static let fanIn = 64
    private let limitBytes: Int
    private let directory: ByteString
    /// Owned; from realloc.
    private var buffer: UnsafeMutableRawPointer?
    private var capacity = 0
    private var filled = 0
    private var records = 0
    private var runs: ByteRunFile?
    private var isFinished = false
    /// The records added so far.
    package private(set) var count: UInt64 = 0

    /// - Parameters:
    ///   - memoryLimitBytes: for records and buffers together; a single record may be larger.
    ///   - directory: where runs are written when they must be; by default `$TMPDIR`, else `/tmp`.
    package init(memoryLimitBytes: Int, directory: ByteString? = nil) {
        // An index of 24 bytes a record comes on top while a run is sorted.
        limitBytes = max(memoryLimitBytes / 4 * 3, 4096)
        self.directory = directory ?? Posix.temporaryDirectory
        unsafe buffer = nil
    }

    deinit {
        unsafe free(buffer)
    }

    /// Adds a record, copying its bytes.
    /// - Throws: `SystemError` when runs cannot be written, EFBIG for a record of 4 GiB.
    package func add(key: [UInt8], value: [UInt8]) throws(SystemError) {
        precondition(!isFinished, "a finished sorter takes no further records")
        guard key.count + value.count < Int(Int32.max) else { throw SystemError(EFBIG, "sort") }
        let width = 8 + key.count + value.count
        if filled + width > limitBytes, filled > 0 { try writeRun() }
        try reserve(filled + width)
        guard let buffer = unsafe buffer else { throw SystemError(ENOMEM, "realloc") }
        let start = unsafe buffer + filled
        unsafe start.storeBytes(of: UInt32(key.count), as: UInt32.self)
        unsafe (start + 4).storeBytes(of: UInt32(value.count), as: UInt32.self)
        unsafe key.withUnsafeBytes { unsafe Self.copy($0, to: start + 8) }
        unsafe value.withUnsafeBytes { unsafe Self.copy($0, to: start + 8 + key.count) }
        filled += width
        records += 1
        count += 1
    }

    /// Ends the input; nothing can be added any more.
    package func finish() throws(SystemError) -> SortedBytes {
        precondition(!isFinished, "a sorter is finished once")
        isFinished = true
        guard let runs else {
            let sorted = unsafe sortedSlots()
            defer { unsafe buffer = nil }
            return unsafe SortedBytes(owning: buffer, sorted)
        }
        if filled > 0 { try writeRun() }
        unsafe free(buffer)
        unsafe buffer = nil
        return SortedBytes(try mergedDown(runs))
    }

    private static func copy(_ bytes: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer) {
        guard let base = bytes.baseAddress else { return }
        unsafe target.copyMemory(from: base, byteCount: bytes.count)
    }

    private func reserve(_ wanted: Int) throws(SystemError) {
        guard wanted > capacity else { return }
        let larger = max(min(limitBytes, max(capacity * 2, 64 << 10)), wanted)
        guard let moved = unsafe realloc(buffer, larger) else { throw SystemError(ENOMEM, "realloc") }
        unsafe buffer = unsafe moved
        capacity = larger
    }

    private func sortedSlots() -> [RecordSlot] {
        var slots: [RecordSlot] = unsafe []
        guard let buffer = unsafe buffer else { return unsafe [] }
        unsafe slots.reserveCapacity(records)
        var offset = 0
        while offset < filled {
            let slot = unsafe RecordSlot(buffer + offset)
            unsafe slots.append(slot)
            offset += unsafe ByteRecord(at: slot.start).width
        }
        unsafe slots.withUnsafeMutableBufferPointer { unsafe sortRecords($0) }
        return unsafe slots
    }

    private func writeRun() throws(SystemError) {
        let file = if let runs { runs } else { try ByteRunFile(in: directory) }
        runs = file
        let slots = unsafe sortedSlots()
        for index in unsafe slots.indices { unsafe try file.append(ByteRecord(at: slots[index].start)) }
        try file.finishRun()
        filled = 0
        records = 0
    }

    /// Merges groups of runs into longer ones until one merge can take them all.
    private func mergedDown(_ first: ByteRunFile) throws(SystemError) -> ByteMerge {
        var file = first
        while file.runs.count > Self.fanIn {
            let longer = try ByteRunFile(in: directory)
            for start in stride(from: 0, to: file.runs.count, by: Self.fanIn) {
                let group = file.runs[start..<min(start + Self.fanIn, file.runs.count)]
                let merge = try ByteMerge(group, of: file, bufferBytes: limitBytes / (Self.fanIn + 1))
                while let record = try merge.next() { try longer.append(record) }
                try longer.finishRun()
            }
            file = longer
        }
        let buffers = max(file.runs.count, 1)
        return try ByteMerge(file.runs[...], of: file, bufferBytes: min(limitBytes / buffers, 256 << 10))
    }
}

/// A record's place with the first 16 bytes of its key.
@unsafe
struct RecordSlot: BitwiseCopyable, Comparable {
    let first: UInt64
    let second: UInt64
    let start: UnsafeRawPointer

    init(_ start: UnsafeRawPointer) {
        unsafe self.start = unsafe start
        let key = unsafe ByteRecord(at: start).key
        unsafe first = Self.word(key, at: 0)
        unsafe second = Self.word(key, at: 8)
    }

    private static func word(_ key: UnsafeRawBufferPointer, at offset: Int) -> UInt64 {
        if key.count >= offset + 8 {
            return unsafe UInt64(bigEndian: key.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        var word: UInt64 = 0
        for index in offset..<offset + 8 {
            word = unsafe word << 8 | (index < key.count ? UInt64(key[index]) : 0)
        }
        return word
    }

    static func < (left: RecordSlot, right: RecordSlot) -> Bool {
        if unsafe left.first != right.first { return unsafe left.first < right.first }
        if unsafe left.second != right.second { return unsafe left.second < right.second }
        let (one, other) = unsafe (ByteRecord(at: left.start).key, ByteRecord(at: right.start).key)
        let common = min(one.count, other.count)
        guard common > 0, let first = one.baseAddress, let second = other.baseAddress else {
            return one.count < other.count
        }
        let order = unsafe memcmp(first, second, common)
        return order == 0 ? one.count < other.count : order < 0
    }

    static func == (left: RecordSlot, right: RecordSlot) -> Bool {
        unsafe !(left < right) && !(right < left)
    }
}

/// The records of a finished sorter in order of their keys, once.
@safe
package final class SortedBytes {
    /// Owned; nil when the records come from runs.
    private let buffer: UnsafeMutableRawPointer?
    private let slots: [RecordSlot]
    private var position = 0
    private let merge: ByteMerge?

    init(owning buffer: UnsafeMutableRawPointer?, _ slots: [RecordSlot]) {
        unsafe self.buffer = unsafe buffer
        unsafe self.slots = unsafe slots
        merge = nil
    }

    init(_ merge: ByteMerge) {
        unsafe buffer = nil
        unsafe slots = unsafe []
        self.merge = merge
    }

    deinit {
        unsafe free(buffer)
    }

    /// The next record, nil at the end.
    /// - Throws: `SystemError` when a run cannot be read.
    package func next() throws(SystemError) -> ByteRecord? {
        if let merge { return try merge.next() }
        guard unsafe position < slots.count else { return nil }
        defer { position += 1 }
        return unsafe ByteRecord(at: slots[position].start)
    }
}

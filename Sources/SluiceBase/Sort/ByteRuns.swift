// SPDX-License-Identifier: Apache-2.0
// Sorted runs of records of any length on disk, and their merge.

import Glibc

/// An unnamed file of runs of records.
final class ByteRunFile {
    private static let bufferBytes = 256 << 10
    let file: SpillFile
    private var waiting: [UInt8] = []
    private var runStart: Int64 = 0

    init(in directory: ByteString) throws(SystemError) {
        file = try SpillFile(in: directory)
        waiting.reserveCapacity(Self.bufferBytes)
    }

    var runs: [SpillFile.Run] { file.runs }

    /// Appends a record to the current run.
    /// - Returns: its offset.
    @discardableResult
    func append(_ record: ByteRecord) throws(SystemError) -> Int64 {
        if waiting.count + record.width > Self.bufferBytes { try flush() }
        let offset = file.position + Int64(waiting.count)
        unsafe withUnsafeBytes(of: UInt32(record.key.count)) { unsafe waiting.append(contentsOf: $0) }
        unsafe withUnsafeBytes(of: UInt32(record.value.count)) { unsafe waiting.append(contentsOf: $0) }
        unsafe waiting.append(contentsOf: record.key)
        unsafe waiting.append(contentsOf: record.value)
        return offset
    }

    func flush() throws(SystemError) {
        guard !waiting.isEmpty else { return }
        unsafe try withBytes(of: waiting) { run throws(SystemError) in unsafe try file.append(run) }
        waiting.removeAll(keepingCapacity: true)
    }

    /// Makes a run of everything since the last one.
    func finishRun() throws(SystemError) {
        try flush()
        file.finishRun(from: runStart)
        runStart = file.position
    }
}

/// Reads records one behind the other through a buffer of its own.
@safe
final class ByteRunReader {
    private let file: SpillFile
    /// Where the bytes behind the buffer's are in the file.
    private var offset: Int64
    private let end: Int64
    /// Owned; freed in deinit.
    private var buffer: UnsafeMutableRawBufferPointer
    private var position = 0
    private var filled = 0
    private let smallestRead: Int
    private var nextRead: Int
    /// The current record's place, valid until `advance`.
    private(set) var slot: RecordSlot?

    /// - Parameter smallestRead: bytes of the first read after a jump; later ones double up to the buffer.
    init(_ run: SpillFile.Run, of file: SpillFile, bufferBytes: Int, smallestRead: Int = .max) {
        self.file = file
        offset = run.offset
        end = run.end
        unsafe buffer = .allocate(byteCount: max(bufferBytes, 4096), alignment: 16)
        self.smallestRead = min(smallestRead, max(bufferBytes, 4096))
        nextRead = self.smallestRead
        unsafe slot = nil
    }

    deinit {
        unsafe buffer.deallocate()
    }

    /// Where the next record starts in the file.
    var place: Int64 { offset - Int64(filled - position) }

    /// Goes on at another record.
    func jump(to target: Int64) {
        let start = offset - Int64(filled)
        if target >= start, target <= offset {
            position = Int(target - start)
            return
        }
        (offset, position, filled) = (target, 0, 0)
        nextRead = smallestRead
    }

    /// Goes to the next record; the first call goes to the first one.
    /// - Returns: false at the end of the run.
    func advance() throws(SystemError) -> Bool {
        guard try fill(8) else {
            unsafe slot = nil
            return false
        }
        let start = unsafe UnsafeRawPointer(buffer.baseAddress.unsafelyUnwrapped + position)
        let width = unsafe ByteRecord(at: start).width
        guard try fill(width) else { throw SystemError(EIO, "read a sorted run") }
        let record = unsafe UnsafeRawPointer(buffer.baseAddress.unsafelyUnwrapped + position)
        unsafe slot = unsafe RecordSlot(record)
        position += width
        return true
    }

    /// Brings that many bytes into the buffer.
    /// - Returns: false when the run has no more.
    private func fill(_ wanted: Int) throws(SystemError) -> Bool {
        guard filled - position < wanted else { return true }
        guard Int64(filled - position) + (end - offset) >= Int64(wanted) else { return false }
        if unsafe wanted > buffer.count {
            let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: wanted, alignment: 16)
            unsafe larger.copyMemory(from: UnsafeRawBufferPointer(buffer))
            unsafe buffer.deallocate()
            unsafe buffer = unsafe larger
        }
        if position > 0 {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[position..<filled])
            if let source = rest.baseAddress, let target = unsafe buffer.baseAddress {
                unsafe memmove(target, source, rest.count)
            }
            (position, filled) = (0, filled - position)
        }
        let room = min(max(nextRead, wanted - filled), unsafe buffer.count - filled)
        let count = Int(min(Int64(room), end - offset))
        unsafe try file.read(
            into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<filled + count]),
            at: offset
        )
        filled += count
        offset += Int64(count)
        nextRead = min(nextRead * 2, unsafe buffer.count)
        return true
    }
}

/// The records of several runs in order.
@safe
final class ByteMerge {
    /// A heap: no reader's record comes before its parent's.
    private var readers: [ByteRunReader] = []
    private var isFirstTaken = false

    /// - Parameter bufferBytes: per run.
    init(
        _ runs: some Sequence<SpillFile.Run>,
        of file: ByteRunFile,
        bufferBytes: Int
    ) throws(SystemError) {
        for run in runs {
            let reader = ByteRunReader(run, of: file.file, bufferBytes: bufferBytes)
            if try reader.advance() { readers.append(reader) }
        }
        for start in stride(from: readers.count / 2 - 1, through: 0, by: -1) { siftDown(from: start) }
    }

    /// The next record, valid until the next call, nil at the end.
    func next() throws(SystemError) -> ByteRecord? {
        if isFirstTaken, let first = readers.first {
            if try !first.advance() {
                readers.swapAt(0, readers.count - 1)
                readers.removeLast()
            }
            siftDown(from: 0)
        }
        isFirstTaken = true
        guard let slot = unsafe readers.first?.slot else { return nil }
        return unsafe ByteRecord(at: slot.start)
    }

    private func precedes(_ left: ByteRunReader, _ right: ByteRunReader) -> Bool {
        guard let one = unsafe left.slot, let other = unsafe right.slot else { return false }
        return unsafe one < other
    }

    private func siftDown(from start: Int) {
        guard start < readers.count else { return }
        let reader = readers[start]
        var hole = start
        while 2 * hole + 1 < readers.count {
            var child = 2 * hole + 1
            if child + 1 < readers.count, precedes(readers[child + 1], readers[child]) { child += 1 }
            guard precedes(readers[child], reader) else { break }
            readers[hole] = readers[child]
            hole = child
        }
        readers[hole] = reader
    }
}

/// Records on disk that are read from any place; for one thread.
package final class ByteRecordFile {
    private let file: ByteRunFile
    private var reader: ByteRunReader?

    /// - Parameter directory: where the unnamed file lies; by default `$TMPDIR`, else `/tmp`.
    package init(in directory: ByteString? = nil) throws(SystemError) {
        file = try ByteRunFile(in: directory ?? Posix.temporaryDirectory)
    }

    /// Appends a record.
    /// - Returns: its place.
    package func append(_ record: ByteRecord) throws(SystemError) -> Int64 {
        try file.append(record)
    }

    /// Ends writing; from now on records are read.
    package func finish() throws(SystemError) {
        try file.finishRun()
        guard let run = file.runs.first else { return }
        reader = ByteRunReader(run, of: file.file, bufferBytes: 256 << 10, smallestRead: 8 << 10)
    }

    /// The record at a place and the place of the one behind it; nil at the end.
    package func record(at place: Int64) throws(SystemError) -> (record: ByteRecord, next: Int64)? {
        guard let reader else { return nil }
        reader.jump(to: place)
        guard try reader.advance(), let slot = unsafe reader.slot else { return nil }
        return (unsafe ByteRecord(at: slot.start), reader.place)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Merges sorted runs: a heap of readers ordered by their current record. Records are raw bytes here; the
// comparison is a closure that the generic front made for its record type.

/// Compares two records: whether the first comes before the second.
typealias RecordOrder = (UnsafeRawPointer, UnsafeRawPointer) -> Bool

/// Reads one run through a buffer of its own.
@safe
private final class RunReader {
    private let file: SpillFile
    private var offset: Int64
    private let end: Int64
    private let width: Int
    /// Owned; freed in deinit.
    private let buffer: UnsafeMutableRawBufferPointer
    private var position = 0
    private var filled = 0

    init(_ run: SpillFile.Run, of file: SpillFile, width: Int, bufferBytes: Int) {
        self.file = file
        self.width = width
        offset = run.offset
        end = run.end
        unsafe buffer = .allocate(byteCount: bufferBytes, alignment: 16)
    }

    deinit {
        unsafe buffer.deallocate()
    }

    /// The current record, valid until `advance`.
    var current: UnsafeRawPointer {
        guard position < filled, let base = unsafe buffer.baseAddress else {
            preconditionFailure("a reader in the heap has a record")
        }
        return unsafe UnsafeRawPointer(base + position)
    }

    /// Goes to the next record; the first call goes to the first one.
    /// - Returns: false at the end of the run.
    func advance() throws(SystemError) -> Bool {
        if position + width < filled {
            position += width
            return true
        }
        let count = unsafe Int(min(Int64(buffer.count), end - offset))
        (position, filled) = (0, count)
        guard count > 0 else { return false }
        unsafe try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), at: offset)
        offset += Int64(count)
        return true
    }
}

/// The records of several runs in order.
@safe
final class RunMerge {
    private let order: RecordOrder
    /// A heap: no reader's record comes before its parent's.
    private var readers: [RunReader] = []
    private var isFirstTaken = false

    /// - Parameter bufferBytes: per run; a multiple of the record's width.
    init(
        _ runs: some Sequence<SpillFile.Run>,
        of file: SpillFile,
        width: Int,
        bufferBytes: Int,
        order: @escaping RecordOrder,
    ) throws(SystemError) {
        unsafe self.order = unsafe order
        for run in runs {
            let reader = RunReader(run, of: file, width: width, bufferBytes: bufferBytes)
            if try reader.advance() { readers.append(reader) }
        }
        for start in stride(from: readers.count / 2 - 1, through: 0, by: -1) { siftDown(from: start) }
    }

    /// The next record, valid until the next call, nil at the end.
    func next() throws(SystemError) -> UnsafeRawPointer? {
        if isFirstTaken, let first = readers.first {
            if try !first.advance() {
                readers.swapAt(0, readers.count - 1)
                readers.removeLast()
            }
            siftDown(from: 0)
        }
        isFirstTaken = true
        return unsafe readers.first?.current
    }

    private func siftDown(from start: Int) {
        guard start < readers.count else { return }
        let reader = readers[start]
        let record = unsafe reader.current
        var hole = start
        while 2 * hole + 1 < readers.count {
            var child = 2 * hole + 1
            if child + 1 < readers.count, unsafe order(readers[child + 1].current, readers[child].current) {
                child += 1
            }
            guard unsafe order(readers[child].current, record) else { break }
            readers[hole] = readers[child]
            hole = child
        }
        readers[hole] = reader
    }
}

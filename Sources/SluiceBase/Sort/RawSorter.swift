// SPDX-License-Identifier: Apache-2.0
// The part of the external sort that does not depend on the record's type: the buffer, the runs on disk, the
// passes. Memory: while collecting one buffer of at most the limit; afterwards that buffer is gone and the
// merge's buffers together stay below the limit.

import Glibc

/// Collects records of one width and gives them back in order.
///
/// `sort` and `order` are made by the generic front for its record type.
@safe
@usableFromInline
final class RawSorter {
    private static var maximumFanIn: Int { 64 }
    private static var largestRunBuffer: Int { 1 << 20 }

    private let width: Int
    private let limitBytes: Int
    private let directory: ByteString
    private let sort: (UnsafeMutableRawBufferPointer) -> Void
    private let order: (UnsafeRawPointer, UnsafeRawPointer) -> Bool
    /// Owned; from realloc, which moves large buffers without copying them.
    private var buffer: UnsafeMutableRawPointer?
    private var capacity = 0
    private var filled = 0
    private var spill: SpillFile?
    private var source = Source.collecting
    @usableFromInline private(set) var count = 0

    private enum Source {
        case collecting
        case memory(next: Int)
        case runs(RunMerge)
    }

    @usableFromInline
    init(
        width: Int,
        memoryLimitBytes: Int,
        directory: ByteString?,
        sort: @escaping (UnsafeMutableRawBufferPointer) -> Void,
        order: @escaping (UnsafeRawPointer, UnsafeRawPointer) -> Bool,
    ) {
        self.width = width
        limitBytes = max(memoryLimitBytes / width, 3) * width
        self.directory = directory ?? Posix.temporaryDirectory
        unsafe self.sort = unsafe sort
        unsafe self.order = unsafe order
        unsafe buffer = nil
    }

    deinit {
        unsafe free(buffer)
    }

    /// Room for one more record, which the caller fills before the next call.
    @usableFromInline
    func nextSlot() throws(SystemError) -> UnsafeMutableRawPointer {
        guard case .collecting = source else {
            preconditionFailure("a finished sorter takes no further records")
        }
        if filled == limitBytes { try writeRun() }
        if filled == capacity { try grow() }
        guard let buffer = unsafe buffer else { throw SystemError(ENOMEM, "realloc") }
        defer {
            filled += width
            count += 1
        }
        return unsafe buffer + filled
    }

    /// Ends the input.
    ///
    /// Afterwards `next` gives the records.
    @usableFromInline
    func finish() throws(SystemError) {
        guard case .collecting = source else { return }
        guard spill != nil else {
            unsafe sort(UnsafeMutableRawBufferPointer(start: buffer, count: filled))
            source = .memory(next: 0)
            return
        }
        if filled > 0 { try writeRun() }
        unsafe free(buffer)
        unsafe buffer = nil
        source = .runs(try mergedDown())
    }

    /// The next record in order, valid until the next call, nil at the end.
    @usableFromInline
    func next() throws(SystemError) -> UnsafeRawPointer? {
        switch source {
        case .collecting:
            preconditionFailure("records come out after finish")
        case .memory(let offset):
            guard offset < filled, let buffer = unsafe buffer else { return nil }
            source = .memory(next: offset + width)
            return unsafe UnsafeRawPointer(buffer + offset)
        case .runs(let merge):
            return unsafe try merge.next()
        }
    }

    private func grow() throws(SystemError) {
        let wanted = min(limitBytes, max(capacity * 2, (64 << 10) / width * width, width))
        guard let larger = unsafe realloc(buffer, wanted) else { throw SystemError(ENOMEM, "realloc") }
        unsafe buffer = unsafe larger
        capacity = wanted
    }

    private func writeRun() throws(SystemError) {
        let records = unsafe UnsafeMutableRawBufferPointer(start: buffer, count: filled)
        unsafe sort(records)
        let file = if let spill { spill } else { try SpillFile(in: directory) }
        spill = file
        unsafe try file.appendRun(UnsafeRawBufferPointer(records))
        filled = 0
    }

    /// Merges groups of runs into longer ones until one merge can take them all.
    private func mergedDown() throws(SystemError) -> RunMerge {
        guard var file = spill else { preconditionFailure("only a sorter that wrote runs merges them") }
        // Small limits lower the fan-in, so that each run's buffer is worth a read; one buffer is for
        // writing.
        let fanIn = max(2, min(Self.maximumFanIn, limitBytes / max(width, 4096) - 1))
        while file.runs.count > fanIn {
            let longer = try SpillFile(in: directory)
            for start in stride(from: 0, to: file.runs.count, by: fanIn) {
                let group = file.runs[start..<min(start + fanIn, file.runs.count)]
                try append(try merge(group, of: file, bufferCount: group.count + 1), to: longer)
            }
            file = longer
            spill = longer
        }
        return try merge(file.runs[...], of: file, bufferCount: file.runs.count)
    }

    private func bufferBytes(bufferCount: Int) -> Int {
        max(min(limitBytes / bufferCount, Self.largestRunBuffer) / width, 1) * width
    }

    private func merge(
        _ runs: ArraySlice<SpillFile.Run>,
        of file: SpillFile,
        bufferCount: Int,
    ) throws(SystemError) -> RunMerge {
        let bytes = bufferBytes(bufferCount: bufferCount)
        return unsafe try RunMerge(runs, of: file, width: width, bufferBytes: bytes, order: order)
    }

    private func append(_ merge: RunMerge, to file: SpillFile) throws(SystemError) {
        let start = file.position
        let bytes = bufferBytes(bufferCount: Self.maximumFanIn + 1)
        let output = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes, alignment: 16)
        defer { unsafe output.deallocate() }
        var used = 0
        while let record = unsafe try merge.next() {
            unsafe UnsafeMutableRawBufferPointer(rebasing: output[used...])
                .copyMemory(from: UnsafeRawBufferPointer(start: record, count: width))
            used += width
            if used == bytes {
                unsafe try file.append(UnsafeRawBufferPointer(output))
                used = 0
            }
        }
        unsafe try file.append(UnsafeRawBufferPointer(rebasing: output[..<used]))
        file.finishRun(from: start)
    }
}

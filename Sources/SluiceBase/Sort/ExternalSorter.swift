// SPDX-License-Identifier: Apache-2.0
// Sorting more records than fit in memory: cross-checks of a volume are merges of sorted streams, and not
// every source can sort. The generic front is inlinable and thin; the work on bytes is RawSorter's.

/// Sorts any number of fixed-width records in bounded memory; for one thread at a time.
///
/// Records are stored as their bytes in memory, so they hold no references. When they fit in the limit
/// nothing is written; otherwise sorted runs go to unnamed files, which vanish with the sorter or the
/// process.
package final class ExternalSorter<Record: BitwiseCopyable & Comparable & Sendable> {
    @usableFromInline let raw: RawSorter

    /// - Parameter memoryLimitBytes: for records and buffers together; at least three records are held.
    /// - Parameter directory: where runs are written when they must be; by default `$TMPDIR`, else `/tmp`.
    @inlinable
    package init(memoryLimitBytes: Int, directory: ByteString? = nil) {
        raw = unsafe RawSorter(
            width: MemoryLayout<Record>.stride,
            memoryLimitBytes: memoryLimitBytes,
            directory: directory,
            sort: { unsafe sortRecords($0.bindMemory(to: Record.self)) },
            order: { unsafe $0.load(as: Record.self) < $1.load(as: Record.self) }
        )
    }

    /// The records added so far.
    @inlinable package var count: Int { raw.count }

    /// Adds a record.
    /// - Throws: `SystemError` when runs cannot be written, above all for lack of space.
    @inlinable
    package func add(_ record: Record) throws(SystemError) {
        unsafe try raw.nextSlot().storeBytes(of: record, as: Record.self)
    }

    /// Ends the input; nothing can be added any more.
    /// - Throws: `SystemError` when runs cannot be written or read.
    package func finish() throws(SystemError) -> SortedSequence<Record> {
        try raw.finish()
        return SortedSequence(raw)
    }
}

/// The records of a finished sorter in ascending order, once; equal ones in any order.
package final class SortedSequence<Record: BitwiseCopyable & Comparable & Sendable> {
    @usableFromInline let raw: RawSorter

    init(_ raw: RawSorter) {
        self.raw = raw
    }

    /// The number of all records, taken or not.
    @inlinable package var count: Int { raw.count }

    /// The next record, nil at the end.
    /// - Throws: `SystemError` when a run cannot be read.
    @inlinable
    package func next() throws(SystemError) -> Record? {
        guard let record = unsafe try raw.next() else { return nil }
        return unsafe record.load(as: Record.self)
    }
}

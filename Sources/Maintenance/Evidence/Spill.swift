// SPDX-License-Identifier: Apache-2.0
// Where evidence is sorted: runs of fixed-size records that spill to disk. The only file that names the
// external sorter, so that the streams above it do not depend on its shape.

package import SluiceBase

/// Limits of the sorters of one check.
package struct SpillSpace: Sendable {
    /// Bytes that one sorter may hold before it writes a run; a check has at most four sorters full at a
    /// time.
    package var memoryLimitBytes: Int
    /// Directory for the runs, which have no names and vanish with the process; nil for `$TMPDIR` or `/tmp`.
    package var directory: ByteString?

    package init(memoryLimitBytes: Int = 6 << 20, directory: ByteString? = nil) {
        self.memoryLimitBytes = memoryLimitBytes
        self.directory = directory
    }

    /// A sorter for records of one type.
    func sorter<Record: SpillRecord>(of type: Record.Type = Record.self) -> Spill<Record> {
        Spill(ExternalSorter(memoryLimitBytes: memoryLimitBytes, directory: directory))
    }
}

/// What can be sorted on disk: fixed-size values without references.
package typealias SpillRecord = BitwiseCopyable & Comparable & Sendable

/// Collects records and gives them back in order.
///
/// One owner, one thread at a time.
final class Spill<Record: SpillRecord> {
    private let sorter: ExternalSorter<Record>
    private(set) var count = 0

    init(_ sorter: ExternalSorter<Record>) {
        self.sorter = sorter
    }

    func add(_ record: Record) throws {
        try sorter.add(record)
        count += 1
    }

    /// The records in ascending order; nothing can be added afterwards.
    func finish() throws -> RecordStream<Record> {
        let sorted = try sorter.finish()
        return RecordStream { try sorted.next() }
    }
}

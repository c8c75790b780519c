// SPDX-License-Identifier: Apache-2.0
// Cross-checks are merges: every source is a stream in ascending order of which only the head is looked at.

import Metadata

/// A stream of records with its first one in view.
///
/// One owner, one thread at a time.
package final class RecordStream<Record> {
    /// The next record, nil at the end.
    package private(set) var head: Record?
    private let pull: () throws -> Record?
    private var started = false

    package init(_ pull: @escaping () throws -> Record?) {
        self.pull = pull
    }

    /// Brings the first record into view; further calls do nothing.
    package func start() throws {
        guard !started else { return }
        started = true
        head = try pull()
    }

    /// Drops the head and brings the next record into view.
    package func advance() throws {
        head = head == nil ? nil : try pull()
    }
}

extension RecordStream {
    /// A stream of records that are in memory, in ascending order.
    package convenience init(_ records: [Record]) {
        var position = 0
        self.init {
            guard position < records.count else { return nil }
            defer { position += 1 }
            return records[position]
        }
    }
}

/// Reads a scan as a stream of what matters of its records, in the scan's order.
///
/// - Parameters:
///   - reduce: what of a record matters, nil for nothing.
///   - damaged: is told of every record that cannot be decoded.
func stream<Source: Sendable, Record>(
    _ cursor: any RecordCursor<Source>,
    reduce: @escaping (Source) throws -> Record?,
    damaged: @escaping (DamagedRecord) throws -> Void,
) -> RecordStream<Record> {
    RecordStream {
        while let scanned = try cursor.next() {
            switch scanned {
            case .record(let source):
                if let record = try reduce(source) { return record }
            case .damaged(let record):
                try damaged(record)
            }
        }
        return nil
    }
}

extension SpillSpace {
    /// A stream of small records of fixed size, sorted.
    func sorted<Record: SpillRecord>(_ stream: RecordStream<Record>) throws -> RecordStream<Record> {
        let sorter = sorter(of: Record.self)
        try stream.start()
        while let record = stream.head {
            try sorter.add(record)
            try stream.advance()
        }
        return try sorter.finish()
    }
}

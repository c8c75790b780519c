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

/// Reads a scan as a stream of small fixed-size records, sorted where the engine does not deliver in order.
///
/// - Parameters:
///   - reduce: what of a record matters, nil for nothing.
///   - damaged: is told of every record that cannot be decoded.
func stream<Source: Sendable, Record: SpillRecord>(
    _ cursor: any RecordCursor<Source>,
    isOrdered: Bool,
    spill: SpillSpace,
    reduce: @escaping (Source) throws -> Record?,
    damaged: @escaping (DamagedRecord) throws -> Void,
) throws -> RecordStream<Record> {
    let pull: () throws -> Record? = {
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
    guard !isOrdered else { return RecordStream(pull) }
    let sorter = spill.sorter(of: Record.self)
    while let record = try pull() { try sorter.add(record) }
    return try sorter.finish()
}

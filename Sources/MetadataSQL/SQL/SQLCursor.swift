// SPDX-License-Identifier: Apache-2.0

import Metadata
import VolumeModel

/// How a scan names a row that it cannot decode.
struct ScanKey {
    let kind: String
    /// What the first column is: "inode", "chunk.id".
    let keyName: String
    /// Where the node's number stands, if anywhere.
    let inodeColumn: Int?

    init(_ kind: String, _ keyName: String, inodeColumn: Int? = nil) {
        self.kind = kind
        self.keyName = keyName
        self.inodeColumn = inodeColumn
    }
}

/// A running scan over the rows of a statement.
final class SQLCursor<Record: Sendable>: RecordCursor {
    private let rows: any SQLStatement
    private let key: ScanKey
    private let decode: (any SQLStatement) throws(RowDamage) -> Record
    private var isAtEnd = false

    init(
        _ rows: any SQLStatement,
        _ key: ScanKey,
        _ decode: @escaping (any SQLStatement) throws(RowDamage) -> Record,
    ) {
        self.rows = rows
        self.key = key
        self.decode = decode
    }

    func next() throws -> Scanned<Record>? {
        // A statement that is stepped after its end would start again.
        guard !isAtEnd, try rows.step() else {
            isAtEnd = true
            return nil
        }
        do {
            return .record(try decode(rows))
        } catch {
            return .damaged(damaged(error))
        }
    }

    private func damaged(_ damage: RowDamage) -> DamagedRecord {
        let number = try? rows.integer(0)
        let shown = number.map(String.init) ?? "not a number"
        let stored = key.inodeColumn.flatMap { try? rows.integer($0) }
        let inode = stored.flatMap { UInt64(exactly: $0) }
        return DamagedRecord(
            kind: key.kind,
            key: "\(key.keyName) \(shown)",
            inode: inode.map(Inode.init),
            reason: damage.reason
        )
    }
}

// SPDX-License-Identifier: Apache-2.0

import SluiceBase

/// The kinds of keys that hold fields, and how those are asked for page by page.
enum FieldType: Sendable {
    case hash
    case set
    case sortedSet

    private var command: StaticString {
        switch self {
        case .hash: "HSCAN"
        case .set: "SSCAN"
        case .sortedSet: "ZSCAN"
        }
    }

    /// Appends the command for about `count` fields.
    func addScan(
        of key: Key,
        from cursor: [UInt8] = [UInt8(ascii: "0")],
        count: Int,
        to batch: inout CommandBatch
    ) {
        batch.add(command, key.bytes, cursor, Array("COUNT".utf8), [UInt8](decimal: Int64(count)))
    }

    /// The fields of an answer; the members of a set have no value, those of a sorted set their score.
    func fields(of page: ScanPage) -> [Field] {
        self == .set ? page.names.map { Field(name: $0, value: []) } : page.fields
    }
}

// SPDX-License-Identifier: Apache-2.0
// Records in order of their keys, each once: Redis may deliver one twice while JuiceFS dumps it, a database
// takes it once.

import SluiceBase

/// Sorts records on disk; one owner, one thread.
final class BinarySorter {
    private let sorter: ByteSorter

    init(memoryLimitBytes: Int, directory: ByteString?) {
        sorter = ByteSorter(memoryLimitBytes: memoryLimitBytes, directory: directory)
    }

    func add(_ record: BinaryRecord) throws {
        // Records with the same key stay in the order in which they came.
        let value = [UInt8(truncatingIfNeeded: record.field)] + record.encoded
        try sorter.add(key: record.key + numberKey(sorter.count), value: value)
    }

    /// Hands out the records as messages; of those with the same key the last one.
    /// - Parameter repeated: is told of two that differ, the earlier one first.
    func finish(
        repeated: (BinaryMessage, BinaryMessage) throws -> Void,
        _ take: (BinaryMessage) throws -> Void,
    ) throws {
        let sorted = try sorter.finish()
        var key: [UInt8] = []
        var waiting: BinaryMessage?
        while let found = try sorted.next() {
            let nextKey = unsafe Array(found.key.dropLast(8))
            let next = try BinaryMessage(kind: nextKey.first, fieldAndBytes: unsafe Array(found.value))
            if nextKey == key, let waiting {
                if waiting != next { try repeated(waiting, next) }
            } else if let waiting {
                try take(waiting)
            }
            (key, waiting) = (nextKey, next)
        }
        if let waiting { try take(waiting) }
    }
}

extension BinaryMessage {
    fileprivate init(kind: UInt8?, fieldAndBytes value: [UInt8]) throws(CodecError) {
        guard let kind = kind.flatMap({ BinarySegment(rawValue: UInt32($0)) }), let field = value.first else {
            throw CodecError("a sorted record", "its kind is not known")
        }
        self.init(kind: kind, field: Int(field), bytes: value.dropFirst())
    }
}

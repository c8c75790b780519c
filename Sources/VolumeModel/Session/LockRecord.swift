// SPDX-License-Identifier: Apache-2.0
// File locks as sessions hold them (metadata-format §3.2, §5.9).

package import SluiceBase

/// A lock over a whole file (flock).
package struct FileLock: Hashable, Sendable {
    package var session: UInt64
    /// The kernel's lock owner.
    package var owner: UInt64
    package var isWrite: Bool

    package init(session: UInt64, owner: UInt64, isWrite: Bool) {
        self.session = session
        self.owner = owner
        self.isWrite = isWrite
    }
}

/// A lock over a range of bytes (POSIX record lock).
package struct RangeLock: Hashable, Sendable {
    /// 0 read, 1 write, 2 unlock.
    package var type: UInt32
    package var processID: UInt32
    package var start: UInt64
    /// Inclusive.
    package var end: UInt64

    package init(type: UInt32, processID: UInt32, start: UInt64, end: UInt64) {
        self.type = type
        self.processID = processID
        self.start = start
        self.end = end
    }

    package static let encodedSize = 24

    /// - Throws: `CodecError` when the length is not a multiple of 24.
    package static func list(decoding bytes: [UInt8]) throws(CodecError) -> [RangeLock] {
        guard bytes.count % encodedSize == 0 else {
            throw CodecError("range locks", "\(bytes.count) bytes are not a multiple of \(encodedSize)")
        }
        var reader = ByteReader(bytes, of: "range locks")
        var locks: [RangeLock] = []
        while reader.remaining > 0 {
            locks.append(
                RangeLock(
                    type: try reader.read(),
                    processID: try reader.read(),
                    start: try reader.read(),
                    end: try reader.read()
                )
            )
        }
        return locks
    }

    package static func encode(_ locks: [RangeLock]) -> [UInt8] {
        var writer = ByteWriter(capacity: locks.count * encodedSize)
        for lock in locks {
            writer.write(lock.type)
            writer.write(lock.processID)
            writer.write(lock.start)
            writer.write(lock.end)
        }
        return writer.bytes
    }
}

/// The range locks of one owner on one file.
package struct OwnedRangeLocks: Hashable, Sendable {
    package var session: UInt64
    package var owner: UInt64
    package var locks: [RangeLock]

    package init(session: UInt64, owner: UInt64, locks: [RangeLock]) {
        self.session = session
        self.owner = owner
        self.locks = locks
    }
}

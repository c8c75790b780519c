// SPDX-License-Identifier: Apache-2.0
// What drivers and wrappers share when bytes pass through them.

import SluiceBase

extension ByteRange {
    /// The part of the range that exists in an object of `size` bytes.
    package func clamped(to size: UInt64) -> Range<UInt64> {
        let start = min(offset, size)
        let (end, overflow) = offset.addingReportingOverflow(length ?? .max)
        return start..<max(start, overflow ? size : min(end, size))
    }
}

extension StorageError {
    /// What a sink or source threw, as the error of the transfer that it ended.
    package init(endedBy error: any Error, _ operation: String, key: ObjectKey, address: String) {
        if let error = error as? StorageError {
            self = error
        } else if error is CancelledTransfer {
            self.init(.cancelled, operation, key: key, address: address)
        } else {
            self.init(.cancelled, operation, key: key, address: address, reason: "\(error)")
        }
    }
}

extension ByteSource {
    /// All bytes of the source, from its first one.
    /// - Throws: `.tooLarge` past `limit`; `.corrupt` when the source does not deliver its own length.
    package func collect(
        limit: UInt64,
        _ operation: String,
        key: ObjectKey,
        address: String,
    ) throws(StorageError) -> [UInt8] {
        guard length <= limit, let capacity = Int(exactly: length), capacity < .max else {
            throw StorageError(
                .tooLarge,
                operation,
                key: key,
                address: address,
                reason: "\(length) bytes, the limit is \(limit)"
            )
        }
        var filled = 0
        var failure: StorageError?
        // One byte more than announced, so that a source that goes on is noticed.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: capacity + 1) { buffer, count in
            do {
                try rewind()
                while filled < buffer.count {
                    let rest = unsafe UnsafeMutableRawBufferPointer(
                        UnsafeMutableBufferPointer(rebasing: buffer[filled...])
                    )
                    let taken = try unsafe read(into: rest)
                    guard taken > 0 else { break }
                    filled += taken
                }
            } catch {
                failure = StorageError(endedBy: error, operation, key: key, address: address)
            }
            count = filled
        }
        if let failure { throw failure }
        guard filled == capacity else {
            throw StorageError(wrongLength: filled, of: length, operation, key: key, address: address)
        }
        return bytes
    }
}

extension StorageError {
    /// A source that ended early or went on past the length that it announced.
    init(wrongLength found: Int, of length: UInt64, _ operation: String, key: ObjectKey, address: String) {
        let what = UInt64(found) < length ? "the source ended after \(found)" : "the source has more than the"
        self.init(
            .corrupt,
            operation,
            key: key,
            address: address,
            reason: "\(what) of \(length) bytes announced"
        )
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Appends big-endian integers and byte runs.
///
/// Inlinable for the reason that ByteReader is.
@usableFromInline
package struct ByteWriter {
    @usableFromInline package internal(set) var bytes: [UInt8] = []

    package init(capacity: Int = 0) {
        bytes.reserveCapacity(capacity)
    }

    @inlinable
    package mutating func write(_ value: some FixedWidthInteger) {
        var shift = value.bitWidth - 8
        while shift >= 0 {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
            shift -= 8
        }
    }

    @inlinable
    package mutating func write(_ run: some Sequence<UInt8>) {
        bytes.append(contentsOf: run)
    }
}

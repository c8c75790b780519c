// SPDX-License-Identifier: Apache-2.0
// The wire format of protocol buffers, version 3, as far as messages of numbers, bytes and messages need it.
// A generated library would bring a plugin to the build and copies of every message.

/// Appends the fields of one message; fields that are zero or empty are left out.
package struct ProtobufWriter {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
    }

    package mutating func write(_ value: UInt64, field: Int) {
        guard value != 0 else { return }
        tag(field, type: 0)
        append(varint: value)
    }

    /// A negative number takes ten bytes.
    package mutating func write(_ value: Int64, field: Int) {
        write(UInt64(bitPattern: value), field: field)
    }

    package mutating func write(_ run: [UInt8], field: Int) {
        guard !run.isEmpty else { return }
        write(message: run[...], field: field)
    }

    /// Numbers packed into one field.
    package mutating func write(packed values: [UInt64], field: Int) {
        var packed = ProtobufWriter()
        for value in values { packed.append(varint: value) }
        write(packed.bytes, field: field)
    }

    /// A message inside this one, also an empty one.
    package mutating func write(message: ArraySlice<UInt8>, field: Int) {
        tag(field, type: 2)
        append(varint: UInt64(message.count))
        bytes += message
    }

    private mutating func tag(_ field: Int, type: UInt64) {
        append(varint: UInt64(field) << 3 | type)
    }

    private mutating func append(varint: UInt64) {
        var rest = varint
        while rest > 0x7F {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}

// SPDX-License-Identifier: Apache-2.0
// Requests in the form of the Redis protocol: `*COUNT`, then `$LENGTH` and the bytes of each argument.
// Written here instead of by redisFormatCommandArgv, which allocates a buffer per command that would then be
// copied into the batch: this is shorter, and one growing array holds a whole round trip.

/// Commands that are sent together.
package struct CommandBatch: Sendable {
    /// What goes over the wire.
    package private(set) var bytes: [UInt8] = []
    /// Number of commands, and of replies to wait for.
    package private(set) var count = 0

    package init() {}

    package var isEmpty: Bool { count == 0 }

    /// Appends a command.
    package mutating func add(_ name: StaticString, _ arguments: [UInt8]...) {
        add(name, arguments)
    }

    /// Appends a command with a list of arguments.
    package mutating func add(_ name: StaticString, _ arguments: [[UInt8]]) {
        begin(name, arguments: arguments.count)
        for argument in arguments { add(argument: argument) }
    }

    /// Appends all commands of another batch.
    package mutating func add(_ other: CommandBatch) {
        bytes += other.bytes
        count += other.count
    }

    private mutating func begin(_ name: StaticString, arguments: Int) {
        count += 1
        bytes.append(UInt8(ascii: "*"))
        add(length: arguments + 1)
        bytes.append(UInt8(ascii: "$"))
        add(length: name.utf8CodeUnitCount)
        name.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
        endLine()
    }

    private mutating func add(argument: [UInt8]) {
        bytes.append(UInt8(ascii: "$"))
        add(length: argument.count)
        bytes += argument
        endLine()
    }

    private mutating func add(length: Int) {
        bytes.append(decimal: UInt64(length))
        endLine()
    }

    private mutating func endLine() {
        bytes.append(UInt8(ascii: "\r"))
        bytes.append(UInt8(ascii: "\n"))
    }
}

extension [UInt8] {
    /// Appends the decimal digits of a number.
    mutating func append(decimal number: UInt64) {
        guard number >= 10 else {
            append(UInt8(ascii: "0") + UInt8(number))
            return
        }
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var first = 20
        var rest = number
        while rest > 0 {
            first -= 1
            digits[first] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
        for position in first..<20 { append(digits[position]) }
    }
}

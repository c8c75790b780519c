// SPDX-License-Identifier: Apache-2.0

package import Metadata

/// What SCAN, HSCAN, SSCAN or ZSCAN answers once.
package struct ScanPage {
    /// Where to go on; `0` at the end.
    package let cursor: [UInt8]
    private let items: [RedisReply]

    /// - Throws: `EngineError`.
    package init(
        _ reply: RedisReply?,
        _ operation: @autoclosure () -> String,
        address: String
    ) throws(EngineError) {
        let name = operation()
        guard case .array(let parts) = try (reply ?? .null).checked(name, address: address), parts.count == 2,
            let cursor = parts[0].bytes, case .array(let items) = parts[1]
        else { throw EngineError(.failed, name, address: address, reason: "an unexpected reply") }
        self.cursor = cursor
        self.items = items
    }

    package var isLast: Bool { cursor == [UInt8(ascii: "0")] }

    /// The keys or members of the page.
    package var names: [[UInt8]] { items.compactMap(\.bytes) }

    /// The fields of a hash, or the members of a sorted set with their scores.
    var fields: [Field] { Field.pairs(items) }

    /// The bytes as a pattern that matches nothing but them.
    package static func escaped(_ bytes: [UInt8]) -> [UInt8] {
        bytes.flatMap { byte in
            Array("*?[]\\^-".utf8).contains(byte) ? [UInt8(ascii: "\\"), byte] : [byte]
        }
    }
}

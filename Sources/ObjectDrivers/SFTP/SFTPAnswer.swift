// SPDX-License-Identifier: Apache-2.0

import SluiceBase

/// A server's answer to a request that has no other: `101 | u32 request | u32 code | string message`.
package struct SFTPAnswer: Hashable, Sendable {
    package let request: UInt32
    package let code: UInt32
    /// For people; not every server says something.
    package let message: String

    /// Bytes of the longest packet.
    package static let longest = 256 << 10

    /// - Returns: nil for any other packet.
    package init?(_ packet: [UInt8]) {
        var reader = ByteReader(packet, of: "SFTP packet")
        do throws(CodecError) {
            guard try reader.read(UInt8.self) == 101 else { return nil }
            request = try reader.read()
            code = try reader.read()
        } catch {
            return nil
        }
        let length = (try? reader.read(UInt32.self)) ?? 0
        let text = (try? reader.read(count: Int(length))) ?? []
        message = terminalSafe(String(decoding: text.prefix(300), as: UTF8.self))
    }
}

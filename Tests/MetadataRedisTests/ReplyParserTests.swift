// SPDX-License-Identifier: Apache-2.0

import Metadata
import MetadataRedis
import SluiceBase
import Testing

@Suite("Replies of a Redis server")
struct ReplyParserTests {
    private func parse(_ text: String, piece: Int = .max) throws(CodecError) -> [RedisReply] {
        let parser = ReplyParser()
        var replies: [RedisReply] = []
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let bytes = Array(rest.prefix(piece))
            rest = rest.dropFirst(piece)
            try parser.feed(bytes)
            while let reply = try parser.next() { replies.append(reply) }
        }
        return replies
    }

    private static let all =
        "+OK\r\n:-7\r\n$3\r\na\0b\r\n$-1\r\n*2\r\n$0\r\n\r\n*1\r\n:1\r\n-MOVED 5 host:1\r\n*-1\r\n"

    @Test("come whole, however they are cut", arguments: [1, 2, 5, 1000])
    func kinds(piece: Int) throws {
        let expected: [RedisReply] = [
            .status("OK"), .integer(-7), .bytes([0x61, 0, 0x62]), .null,
            .array([.bytes([]), .array([.integer(1)])]), .error(RedisFailure("MOVED 5 host:1")), .null,
        ]
        #expect(try parse(Self.all, piece: piece) == expected)
        #expect(RedisFailure("MOVED 5 host:1").isPassing)
        #expect(RedisFailure("WRONGTYPE x").engineCode == .corrupt)
    }

    @Test(
        "are refused when they are none, nested too deep or too large",
        arguments: [
            "hello\r\n", "*1\r\nX\r\n", "$-2\r\n", ":abc\r\n", "*4194305\r\n", "*9999999999\r\n",
            String(repeating: "*1\r\n", count: 20), "*5\r\n*4194300\r\n",
        ]
    )
    func refused(text: String) throws {
        #expect(throws: CodecError.self) { try parse(text) }
    }
}

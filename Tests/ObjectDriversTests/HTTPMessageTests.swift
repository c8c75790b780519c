// SPDX-License-Identifier: Apache-2.0

import ObjectDrivers
import SluiceBase
import Testing

@Suite("HTTP messages")
struct HTTPMessageTests {
    @Test("Every byte of a path survives its encoding")
    func encoding() throws {
        let all = (0...255).map { UInt8($0) }
        let text = PercentEncoding.encode(all, keepsSlash: true)
        #expect(try PercentEncoding.decode(Array(text.utf8)) == all)
        #expect(PercentEncoding.encode("a b/+*~é".utf8, keepsSlash: true) == "a%20b/%2B%2A~%C3%A9")
        #expect(try PercentEncoding.decode(Array("a+b%2B".utf8), plusIsSpace: true) == Array("a b+".utf8))
        #expect(throws: CodecError.self) { try PercentEncoding.decode(Array("%4".utf8)) }
    }

    @Test("A target names its port only where it is not the scheme's")
    func authority() {
        #expect(HTTPTarget(isSecure: true, host: "h", port: 443).authority == "h")
        #expect(HTTPTarget(isSecure: false, host: "::1", port: 9000).authority == "[::1]:9000")
    }

    @Test("Retry-After is a number or a date")
    func retryAfter() {
        var head = HTTPHead(status: 503)
        #expect(head.retryAfterSeconds(now: .epoch) == nil)
        head.headers["Retry-After"] = "7"
        #expect(head.retryAfterSeconds(now: .epoch) == 7)
        head.headers["Retry-After"] = "Thu, 01 Jan 1970 00:01:00 GMT"
        #expect(head.retryAfterSeconds(now: Timestamp(seconds: 15)) == 45)
        head.headers["Retry-After"] = "later"
        #expect(head.retryAfterSeconds(now: .epoch) == nil)
    }
}

// SPDX-License-Identifier: Apache-2.0
// What the built binary loads. Full Foundation brings ICU: tens of megabytes and milliseconds at every start.

import Testing

@Suite("Linkage")
struct LinkageTests {
    @Test("The binary loads neither full Foundation nor its ICU")
    func foundation() throws {
        let result = try Repository.run("ldd '\(Repository.binary())'")
        try #require(result.status == 0)
        let names = result.output.split(separator: "\n").compactMap {
            $0.split(whereSeparator: \.isWhitespace).first
        }
        #expect(names.contains { $0.hasPrefix("libc.so") })
        let forbidden = ["libFoundation.so", "lib_FoundationICU.so", "libFoundationInternationalization.so"]
        #expect(names.filter { forbidden.contains(String($0)) } == [])
    }
}

// SPDX-License-Identifier: Apache-2.0
// What the built binary loads. Full Foundation brings ICU: tens of megabytes and milliseconds at every start.

import Testing

@Suite("Linkage")
struct LinkageTests {
    @Test("The binary loads neither full Foundation nor its ICU")
    func foundation() throws {
        let forbidden = ["libFoundation.so", "lib_FoundationICU.so", "libFoundationInternationalization.so"]
        #expect(try loaded().filter(forbidden.contains) == [])
    }

    @Test("Libraries that bring many others are loaded by those who need them")
    func lateLibraries() throws {
        #expect(try loaded().filter { $0.hasPrefix("libcurl") || $0.hasPrefix("libpq") } == [])
    }

    /// The names of the shared libraries that every start loads.
    private func loaded() throws -> [String] {
        let result = try Repository.run("ldd '\(Repository.binary())'")
        try #require(result.status == 0)
        let names = result.output.split(separator: "\n").compactMap {
            $0.split(whereSeparator: \.isWhitespace).first.map(String.init)
        }
        try #require(names.contains { $0.hasPrefix("libc.so") })
        return names
    }
}

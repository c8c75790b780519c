// SPDX-License-Identifier: Apache-2.0
// The scanner that the other repository tests trust.

import Testing

@Suite("Reading Swift source")
struct SwiftTextTests {
    private func masked(_ source: String) -> String {
        String(decoding: SwiftText(Array(source.utf8)).code, as: UTF8.self)
    }

    @Test("Comments and string contents are blanked, code in an interpolation is kept")
    func blanking() {
        #expect(masked("a // b\nc") == "a     \nc")
        #expect(masked("a /* b /* c */ d */ e") == "a" + String(repeating: " ", count: 19) + "e")
        #expect(masked(#"f("x\"y", g)"#) == #"f("    ", g)"#)
        #expect(masked(#"f("x\(y("z"))w", g)"#) == #"f("   y(" "))"# + #" ", g)"#)
        #expect(masked("f(\"\"\"\n  {\n  \"\"\")") == "f(\"\"\"\n   \n  \"\"\")")
        #expect(masked(##"f(#"x"y"#)"##) == ##"f(#"   "#)"##)
        #expect(masked("func `a {`()") == "func `   `()")
    }

    @Test("A function is counted from its signature to its closing brace, a requirement is none")
    func functions() {
        let source = """
            protocol P {
                func a()
                func b(
                    c: () -> Void
                )
            }
            struct S {
                init(x: Int = { 1 }()) {
                    self.init()
                }
                func f()
                    throws -> Int
                {
                    if true { return 1 }
                }
            }
            """
        let found = SwiftText(Array(source.utf8)).functions
        #expect(found.map(\.line) == [8, 11])
        #expect(found.map(\.lineCount) == [3, 5])
    }
}

// SPDX-License-Identifier: Apache-2.0
// The results of JuiceFS 1.4.2 on one tree (sync.md §a.4).

import BucketSync
import SluiceBase
import Testing

@Suite("Include and exclude rules")
struct NameRuleTests {
    static let tree = [
        "a1/b1", "a1/b2", "a2/b2", "aaa/b1", "b1", "b2", "d/foo/z", "foo.c", "foo/bar", "foo/k.c",
        "foo/x/bar",
        "foo/x/y/bar", "foodir/f", "top.txt", "xfoo/f",
    ]

    /// Rules as `+PATTERN` and `-PATTERN`, and the keys that they leave out.
    struct Case: Sendable, CustomTestStringConvertible {
        var rules: [String]
        var missing: [String]
        var isFull = false
        var testDescription: String { (isFull ? "full path " : "") + rules.joined(separator: " ") }
    }

    static let foos = ["foo/bar", "foo/k.c", "foo/x/bar", "foo/x/y/bar"]
    static let bars = ["foo/bar", "foo/x/bar", "foo/x/y/bar"]
    static func allBut(_ kept: [String]) -> [String] { tree.filter { !kept.contains($0) } }

    static let cases: [Case] = [
        Case(rules: ["-a?/b*"], missing: ["a1/b1", "a1/b2", "a2/b2"]),
        Case(rules: ["+a1/b1", "-a[1-9]/b*"], missing: ["a1/b2", "a2/b2"]),
        Case(rules: ["+a1/b1", "-a*", "+b2", "-b?"], missing: ["a1/b1", "a1/b2", "a2/b2", "aaa/b1", "b1"]),
        Case(rules: ["+a1/b1"], missing: []),
        Case(rules: ["-foo"], missing: foos + ["d/foo/z"]),
        Case(rules: ["-foo/"], missing: foos + ["d/foo/z"]),
        Case(rules: ["-foo/***"], missing: foos + ["d/foo/z"]),
        Case(rules: ["-foo/**"], missing: foos + ["d/foo/z"]),
        Case(rules: ["-/foo"], missing: foos),
        Case(rules: ["-/foo/"], missing: foos),
        Case(rules: ["-foo*"], missing: foos + ["foo.c", "foodir/f", "d/foo/z"]),
        Case(rules: ["-/foo**"], missing: foos + ["foo.c", "foodir/f"]),
        Case(rules: ["-/foo/*/bar"], missing: ["foo/x/bar"]),
        Case(rules: ["-/foo/**/bar"], missing: ["foo/x/bar", "foo/x/y/bar"]),
        Case(rules: ["-bar"], missing: bars),
        Case(rules: ["-*/bar"], missing: bars),
        Case(rules: ["-**/bar"], missing: bars),
        Case(rules: ["-**foo/**"], missing: foos + ["d/foo/z", "xfoo/f"]),
        Case(rules: ["+*/", "+*.c", "-*"], missing: allBut(["foo.c", "foo/k.c"])),
        Case(rules: ["+foo/k.c", "-*"], missing: tree),
        Case(rules: ["+foo/", "+foo/k.c", "-*"], missing: allBut(["foo/k.c"])),
        Case(rules: ["+foo/***", "-*"], missing: allBut(foos)),
        Case(rules: ["+/foo/***", "-/*"], missing: allBut(foos)),
        Case(rules: ["-[!a]*"], missing: ["a1/b1", "a1/b2", "a2/b2", "aaa/b1"]),
        Case(rules: ["-[^a]*"], missing: tree),
        Case(rules: ["-[[:alpha:]]1"], missing: []),
        Case(rules: ["-b\\1"], missing: ["a1/b1", "aaa/b1", "b1"]),
        Case(rules: ["-foo"], missing: [], isFull: true),
        Case(rules: ["-foo/"], missing: [], isFull: true),
        Case(rules: ["-foo/**"], missing: foos + ["d/foo/z"], isFull: true),
        Case(rules: ["-/foo/**"], missing: foos, isFull: true),
        Case(rules: ["+**.c", "-*"], missing: allBut(["foo.c", "foo/k.c"]), isFull: true),
        Case(rules: ["+foo/k.c", "-*"], missing: allBut(["foo/k.c"]), isFull: true),
        Case(rules: ["+foo/k.c", "-**"], missing: allBut(["foo/k.c"]), isFull: true),
        Case(rules: ["-**bar"], missing: bars, isFull: true),
        Case(rules: ["-b?"], missing: ["a1/b1", "a1/b2", "a2/b2", "aaa/b1", "b1", "b2"], isFull: true),
        Case(rules: ["-*/b?"], missing: ["a1/b1", "a1/b2", "a2/b2", "aaa/b1"], isFull: true),
    ]

    @Test("Leave out what JuiceFS leaves out", arguments: cases)
    func results(_ given: Case) throws {
        let rules = try given.rules.map { text in
            try NameRule(include: text.hasPrefix("+"), ByteString(String(text.dropFirst())))
        }
        let names = NameRules(rules, matchesFullPath: given.isFull)
        let missing = Self.tree.filter { !names.admit(ByteString($0)) }
        #expect(missing == given.missing.sorted { ByteString($0) < ByteString($1) })
    }

    @Test("Refuse malformed patterns", arguments: ["[ab", "a\\", "[]", "[-]", "[a-]"])
    func malformed(_ pattern: String) {
        #expect(throws: CodecError.self) { try NameRule(include: false, ByteString(pattern)) }
    }

    @Test("Tell of brackets that do not mean what people expect")
    func surprises() throws {
        #expect(try NameRule(include: false, "[!a]*").surprise != nil)
        #expect(try NameRule(include: false, "[[:alpha:]]").surprise != nil)
        #expect(try NameRule(include: false, "[a-z]*").surprise == nil)
    }

    @Test("Take as long as pattern times name, whatever the stars")
    func noExplosion() throws {
        let rule = try NameRule(include: false, ByteString(String(repeating: "*a", count: 200) + "b"))
        let names = NameRules([rule])
        #expect(names.admit(ByteString(String(repeating: "a", count: 2000))))
    }

    @Test("Many runs across directories take no exponential time")
    func manyCrossings() throws {
        let key = ByteString(String(repeating: "a/", count: 40) + "b")
        for pattern in ["**", "***"] {
            let text = String(repeating: pattern + "/", count: 30) + "x"
            for anchor in ["", "/"] {
                let rule = try NameRule(include: false, ByteString(anchor + text))
                let rules = NameRules([rule], matchesFullPath: true)
                // An anchored `***` takes everything below it, whatever follows.
                #expect(rules.admit(key) == !(pattern == "***" && anchor == "/"))
            }
        }
    }

    @Test("Take a character of several bytes for one")
    func characters() throws {
        let names = NameRules([try NameRule(include: false, "?.txt")])
        #expect(!names.admit("é.txt"))
        #expect(names.admit("ab.txt"))
    }
}

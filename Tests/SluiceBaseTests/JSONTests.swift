// SPDX-License-Identifier: Apache-2.0

import SluiceBase
import Testing

@Suite("JSON")
struct JSONTests {
    @Test("A document keeps field order, unknown fields and exact 64-bit numbers")
    func keepsEverything() throws {
        let text =
            #"{"z":18446744073709551615,"a":-9223372036854775808,"m":1.50,"x":[1,null,true,{"k":"v"}]}"#
        let value = try JSONValue.parse(text)
        #expect(value.compact == text)
        #expect(value["z"]?.uint64Value == .max)
        #expect(value["z"]?.int64Value == nil)
        #expect(value["a"]?.int64Value == .min)
        #expect(value["m"]?.doubleValue == 1.5)
        #expect(value["x"]?.arrayValue?.count == 4)
    }

    @Test("Setting a field keeps its place, a new one goes to the end, nil removes")
    func settingFields() {
        var object: JSONObject = ["a": 1, "b": 2, "c": 3]
        object["b"] = "new"
        object["d"] = true
        object["a"] = nil
        #expect(JSONValue.object(object).line == #"{"b":"new","c":3,"d":true}"#)
    }

    @Test("Objects that are long enough for an index behave like short ones")
    func longObjects() throws {
        var object = JSONObject()
        for number in 0..<100 { object["k\(number)"] = JSONValue(number) }
        object["k50"] = "x"
        object["k10"] = nil
        #expect(object.count == 99)
        #expect(object["k50"] == "x")
        #expect(object["k10"] == nil)
        #expect(object["k99"] == 99)
        #expect(object.fields[10].key == "k11")
        object["k10"] = 1
        #expect(object.fields.last?.key == "k10")
        #expect(try JSONValue.parse(JSONValue.object(object).compact) == .object(object))
    }

    @Test("Names that differ only in their bytes are different names")
    func namesAreBytes() throws {
        let value = try JSONValue.parse("{\"e\u{301}\":1,\"\u{E9}\":2}")
        #expect(value.objectValue?.count == 2)
    }

    @Test("Of a repeated name the last value counts and the first place stays")
    func duplicates() throws {
        #expect(try JSONValue.parse(#"{"a":1,"b":2,"a":3}"#).compact == #"{"a":3,"b":2}"#)
    }

    @Test("Pretty text without indentation is Go's MarshalIndent with empty strings")
    func prettyWithoutIndent() {
        let value: JSONValue = [
            "Name": "test", "List": [1, 2], "Empty": [:], "None": [], "In": ["x": JSONValue.null],
        ]
        #expect(
            value.pretty(indent: 0)
                == "{\n\"Name\": \"test\",\n\"List\": [\n1,\n2\n],\n\"Empty\": {},\n\"None\": [],\n"
                + "\"In\": {\n\"x\": null\n}\n}"
        )
    }

    @Test("Pretty text with two blanks is Go's MarshalIndent with two blanks")
    func prettyWithIndent() {
        let value: JSONValue = ["a": ["b": [1]], "c": "<&>"]
        #expect(
            value.pretty(indent: 2)
                == "{\n  \"a\": {\n    \"b\": [\n      1\n    ]\n  },\n  \"c\": \"<&>\"\n}"
        )
        #expect(value.pretty(indent: 0, escapesHTML: true).hasSuffix("\"c\": \"\\u003c\\u0026\\u003e\"\n}"))
        #expect(value.compactEscapingHTML == #"{"a":{"b":[1]},"c":"\u003c\u0026\u003e"}"#)
    }

    @Test("Strings are escaped as Go escapes them")
    func escapes() {
        let text = "q\" b\\ s/ \u{8}\u{C}\n\r\t \u{1}\u{1F}\u{7F} \u{2028}\u{2029} é 😀"
        let written = "\"q\\\" b\\\\ s/ \\b\\f\\n\\r\\t \\u0001\\u001f\u{7F} \\u2028\\u2029 é 😀\""
        #expect(JSONValue(text).compact == written)
    }

    @Test("Escapes are read, surrogate pairs joined")
    func readsEscapes() throws {
        let value = try JSONValue.parse(#" "\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00x" "#)
        #expect(value.stringValue == "\"\\/\u{8}\u{C}\n\r\té😀x")
    }

    @Test(
        "What is no JSON is refused with the place of the mistake",
        arguments: [
            ("", 0), ("   ", 3), ("{", 1), ("[1,]", 3), ("[1 2]", 3), (#"{"a"}"#, 4), (#"{"a":1,}"#, 7),
            ("{a:1}", 1), ("tru", 0), ("nul", 0), ("01", 1), ("-", 1), ("1.", 2), ("1e", 2), ("1e+", 3),
            (".5", 0),
            ("+1", 0), ("\"abc", 4), ("\"a\u{1}\"", 2), (#""\x""#, 2), (#""\u12g4""#, 5), (#""\ud800""#, 1),
            (#""\ud800\u0041""#, 1), (#""\udc00""#, 1), ("1 1", 2), ("\"a\\", 3), ("NaN", 0), ("]", 0),
        ] as [(String, Int)]
    )
    func refuses(text: String, offset: Int) {
        let error = #expect(throws: CodecError.self) { try JSONValue.parse(text) }
        #expect(error?.offset == offset, "\(text)")
    }

    @Test("Bytes that are not UTF-8 are refused at the bad byte")
    func refusesBadText() {
        let error = #expect(throws: CodecError.self) {
            try JSONValue.parse([0x22, 0x61, 0xC3, 0xA9, 0xFF, 0x22])
        }
        #expect(error == CodecError("JSON", at: 4, "not UTF-8"))
    }

    @Test("Nesting is bounded")
    func depth() throws {
        let deepest = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(try JSONValue.parse(deepest).compact == deepest)
        let error = #expect(throws: CodecError.self) {
            try JSONValue.parse(String(repeating: "[", count: 1_000_000))
        }
        #expect(error?.offset == 64)
        #expect(throws: CodecError.self) { try JSONValue.parse(#"{"a":{"b":1}}"#, maximumDepth: 1) }
    }

    @Test(
        "Floating-point numbers are spelled as Go spells them",
        arguments: [
            (0.0, "0"), (-0.0, "-0"), (1, "1"), (0.5, "0.5"), (-2.25, "-2.25"), (100, "100"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"), (1.5e22, "1.5e+22"), (0.000001, "0.000001"), (0.0000001, "1e-7"),
            (1.25e-9, "1.25e-9"),
            (0.1 + 0.2, "0.30000000000000004"), (123456.789, "123456.789"),
        ] as [(Double, String)]
    )
    func doubles(value: Double, text: String) {
        #expect(JSONValue(value).compact == text)
        #expect(JSONValue(value).doubleValue == value)
    }

    @Test("Infinities become null and literals beyond the range have no value")
    func unrepresentable() {
        #expect(JSONValue(Double.infinity) == .null)
        #expect(JSONValue.number("1e999").doubleValue == nil)
        #expect(JSONValue.number("1.5").int64Value == nil)
        #expect(JSONValue.string("5").int64Value == nil)
    }

    @Test("Every value reads back as written, in every spelling")
    func roundTrip() throws {
        var random = SeededRandom.announced("JSON round trip")
        for _ in 0..<500 {
            let value = Self.anyValue(depth: 0, using: &random)
            #expect(try JSONValue.parse(value.compact) == value)
            #expect(try JSONValue.parse(value.compactEscapingHTML) == value)
            #expect(try JSONValue.parse(value.pretty(indent: Int.random(in: 0...4, using: &random))) == value)
        }
    }

    @Test("Damaged documents are refused or read, never trapped on")
    func damaged() {
        var random = SeededRandom.announced("JSON damage")
        for _ in 0..<2000 {
            var bytes = Array(Self.anyValue(depth: 0, using: &random).compact.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
                    in: 0...255,
                    using: &random
                )
            }
            do throws(CodecError) {
                let value = try JSONValue.parse(bytes)
                #expect(!value.compact.isEmpty)
            } catch {
                #expect((0...bytes.count).contains(error.offset ?? -1))
            }
        }
    }

    private static func anyText(using random: inout SeededRandom) -> String {
        let alphabet: [Unicode.Scalar] = [
            "a", "\"", "\\", "\n", "\0", "\u{7F}", "é", "\u{2028}", "😀", "<", "/",
        ]
        var text = ""
        for _ in 0..<Int.random(in: 0...6, using: &random) {
            text.unicodeScalars.append(alphabet[Int.random(in: 0..<alphabet.count, using: &random)])
        }
        return text
    }

    private static func anyValue(depth: Int, using random: inout SeededRandom) -> JSONValue {
        switch Int.random(in: 0..<(depth < 4 ? 7 : 5), using: &random) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &random))
        case 2: return JSONValue(Int64.random(in: .min ... .max, using: &random))
        case 3: return JSONValue(Double(bitPattern: UInt64.random(in: 0...UInt64.max, using: &random)))
        case 4: return .string(anyText(using: &random))
        case 5:
            let count = Int.random(in: 0...4, using: &random)
            return .array((0..<count).map { _ in anyValue(depth: depth + 1, using: &random) })
        default:
            var object = JSONObject()
            for _ in 0..<Int.random(in: 0...20, using: &random) {
                object[anyText(using: &random)] = anyValue(depth: depth + 1, using: &random)
            }
            return .object(object)
        }
    }
}

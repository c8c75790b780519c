// SPDX-License-Identifier: Apache-2.0

import SluiceBase
import Testing

@Suite("Names in JSON")
struct JSONNameTests {
    private static let names: [ByteString] = [
        "plain", "", "a\\xff", "tab\there", "\"quoted\"", "é", ByteString([0x66, 0xFF, 0xFE]),
        ByteString([0x80]),
        ByteString([0xEF, 0xBF, 0xBD]), ByteString([0xC3]), ByteString([0]),
    ]

    @Test("come back as the bytes they were", arguments: names)
    func roundTrip(name: ByteString) throws {
        var object = JSONObject()
        object.set("name", name)
        let parsed = try #require(try JSONValue.parse(JSONValue.object(object).line).objectValue)
        #expect(try parsed.bytes("name") == name)
    }

    @Test("are one string when they are UTF-8, and have their bytes beside it when they are not")
    func forms() {
        var object = JSONObject()
        object.set("name", "a\\b")
        object.set("other", ByteString([0x66, 0xFF]))
        #expect(
            JSONValue.object(object).line
                == #"{"name":"a\\b","other":"f\\xff","other_base64":"Zv8="}"#
        )
    }

    @Test("in lists have a second list as long, where one needs it")
    func lists() {
        var object = JSONObject()
        object.set("paths", ["/a", "/b"])
        object.set("others", ["/a", ByteString([0x2F, 0xFF])])
        #expect(
            JSONValue.object(object).line
                == #"{"paths":["/a","/b"],"others":["/a","/\\xff"],"others_base64":[null,"L/8="]}"#
        )
    }
}

// SPDX-License-Identifier: Apache-2.0

import SluiceBase

/// Machine-readable results, as sluice-json(5) describes them.
enum JSONReport {
    /// One indented document.
    static func text(_ object: JSONObject) -> String {
        JSONValue.object(object).pretty(indent: 2)
    }

    /// A byte string for JSON: text where it is UTF-8, else escaped text beside the exact bytes.
    static func name(_ bytes: ByteString) -> JSONValue {
        guard let text = bytes.text else {
            return ["text": .string(bytes.description), "hex": .string(Hex.encode(bytes.bytes))]
        }
        return .string(text)
    }
}

// SPDX-License-Identifier: Apache-2.0

import SluiceBase

/// Machine-readable results, as sluice-json(5) describes them.
enum JSONReport {
    /// One indented document.
    static func text(_ object: JSONObject) -> String {
        JSONValue.object(object).pretty(indent: 2)
    }
}

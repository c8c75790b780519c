// SPDX-License-Identifier: Apache-2.0

/// A size, duration or time that a person wrote and that cannot be understood.
package struct UnitError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The text as written.
    package let text: String
    /// What is wrong with it, with the spelling that would be right.
    package let reason: String

    /// - Parameter reason: what is wrong, without a full stop.
    package init(_ text: String, _ reason: String) {
        self.text = text
        self.reason = reason
    }

    package var description: String { "'\(terminalSafe(text))': \(reason)" }
}

// SPDX-License-Identifier: Apache-2.0
// Text from volumes, servers and users before it reaches a terminal or a log: an escape sequence in a file
// name must not move a cursor, and a line end must not forge a second log line.

/// The text with control characters (C0, DEL, C1), direction overrides and line separators written as
/// `\u{…}` and the common ones as `\n`, `\r`, `\t`.
package func terminalSafe(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isUnsafeOnTerminal) else { return text }
    var safe = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\n": safe += "\\n"
        case "\r": safe += "\\r"
        case "\t": safe += "\\t"
        case _ where isUnsafeOnTerminal(scalar): safe += "\\u{\(String(scalar.value, radix: 16))}"
        default: safe.unicodeScalars.append(scalar)
        }
    }
    return safe
}

private func isUnsafeOnTerminal(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0: true
    // Line and paragraph separators; embeddings, overrides and isolates of writing direction.
    case 0x2028...0x202E, 0x2066...0x2069, 0x200E, 0x200F: true
    default: false
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Foreign bytes that are not what they claim to be.
@usableFromInline
package struct CodecError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was decoded: "slice list", "volume settings".
    package let subject: String
    /// Byte offset of the first bad byte, nil where offsets mean nothing.
    package let offset: Int?
    /// What was expected and what was found.
    package let reason: String

    package init(_ subject: String, at offset: Int? = nil, _ reason: String) {
        self.subject = subject
        self.offset = offset
        self.reason = reason
    }

    @usableFromInline
    package var description: String {
        guard let offset else { return "\(subject): \(reason)" }
        return "\(subject): byte \(offset): \(reason)"
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Why a deed of maintenance was refused or could not be done.
package struct MaintenanceError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// A guard forbids it.
        case refused
        /// Clients are working on the volume.
        case inUse
        case incompatible
        /// Two things that must belong together do not: a volume and its bucket, a plan and its volume.
        case mismatch
        /// Not everything could be read, so nothing may be concluded.
        case incomplete
        case cancelled
        case failed
    }

    package var code: Code
    /// A verb phrase: "format the volume".
    package var operation: String
    package var reason: String
    /// What the user can do about it.
    package var hint: String?

    package init(_ code: Code, _ operation: String, reason: String, hint: String? = nil) {
        self.code = code
        self.operation = operation
        self.reason = reason
        self.hint = hint
    }

    package var description: String { "\(operation): \(reason)" }
}

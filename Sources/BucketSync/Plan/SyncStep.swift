// SPDX-License-Identifier: Apache-2.0
// The plan as values: what a dry run prints is what a run does. A step carries what both sides looked like
// when it was decided; the executor skips a step whose objects look different by then.

package import ObjectStorage
import SluiceBase

/// One thing to do for one key.
package struct SyncStep: Hashable, Sendable {
    package enum Action: String, Sendable, Hashable, CaseIterable {
        case copy
        /// Compare bytes or attributes of what looks equal, and copy what differs.
        case compare
        case makeDirectory = "make-directory"
        case makeSymlink = "make-symlink"
        /// A further name of a file that this run copied or found: `linkedTo`.
        case makeLink = "make-link"
        case makeSpecial = "make-special"
        /// Mode, owner and group of what is equal otherwise.
        case setFacts = "set-facts"
        /// Facts and time of a directory, after everything in it.
        case finishDirectory = "finish-directory"
        case deleteExtra = "delete-extra"
        case deleteSource = "delete-source"
    }

    package var action: Action
    /// Without the prefixes of the sides.
    package var key: ObjectKey
    /// As the source listed it.
    package var source: ObjectInfo?
    /// As the destination listed it; nil when it had none.
    package var destination: ObjectInfo?
    package var linkedTo: ObjectKey?

    package init(
        _ action: Action,
        _ key: ObjectKey,
        source: ObjectInfo? = nil,
        destination: ObjectInfo? = nil,
        linkedTo: ObjectKey? = nil,
    ) {
        self.action = action
        self.key = key
        self.source = source
        self.destination = destination
        self.linkedTo = linkedTo
    }

    /// Bytes that the step moves.
    package var bytes: UInt64 {
        switch action {
        case .copy, .compare: source?.size ?? 0
        default: 0
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The work was stopped because somebody asked for it.
package struct CancelledError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The one value there is.
    package init() {}

    package var description: String { "cancelled" }
}

/// A request to stop, which long loops look at between steps.
///
/// Once made it stays.
package final class Cancellation: Sendable {
    private let flag = Atomic(false)

    /// Nothing is asked for yet.
    package init() {}

    /// Asks everybody who holds this to stop.
    package func cancel() {
        flag.store(true, ordering: .releasing)
    }

    /// Whether to stop; costs a few nanoseconds.
    package var isCancelled: Bool { flag.load(ordering: .acquiring) }

    /// - Throws: `CancelledError` when asked to stop.
    package func throwIfCancelled() throws(CancelledError) {
        if isCancelled { throw CancelledError() }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Between the commit of a transaction and the record of its usage in the ledger lies a moment in which a
// recount would see the change and the flush after it would add it again. Operations pass the gate side by
// side; a recount waits until all have left, and holds new ones back.
//
// Lock order: the flush gate, the usage gate, an engine's locks; never taken inside a transaction.

import SluiceBase

/// A lock that many operations share or one recount has for itself.
///
/// Not recursive.
final class UsageGate: Sendable {
    private struct State: Sendable {
        var passing = 0
        /// A recount runs, or waits for the last operation to leave.
        var isClosed = false
    }

    private let state = Monitor(State())

    /// Runs a transaction and the record of its usage.
    func passing<Result>(_ body: () throws -> Result) rethrows -> Result {
        state.wait { state -> Void? in
            guard !state.isClosed else { return nil }
            state.passing += 1
            return ()
        }
        defer { state.withLock(waking: 0) { $0.passing -= 1 } }
        return try body()
    }

    /// Runs a recount while no operation is between its commit and its record.
    func closed<Result>(_ body: () throws -> Result) rethrows -> Result {
        state.wait { state -> Void? in
            guard !state.isClosed else { return nil }
            state.isClosed = true
            return ()
        }
        defer { state.withLock(waking: 0) { $0.isClosed = false } }
        state.wait { $0.passing == 0 ? () : nil }
        return try body()
    }
}

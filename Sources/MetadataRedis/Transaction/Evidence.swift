// SPDX-License-Identifier: Apache-2.0
// When the connection is lost after EXEC was sent, nobody says whether the server did it. The key space is
// shared with live peers, so no mark of our own can be left there. But EXEC does all or nothing: one value
// that the transaction read under WATCH and changed tells for all. Found as written, it was done; found as it
// was before, it was not and may run again; found different, somebody else came after, and the outcome
// remains unknown and is reported as such. It is never tried again blindly.

import Metadata
import SluiceBase

/// One value that differs before and after a transaction.
struct Evidence: Hashable, Sendable {
    let fetch: Fetch
    let before: [UInt8]?
    let after: [UInt8]?
}

/// What the server would know a connection by.
struct LostConnection: Hashable, Sendable {
    var id: Int64 = 0
    var serverRun: [UInt8] = []
}

/// The connection was lost while a transaction was being written.
struct UnknownOutcome: Error {
    /// Nil when the transaction changed nothing that it had read.
    let evidence: Evidence?
    let cause: EngineError

    /// Looks at the evidence over another connection.
    /// - Parameter lost: the connection that was lost; the server may still be reading from it.
    /// - Throws: `EngineError.conflict` when nothing was written, so that the transaction may run again;
    ///   `.unreachable` when it cannot be told.
    func resolve(over connection: RedisConnection, lost: LostConnection, address: String) throws(EngineError)
    {
        guard let evidence else { throw unknown(address) }
        var batch = CommandBatch()
        // What the lost connection sent is done before its end or never. Another server, or the same started
        // again, gives the number to somebody else.
        if lost.id > 0, !lost.serverRun.isEmpty, lost.serverRun == connection.serverRun {
            batch.add("CLIENT", Array("KILL".utf8), Array("ID".utf8), [UInt8](decimal: lost.id))
        }
        evidence.fetch.add(to: &batch)
        guard let reply = try connection.exchange(batch).last,
            case .value(let found) = try evidence.fetch.decode(reply, address: address)
        else { throw unknown(address) }
        if found == evidence.after { return }
        guard found == evidence.before else { throw unknown(address) }
        throw EngineError(.conflict, "write", address: address, reason: cause.reason)
    }

    private func unknown(_ address: String) -> EngineError {
        EngineError(
            .unreachable,
            "write",
            address: address,
            reason:
                "the connection was lost during a commit, whether it was done is not known (\(cause.reason))"
        )
    }
}

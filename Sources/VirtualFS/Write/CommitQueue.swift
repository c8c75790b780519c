// SPDX-License-Identifier: Apache-2.0
// Group commit. A transaction costs a flush to disk or a round trip, whatever it holds: changes that are
// ready at the same time share one. The first thread that comes leads: it waits a moment for those that are
// about to come, commits all of them, tells each its own result, and hands the lead to the next that waits.
//
// Lock order: `state` and the tickets are leaves; nothing is called while one is held.

import Glibc
import Metadata
import SluiceBase
import Synchronization
import VolumeModel

/// Commits changes of one tree, several at a time.
///
/// Thread-safe.
final class CommitQueue: Sendable {
    typealias Outcome = Result<[DeletedFile], any Error>

    private struct State: Sendable {
        var waiting: [Ticket] = []
        var hasLeader = false
        /// Small puts whose data are on their way.
        var arriving = 0
    }

    /// Changes of one transaction.
    static let batchLimit = 64
    /// How long a leader waits for changes that are about to come.
    static let gatherTime = Duration.milliseconds(20)
    /// Longest pause that leaves other clients room.
    private static let longestPauseMicroseconds: Int64 = 50_000

    private let volume: Volume
    private let root: Inode
    private let cache = DirectoryCache()
    private let state = Monitor(State())
    private let transactions = Atomic(0)

    /// Transactions committed so far.
    var transactionCount: Int { transactions.load(ordering: .relaxed) }

    init(_ volume: Volume, root: Inode) {
        self.volume = volume
        self.root = root
    }

    /// Announces a change that will soon be run, so that a leader waits for it; `withdraw` or `run` follows.
    func announce() {
        state.withLock { $0.arriving += 1 }
    }

    /// Takes an announcement back.
    func withdraw() {
        state.withLock(waking: 0) { $0.arriving -= 1 }
    }

    /// Commits a change; returns when it is durable.
    /// - Parameter announced: whether `announce` was called for it.
    /// - Returns: files whose data can go now.
    func run(_ change: TreeChange, announced: Bool = false) throws -> [DeletedFile] {
        let ticket = Ticket(change)
        let leads = state.withLock(waking: 0) { state in
            state.waiting.append(ticket)
            if announced { state.arriving -= 1 }
            defer { state.hasLeader = true }
            return !state.hasLeader
        }
        if leads || ticket.wait() == .lead { lead() }
        return try ticket.outcome().get()
    }

    /// Commits one batch, whose first ticket is the leader's own, and passes the lead on.
    private func lead() {
        let deadline = MonotonicTime.now + Self.gatherTime
        _ = state.wait(deadline: deadline) { state in
            state.waiting.count >= Self.batchLimit || state.arriving == 0 ? true : nil
        }
        let batch = state.withLock { state in
            let batch = Array(state.waiting.prefix(Self.batchLimit))
            state.waiting.removeFirst(batch.count)
            return batch
        }
        let start = MonotonicTime.now
        let outcomes = commit(batch.map(\.change))
        for (ticket, outcome) in zip(batch, outcomes) { ticket.finish(outcome) }
        leaveRoom(after: MonotonicTime.now - start)
        let next = state.withLock { state in
            if state.waiting.isEmpty { state.hasLeader = false }
            return state.waiting.first
        }
        next?.promote()
    }

    /// Pauses as long as the transaction took, when there are other clients.
    ///
    /// They poll for the engine's one write lock, and one transaction right after the other would leave them
    /// next to no chance to get it: beside a mount of JuiceFS 1.4.2 it made two files in two seconds.
    private func leaveRoom(after taken: Duration) {
        guard volume.hasOtherClients.load(ordering: .relaxed) else { return }
        usleep(UInt32(clamping: min(taken.wholeNanoseconds / 1000, Self.longestPauseMicroseconds)))
    }

    /// Commits changes together, or each for itself when one of them is refused.
    private func commit(_ changes: [TreeChange]) -> [Outcome] {
        do {
            return try attempt(changes, cache).map { .success($0) }
        } catch {
            guard Self.concernsOneChange(error) else { return changes.map { _ in .failure(error) } }
            cache.forget()
            return changes.map { change in
                Outcome { try attempt([change], nil).first ?? [] }
            }
        }
    }

    /// Whether the others of a batch can succeed; an engine that cannot be reached fails them all.
    private static func concernsOneChange(_ error: any Error) -> Bool {
        guard let error = error as? EngineError else { return true }
        return switch error.code {
        case .exists, .vanished, .corrupt, .overflow: true
        default: false
        }
    }

    private func attempt(_ changes: [TreeChange], _ cache: DirectoryCache?) throws -> [[DeletedFile]] {
        // Every parent may be missing; ids that are not needed go back.
        let inodes = changes.reduce(0) { $0 + ($1.makesParents ? $1.path.names.count : 0) }
        let (deleted, run) = try volume.perform(inodes: inodes) { operation in
            let run = ChangeRun(operation, root: root, cache: cache)
            return (try changes.map { try run.apply($0) }, run)
        }
        transactions.add(1, ordering: .relaxed)
        if run.removesDirectories { self.cache.forget() }
        self.cache.remember(run.directories)
        return deleted
    }
}

/// A change that waits for its commit.
private final class Ticket: Sendable {
    enum Turn: Sendable {
        case lead, finished
    }

    private struct State: Sendable {
        var isPromoted = false
        var outcome: CommitQueue.Outcome?
    }

    let change: TreeChange
    private let state = Monitor(State())

    init(_ change: TreeChange) {
        self.change = change
    }

    func promote() {
        state.withLock(waking: 0) { $0.isPromoted = true }
    }

    func finish(_ outcome: CommitQueue.Outcome) {
        state.withLock(waking: 0) { $0.outcome = outcome }
    }

    /// Waits for the outcome or the lead.
    func wait() -> Turn {
        state.wait { state in
            if state.outcome != nil { return .finished }
            return state.isPromoted ? .lead : nil
        }
    }

    func outcome() -> CommitQueue.Outcome {
        state.wait { $0.outcome }
    }
}

// SPDX-License-Identifier: Apache-2.0
// One side's listing as a stream: a thread of its own pulls batches, checks that keys rise, cuts the prefix
// off and leaves out what the run is not about. Memory is bounded by the queue.

package import ObjectStorage
import SluiceBase
import Synchronization

/// How a listing ended.
package enum ListingOutcome: Sendable, Hashable {
    /// Every key was seen.
    case complete
    /// Not asked for, or ended early on purpose.
    case partial
    case failed(StorageError)
}

/// What a lister saw, beside the keys it handed on.
struct ListingCounts: Sendable {
    /// Keys in all.
    var seen: UInt64 = 0
    var excluded: UInt64 = 0
    var excludedBytes: UInt64 = 0
}

/// The keys of one side in rising order.
final class KeyCursor {
    private struct Shared: Sendable {
        var outcome = ListingOutcome.partial
        var counts = ListingCounts()
    }

    private let queue = BoundedQueue<[ObjectInfo]>(capacity: 8)
    private let shared: Monitored
    private let thread: WorkerThread?
    private var batch: [ObjectInfo] = []
    private var position = 0

    /// The lister's results, which outlive the cursor's owner thread.
    private final class Monitored: Sendable {
        let state = Mutex(Shared())
    }

    /// Starts the lister.
    ///
    /// The listing itself is made on its thread, so that both sides start at once.
    init(
        _ side: SyncSide,
        _ selection: Selection,
        _ fidelity: Fidelity,
        _ start: @escaping @Sendable () throws(StorageError) -> (any ObjectListing)?,
    ) throws(SystemError) {
        let shared = Monitored()
        self.shared = shared
        let queue = queue
        let filter = ListingFilter(side, selection, fidelity)
        thread = try WorkerThread(name: "sync-list") {
            var filter = filter
            var outcome: ListingOutcome
            do throws(StorageError) {
                outcome = try Self.run(try start(), &filter, into: queue)
            } catch {
                outcome = .failed(error)
            }
            shared.state.withLock {
                $0.outcome = outcome
                $0.counts = filter.counts
            }
            queue.close()
        }
    }

    /// A side that is not listed.
    init() {
        shared = Monitored()
        thread = nil
        queue.close()
    }

    deinit {
        queue.cancel()
    }

    private static func run(
        _ listing: (any ObjectListing)?,
        _ filter: inout ListingFilter,
        into queue: BoundedQueue<[ObjectInfo]>,
    ) throws(StorageError) -> ListingOutcome {
        while let objects = try listing?.next(), !objects.isEmpty {
            let admitted = try filter.admit(objects)
            if !admitted.isEmpty, !queue.push(admitted) { return .partial }
            // Past the last wanted key: whatever follows is no part of the run.
            if filter.isPastEnd { break }
        }
        return .complete
    }

    /// The next key, nil at the end.
    func peek() -> ObjectInfo? {
        while position == batch.count {
            guard let next = queue.pop() else { return nil }
            batch = next
            position = 0
        }
        return batch[position]
    }

    func advance() {
        position += 1
    }

    /// Ends the lister early.
    func stop() {
        queue.cancel()
        thread?.join()
    }

    /// How the listing ended; `.partial` while it runs.
    var outcomeSoFar: ListingOutcome { shared.state.withLock { $0.outcome } }

    /// How the listing ended; waits for the lister.
    var outcome: ListingOutcome {
        thread?.join()
        return shared.state.withLock { $0.outcome }
    }

    /// What the lister saw; waits for it.
    var counts: ListingCounts {
        thread?.join()
        return shared.state.withLock { $0.counts }
    }
}

/// What of a listing belongs to the run, and whether the keys rise.
private struct ListingFilter: Sendable {
    private let side: SyncSide
    private let selection: Selection
    private let fidelity: Fidelity
    private var last: ObjectKey?
    private(set) var isPastEnd = false
    var counts = ListingCounts()

    init(_ side: SyncSide, _ selection: Selection, _ fidelity: Fidelity) {
        self.side = side
        self.selection = selection
        self.fidelity = fidelity
    }

    mutating func admit(_ objects: [ObjectInfo]) throws(StorageError) -> [ObjectInfo] {
        var admitted: [ObjectInfo] = []
        admitted.reserveCapacity(objects.count)
        for (index, object) in objects.enumerated() {
            if let last, object.key <= last {
                // Some servers repeat the last key of a page as the first of the next.
                if index == 0, object.key == last { continue }
                throw StorageError(
                    .corrupt,
                    "list",
                    key: object.key,
                    address: side.store.address,
                    reason: "keys are out of order: it comes after \(last)"
                )
            }
            last = object.key
            guard object.key.hasPrefix(side.prefix) else {
                throw StorageError(
                    .corrupt,
                    "list",
                    key: object.key,
                    address: side.store.address,
                    reason: "the key does not begin with the prefix that was asked for"
                )
            }
            var own = object
            if !side.prefix.isEmpty { own.key = object.key.dropFirst(side.prefix.count) }
            if let end = selection.end, own.key > end {
                isPastEnd = true
                break
            }
            if isWanted(own) { admitted.append(own) }
        }
        return admitted
    }

    private mutating func isWanted(_ object: ObjectInfo) -> Bool {
        // The root itself is handled with the directories; a file without a further name is the prefix
        // itself.
        if object.kind == .commonPrefix || (object.key.isEmpty && object.kind == .directory) { return false }
        if object.kind == .directory, !fidelity.directories { return false }
        if let start = selection.start, object.key < start { return false }
        counts.seen += 1
        guard selection.names.admit(object.key), !object.key.isLeftover else {
            counts.excluded += 1
            counts.excludedBytes &+= object.size  // a statistic: may wrap at 16 EiB
            return false
        }
        return true
    }
}

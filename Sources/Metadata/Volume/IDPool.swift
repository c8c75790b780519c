// SPDX-License-Identifier: Apache-2.0
// Ids come from a counter in batches, each taken in a transaction of its own; ids that are not used are lost
// (metadata-format §5.1).

import SluiceBase
import Synchronization

/// Hands out inodes or slice ids of one volume.
///
/// Thread-safe; nothing is called while the lock is held.
final class IDPool: Sendable {
    private let counter: Counter
    private let batch: Int64
    /// Lower ids are reserved.
    private let first: UInt64
    private let free = Mutex<[UInt64]>([])

    init(counter: Counter, batch: Int64, first: UInt64) {
        self.first = first
        self.counter = counter
        self.batch = batch
    }

    /// Takes `count` ids, fetching whole batches when too few are left.
    func take(_ count: Int, of volume: Volume) throws -> [UInt64] {
        var taken = pop(count)
        while taken.count < count {
            let added = batch
            let next = try volume.engine.write { transaction in
                try volume.log(.takeIDs(counter, added), in: transaction)
                return try transaction.advance(counter, by: added)
            }
            // The counter holds the next free id: the batch ends just before it. On Redis a new volume has no
            // counter, and its first batch begins with what is reserved (metadata-format §3.3).
            guard next > added, let start = UInt64(exactly: next - added), let end = UInt64(exactly: next)
            else {
                throw EngineError(
                    .corrupt,
                    "take ids from counter \(counter.rawValue)",
                    address: volume.engine.address,
                    reason: "the counter holds \(next - added)"
                )
            }
            let usable = min(max(start, first), end)..<end
            free.withLock { ids in ids.insert(contentsOf: usable.reversed(), at: 0) }
            taken += pop(count - taken.count)
        }
        return taken
    }

    /// Returns ids that a transaction did not need.
    func giveBack(_ ids: [UInt64]) {
        guard !ids.isEmpty else { return }
        free.withLock { $0 += ids }
    }

    private func pop(_ count: Int) -> [UInt64] {
        free.withLock { ids in
            let taken = Array(ids.suffix(count))
            ids.removeLast(taken.count)
            return taken
        }
    }
}

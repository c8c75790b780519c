// SPDX-License-Identifier: Apache-2.0
// A courtesy among the threads of one process: transactions that watch the same key first come one after the
// other, because of those that run at the same time the server would refuse all but one. Only WATCH decides
// what is right.

import SluiceBase

/// Lets one transaction at a time begin with a key.
///
/// Thread-safe. A transaction waits for one place only, and holds none while it does.
final class KeyQueue: Sendable {
    /// Of more threads than that, some wait for others without need.
    private static let count = 512
    private let places = (0..<count).map { _ in Monitor(false) }

    /// Waits for the place of a key.
    /// - Returns: what `leave` takes.
    func enter(_ key: Key) -> Int {
        let place = Int(UInt(bitPattern: key.hashValue) % UInt(Self.count))
        places[place].wait { isTaken -> Void? in
            if isTaken { return nil }
            isTaken = true
            return ()
        }
        return place
    }

    func leave(_ place: Int) {
        places[place].withLock(waking: 0) { $0 = false }
    }
}

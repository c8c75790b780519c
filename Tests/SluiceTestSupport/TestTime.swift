// SPDX-License-Identifier: Apache-2.0

import ObjectStorage
import Synchronization

/// A clock that stands still but for the waits, which take no time and are written down.
package final class TestTime: Waiting {
    private let state = Mutex<(now: UInt64, waits: [UInt64])>((now: 0, waits: []))

    package init() {}

    package var nanoseconds: UInt64 { state.withLock { $0.now } }

    /// All waits so far, in nanoseconds.
    package var waits: [UInt64] { state.withLock { $0.waits } }

    package func wait(nanoseconds: UInt64) {
        state.withLock { state in
            state.now += nanoseconds
            state.waits.append(nanoseconds)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// What the threads of an engine remember together. All of it saves work only: nothing is wrong when it is
// forgotten or out of date.

import Metadata
import SluiceBase
import Synchronization
import VolumeModel

/// Thread-safe; the lock is a leaf.
final class SharedState: Sendable {
    /// Members of queues that are remembered by the number they begin with.
    private static let maximumHints = 100_000

    private struct State {
        var deletedFiles: [Inode: [UInt8]] = [:]
        var delayedSlices: [UInt64: [UInt8]] = [:]
        /// The script's name on the server; empty when the server runs no scripts.
        var script: [UInt8]?
    }

    let listings = ListingWindows()
    private let state = Mutex(State())

    /// The whole member of a deleted file, without which it can be found only by looking at all.
    func hint(ofDeletedFile inode: Inode) -> [UInt8]? {
        state.withLock { $0.deletedFiles[inode] }
    }

    func remember(_ member: [UInt8], ofDeletedFile inode: Inode) {
        state.withLock { state in
            if state.deletedFiles.count >= Self.maximumHints { state.deletedFiles = [:] }
            state.deletedFiles[inode] = member
        }
    }

    /// The whole field of delayed slices, without which it can be found only by looking at all.
    func hint(ofDelayedSlices id: UInt64) -> [UInt8]? {
        state.withLock { $0.delayedSlices[id] }
    }

    func remember(_ field: [UInt8], ofDelayedSlices id: UInt64) {
        state.withLock { state in
            if state.delayedSlices.count >= Self.maximumHints { state.delayedSlices = [:] }
            state.delayedSlices[id] = field
        }
    }

    var lookupScript: [UInt8]? {
        get { state.withLock { $0.script } }
        set { state.withLock { $0.script = newValue } }
    }
}

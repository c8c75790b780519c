// SPDX-License-Identifier: Apache-2.0
// While this program writes to a volume it is one of its clients: registered, showing life, and adding what
// it used to the totals every second (metadata-format §5.2, §5.8).

package import BlockStore
package import Metadata
import SluiceBase
import Synchronization
package import VolumeModel

/// A client's registration for the time of its writing.
///
/// Thread-safe.
package final class WritingSession: Sendable {
    package let volume: Volume
    package let session: Session
    private let slices: SliceStore
    private let tasks: [PeriodicTask]
    private let failure: Failure

    /// The first error that ends the session; shared with the periodic tasks.
    private final class Failure: Sendable {
        private let error = Mutex<(any Error)?>(nil)

        var first: (any Error)? { error.withLock { $0 } }

        func note(_ error: any Error) {
            self.error.withLock { $0 = $0 ?? error }
        }
    }

    /// Registers and starts showing life.
    /// - Throws: what `Session.init` throws; `SystemError` without threads.
    package init(opening volume: Volume, slices: SliceStore, info: SessionInfo) throws {
        self.volume = volume
        self.slices = slices
        let session = try Session(opening: volume, info: info)
        let failure = Failure()
        self.session = session
        self.failure = failure
        let heartbeat = try PeriodicTask(every: .seconds(SessionRule.heartbeat), name: "heartbeat") {
            do {
                try session.refresh()
            } catch {
                // Anything else passes, or comes up where work is done.
                if (error as? EngineError)?.endsSession == true { failure.note(error) }
            }
        }
        let flush = try PeriodicTask(every: .seconds(1), name: "usage") {
            do {
                try volume.flushUsage()
            } catch {
                // What was not flushed stays in the ledger for the next second and for `close`.
                return
            }
        }
        let trim = try PeriodicTask(every: .seconds(300), name: "change log") {
            do {
                try volume.trimChangeLog(now: volume.clock.now().seconds)
            } catch {
                // The next client whose turn it is tries again.
                return
            }
        }
        tasks = [heartbeat, flush, trim]
    }

    /// - Throws: the error that ended the session: nothing may be written any more.
    package func check() throws {
        if let error = failure.first { throw error }
    }

    /// Flushes what was used and takes the registration back.
    ///
    /// Call once, when nothing is written any more.
    /// - Throws: the error that ended the session, or what flushing and closing throw.
    package func close() throws {
        for task in tasks { task.stop() }
        try check()
        try volume.flushUsage()
        let slices = slices
        for file in try session.close() {
            try volume.deleteData(of: file) { unused in
                for slice in unused { try slices.delete(slice: slice.id, size: slice.size) }
            }
        }
    }
}

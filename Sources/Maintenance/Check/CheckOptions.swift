// SPDX-License-Identifier: Apache-2.0

package import ObjectStorage
package import SluiceBase
package import VolumeModel

/// What a check looks at.
package struct CheckOptions: Sendable {
    /// Only what lies below this path; nil checks the whole volume.
    package var path: ByteString?
    /// With `path`: also everything below it, not only the node itself.
    package var isRecursive = false
    /// Reads every block and tries to decode it.
    package var readsData = false
    /// Threads that read blocks.
    package var dataThreads = 10
    /// Fetches and decodes a block; returns the number of plain bytes.
    ///
    /// Needed when `readsData`; called from several threads.
    package var blockReader: (@Sendable (BlockKey) throws -> Int)?
    /// How large the object of a block with so many plain bytes must be.
    package var expectedObjectSize: @Sendable (_ plainSize: UInt32) -> SizeRule = { .exact(UInt64($0)) }
    /// Reads the volume's UUID object, nil when there is none; decrypts where the volume is encrypted.
    ///
    /// Nil: not checked.
    package var storedUUID: (@Sendable () throws -> String?)?
    /// Objects younger than this are not called leaked: a client may be about to use them (admin-commands
    /// §5).
    package var leakGraceSeconds: Int64 = 3600
    /// How to wait for live clients to flush their usage.
    package var waiting: any Waiting = SystemWaiting()
    package var cancellation = Cancellation()
    package var spill = SpillSpace()

    package init() {}

    /// Longest time that a client keeps changes of usage to itself, and a margin (metadata-format §5.8).
    static let flushWindowNanoseconds: UInt64 = 4_000_000_000
}

/// How far a check is.
package struct CheckProgress: Hashable, Sendable {
    package enum Phase: String, Hashable, Sendable {
        case objects, metadata, slices, confirming, data
    }

    package var phase: Phase
    package var done: UInt64
    /// Nil when nobody knows.
    package var total: UInt64?

    package init(_ phase: Phase, done: UInt64, total: UInt64? = nil) {
        self.phase = phase
        self.done = done
        self.total = total
    }
}

// SPDX-License-Identifier: Apache-2.0
// What a run did and what it does not know.

package import ObjectStorage
import SluiceBase

/// Counts of a run; a snapshot while it runs, the result when it has ended.
///
/// Bytes count in the objects' own sizes.
package struct SyncCounts: Hashable, Sendable {
    /// Keys that the source listed, the excluded ones among them.
    package var found: UInt64 = 0
    package var excluded: UInt64 = 0
    package var excludedBytes: UInt64 = 0
    package var skipped: UInt64 = 0
    package var skippedBytes: UInt64 = 0
    /// Objects, links and directories made; in a dry run those that would be.
    package var copied: UInt64 = 0
    package var copiedBytes: UInt64 = 0
    /// What only the destination has.
    package var extra: UInt64 = 0
    package var extraBytes: UInt64 = 0
    /// Compared byte by byte or read back.
    package var checked: UInt64 = 0
    package var checkedBytes: UInt64 = 0
    package var deleted: UInt64 = 0
    package var failed: UInt64 = 0
    /// Copies whose checksum the destination confirmed.
    package var verified: UInt64 = 0
    /// Copies of which only the size is known to be right.
    package var unverified: UInt64 = 0
    /// Of the skipped: gone from the source since it was listed.
    package var vanished: UInt64 = 0
    /// Of the skipped: fifos, sockets and devices that were not asked for or cannot be made there.
    package var specials: UInt64 = 0
    /// Of the skipped: links that lead nowhere, where links are followed.
    package var brokenLinks: UInt64 = 0
    /// Of the copied: further names of a file.
    package var linked: UInt64 = 0
    /// Of the skipped: only mode, owner or attributes were set.
    package var adjusted: UInt64 = 0
    /// Not removed, because it had changed since it was listed.
    package var stale: UInt64 = 0
    /// Names of one file that were copied separately, because there are too many such files for one run.
    package var splitLinks: UInt64 = 0

    package init() {}
}

/// An object that was not handled.
package struct SyncFailure: Hashable, Sendable {
    package var key: ObjectKey
    package var action: SyncStep.Action
    package var error: StorageError

    package init(_ key: ObjectKey, _ action: SyncStep.Action, _ error: StorageError) {
        self.key = key
        self.action = action
        self.error = error
    }
}

/// Why extras were left alone although they were to be removed.
package enum RemovalHold: Hashable, Sendable {
    case listingFailed
    case emptySource
    /// More than `--max-delete` allows.
    case tooMany(UInt64, allowed: UInt64)
    case stopped
}

/// The result of a run.
package struct SyncReport: Sendable {
    package var counts = SyncCounts()
    /// The first failures, at most `SyncReport.keptFailures`; `counts.failed` has their number.
    package var failures: [SyncFailure] = []
    package var sourceListing = ListingOutcome.partial
    package var destinationListing = ListingOutcome.partial
    package var removalHold: RemovalHold?
    package var isDry = false
    package var isCancelled = false
    /// Ended early because as many objects failed as were allowed.
    package var reachedFailureLimit = false

    static let keptFailures = 1000

    package init() {}

    /// Whether a listing broke off.
    package var isIncomplete: Bool {
        if case .failed = sourceListing { return true }
        if case .failed = destinationListing { return true }
        return removalHold == .emptySource
    }

    /// Whether something in scope is not as it should be now.
    package var hasProblems: Bool {
        if case .tooMany = removalHold { return true }
        return counts.failed > 0 || counts.stale > 0 || counts.splitLinks > 0 || reachedFailureLimit
    }
}

/// What became of a step.
package enum StepOutcome: Sendable, Hashable {
    /// Copied, and the destination's own checksum is that of what was read.
    case verified
    /// Copied; only the size is known to be right.
    case unverified
    /// Done, where there are no bytes to verify.
    case done
    /// Compared and found equal.
    case equal
    /// The source is gone since it was listed.
    case vanished
    /// Left alone, with the reason.
    case kept(String)
    case failed(StorageError)
}

/// What a run tells while it goes on.
///
/// Comes from several threads.
package enum SyncEvent: Sendable {
    /// A dry run would do this.
    case planned(SyncStep)
    case ended(SyncStep, StepOutcome)
    case warning(ObjectKey?, String)
}

/// A run that cannot begin.
package struct SyncError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// One side lies inside the other.
        case overlap
        /// The options contradict each other or the stores.
        case options
        /// The machine gave no thread or no temporary file.
        case system
    }

    package let code: Code
    package let reason: String

    package init(_ code: Code, _ reason: String) {
        self.code = code
        self.reason = reason
    }

    package var description: String { "sync: \(reason)" }
}

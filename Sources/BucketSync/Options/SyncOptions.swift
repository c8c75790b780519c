// SPDX-License-Identifier: Apache-2.0
// What a run is asked to do. The meaning of the options is that of JuiceFS 1.4.2 (sync.md §a.2) but for what
// §c demands.

package import ObjectStorage
import SluiceBase

/// One side of a run: a store and the raw prefix of the keys that belong to the run.
package struct SyncSide: Sendable {
    package let store: any ObjectStore
    /// Put before every key, byte for byte; need not end in `/`.
    package let prefix: ObjectKey

    package init(_ store: any ObjectStore, prefix: ObjectKey = ObjectKey([])) {
        self.store = store
        self.prefix = prefix
    }

    /// The side as people write it.
    package var address: String { store.address + prefix.description }

    /// The store, where it keeps directories, links and owners.
    var tree: (any FileTreeStore)? { store as? any FileTreeStore }

    /// The key as the store knows it.
    func full(_ key: ObjectKey) -> ObjectKey {
        prefix.isEmpty ? key : prefix + key
    }
}

/// Which objects of the destination are replaced.
package struct Comparison: Hashable, Sendable {
    /// Replace only what is older, by whole seconds, whatever the sizes.
    package var update = false
    /// Replace everything without comparing.
    package var forceUpdate = false
    /// Leave out what the destination does not have.
    package var existingOnly = false
    /// Leave alone what the destination has.
    package var ignoreExisting = false
    /// Compare the bytes of what looks equal.
    package var content = false

    package init() {}
}

/// What is kept beside the bytes.
package struct Fidelity: Hashable, Sendable {
    /// Directories of their own, also empty ones, with their times.
    package var directories = false
    /// Mode, owner and group.
    package var permissions = false
    /// Symbolic links as links, not as what they point to.
    package var symlinks = false
    /// Names of one file stay names of one file.
    package var hardLinks = false
    package var attributes = false
    /// Fifos, sockets and devices.
    package var specials = false

    package init() {}

    /// Everything that a file system keeps.
    package static var archive: Fidelity {
        var all = Fidelity()
        all.directories = true
        all.permissions = true
        all.symlinks = true
        all.hardLinks = true
        all.attributes = true
        all.specials = true
        return all
    }
}

/// What is removed.
package struct Removal: Hashable, Sendable {
    /// How much a run may remove from the destination.
    package enum Bound: Hashable, Sendable {
        case objects(UInt64)
        /// Of the objects that the destination listed, 0 ... 100.
        case percent(Int)
    }

    /// What only the destination has.
    package var extras = false
    /// Objects of the source that the destination has already.
    package var sourceIfEqual = false
    /// Objects of the source that this run copied.
    package var sourceAfterCopy = false
    /// Take equal sizes for equal bytes before a source is removed.
    package var trustsSize = false
    /// Remove extras even when the source listed nothing.
    package var allowsEmptySource = false
    package var bound: Bound?

    package init() {}
}

/// How a copy is proven.
package enum Verification: Sendable, Hashable {
    /// Sizes, and the checksum of what was read against the checksum that the destination reports.
    case stream
    /// Also the checksum of what the destination reads back.
    case full
}

/// What a run is asked to do.
package struct SyncOptions: Sendable {
    package var comparison = Comparison()
    package var fidelity = Fidelity()
    package var removal = Removal()
    package var selection = Selection()
    package var verification = Verification.stream
    /// Look a source up again after each copy; without it only after copies that took more than one read.
    package var checksChange = false
    /// Plan, but do nothing.
    package var isDry = false
    /// Transfers at a time, at least 1.
    package var threads = 10
    /// Bytes per second of all transfers together, 0 for no limit.
    package var bytesPerSecond: UInt64 = 0
    /// Stop as soon as that many objects failed; nil goes on.
    package var maximumFailures: UInt64?

    package init() {}
}

// SPDX-License-Identifier: Apache-2.0
// Listings are pulled batch by batch, so that two of them can be merged in constant memory.

import SluiceBase

/// What to list.
package struct ListRequest: Hashable, Sendable {
    /// Raw byte prefix; empty lists everything.
    package var prefix: ObjectKey
    /// Only keys greater than this; with a delimiter the rolled-up key counts.
    package var after: ObjectKey?
    /// `/` rolls deeper keys up into common prefixes; nil lists all levels.
    package var delimiter: UInt8?
    /// Whether symbolic links are followed (listed as what they point to) or listed as links.
    package var followsLinks: Bool
    /// Whether directories of a file system are listed, as keys ending in `/`.
    package var includesDirectories: Bool

    package init(
        prefix: ObjectKey = ObjectKey([]),
        after: ObjectKey? = nil,
        delimiter: UInt8? = nil,
        followsLinks: Bool = true,
        includesDirectories: Bool = false,
    ) {
        self.prefix = prefix
        self.after = after
        self.delimiter = delimiter
        self.followsLinks = followsLinks
        self.includesDirectories = includesDirectories
    }
}

extension ListRequest {
    /// What an object that has the prefix is listed as: itself, or the common prefix that it belongs to.
    package func rolledUp(_ object: ObjectInfo) -> ObjectInfo {
        guard let delimiter else { return object }
        let rest = object.key.bytes.dropFirst(prefix.count)
        guard let end = rest.firstIndex(of: delimiter) else { return object }
        let key = ObjectKey(Array(object.key.bytes[...end]))
        return ObjectInfo(key: key, size: 0, modified: .epoch, kind: .commonPrefix)
    }
}

/// A running listing: one owner, one thread at a time.
package protocol ObjectListing: AnyObject {
    /// The next objects in key order, at least one; empty when the listing is complete.
    ///
    /// An error means that the listing is incomplete from here on: nothing may be concluded from what is
    /// missing.
    func next() throws(StorageError) -> [ObjectInfo]
}

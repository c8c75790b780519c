// SPDX-License-Identifier: Apache-2.0

import ObjectStorage
import SluiceBase
import VolumeModel

/// A key as a path: names from the tree's root on; the empty key is the root itself.
struct TreePath: Hashable {
    var names: [FileName]
    /// The key ends in `/`.
    var isDirectory: Bool

    /// - Throws: `StorageError.invalidKey` for empty names, `.`, `..`, NUL and names that are too long.
    init(_ key: ObjectKey, _ operation: String, address: String) throws(StorageError) {
        var parts = key.bytes.split(separator: Self.slash, omittingEmptySubsequences: false)
        isDirectory = parts.count > 1 && parts.last?.isEmpty == true
        if parts.last?.isEmpty == true { parts.removeLast() }
        names = parts.map { FileName($0) }
        guard names.allSatisfy(\.isValidName) else {
            throw StorageError(.invalidKey, operation, key: key, address: address)
        }
    }

    /// The last name and the names before it; nil for the root.
    var split: (parent: [FileName], name: FileName)? {
        guard let last = names.last else { return nil }
        return (Array(names.dropLast()), last)
    }

    static let slash = UInt8(ascii: "/")
}

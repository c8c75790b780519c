// SPDX-License-Identifier: Apache-2.0

package import SluiceBase

/// An object store that is a file system: what copying a tree of files needs beyond bytes.
package protocol FileTreeStore: ObjectStore {
    /// Makes a directory with its parents, or keeps the one that exists, and sets its facts and time.
    func makeDirectory(_ key: ObjectKey, facts: FileFacts?, modified: Timestamp?) throws(StorageError)

    /// Makes a symbolic link in place of whatever has this name, except a directory that is not empty.
    func makeSymlink(
        _ key: ObjectKey,
        target: ByteString,
        facts: FileFacts?,
        modified: Timestamp?,
    ) throws(StorageError)

    /// Gives an existing file a further name, in place of whatever has this name.
    func makeLink(_ key: ObjectKey, to existing: ObjectKey) throws(StorageError)

    /// Makes a fifo, socket or device in place of whatever has this name.
    ///
    /// Throws `.denied` for devices without the right to make them.
    func makeSpecial(
        _ key: ObjectKey,
        _ file: SpecialFile,
        facts: FileFacts?,
        modified: Timestamp?,
    ) throws(StorageError)

    /// Sets owner, mode (not of links) and time of last change; of a link itself, not of what it points to.
    func setFacts(_ key: ObjectKey, _ facts: FileFacts?, modified: Timestamp?) throws(StorageError)

    /// The extended attributes of a file, of a link itself, sorted by name.
    func extendedAttributes(_ key: ObjectKey) throws(StorageError) -> [ExtendedAttribute]

    /// Makes these the extended attributes of a file, of a link itself: adds, replaces and removes.
    ///
    /// Attributes outside the namespace `user.` are only added and replaced: the system keeps some of its own
    /// there.
    func setExtendedAttributes(_ key: ObjectKey, _ attributes: [ExtendedAttribute]) throws(StorageError)
}

/// A named value at a file.
package struct ExtendedAttribute: Hashable, Sendable {
    package var name: ByteString
    package var value: [UInt8]

    package init(name: ByteString, value: [UInt8]) {
        self.name = name
        self.value = value
    }
}

// SPDX-License-Identifier: Apache-2.0
// A volume, or a directory of it, as an object store: keys are paths without a leading slash, directories end
// in `/`. Reading asks for no permissions: administration tools act as root (data-format §1, sync.md §a.1).

package import BlockStore
package import Metadata
package import ObjectStorage
package import SluiceBase
import VolumeModel

/// The tree of a volume as objects.
///
/// Thread-safe; calls block.
package final class VolumeTree: FileTreeStore {
    package let volume: Volume
    package let slices: SliceStore
    package let address: String
    package let limits: StorageLimits
    /// The directory that all keys lie below.
    let root: Inode
    /// Gathers puts into transactions.
    let commits: CommitQueue

    /// Opens the tree below a directory.
    /// - Parameters:
    ///   - path: the directory, from the volume's root on; empty for the root itself.
    ///   - address: how the tree is called in messages.
    /// - Throws: `StorageError.notFound` when there is no such directory.
    package init(
        _ volume: Volume,
        _ slices: SliceStore,
        path: ByteString = "",
        address: String,
    ) throws(StorageError) {
        self.volume = volume
        self.slices = slices
        self.address = address
        limits = StorageLimits(maximumObjectSize: FileName.maximumFileLength, isFileSystem: true)
        var key = path
        while key.bytes.first == TreePath.slash { key.bytes.removeFirst() }
        let names = try TreePath(key, "open", address: address).names
        do {
            let place = try volume.engine.read { reader in
                try PathWalk(reader: reader).find(names, from: [.root], followingLast: true)
            }
            guard let place, place.attributes.type == .directory else {
                throw StorageError(.notFound, "open", key: key, address: address, reason: "no such directory")
            }
            root = place.inode
        } catch {
            throw StorageError(error, "open", key: key, address: address)
        }
        commits = CommitQueue(volume, root: root)
    }

    /// Finds a key's node in one consistent state and hands it on.
    func locate<Result>(
        _ key: ObjectKey,
        _ operation: String,
        followingLast: Bool,
        _ body: (PathWalk.Place, any MetadataReader) throws -> Result,
    ) throws(StorageError) -> Result {
        let path = try TreePath(key, operation, address: address)
        do {
            return try volume.engine.read { reader in
                let place = try PathWalk(reader: reader).find(
                    path.names,
                    from: [root],
                    followingLast: followingLast
                )
                guard let place, !path.isDirectory || place.attributes.type == .directory else {
                    throw StorageError(.notFound, operation, key: key, address: address)
                }
                return try body(place, reader)
            }
        } catch {
            throw StorageError(error, operation, key: key, address: address)
        }
    }
}

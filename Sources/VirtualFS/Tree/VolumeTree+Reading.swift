// SPDX-License-Identifier: Apache-2.0

import BlockStore
import Metadata
package import ObjectStorage
import SluiceBase
import VolumeModel

extension VolumeTree {
    package func head(_ key: ObjectKey) throws(StorageError) -> ObjectInfo {
        try locate(key, "look up", followingLast: false) { place, reader in
            guard place.attributes.type == .symlink else {
                return ObjectInfo(key: key, inode: place.inode, place.attributes)
            }
            let target = try reader.symlinkTarget(of: place.inode)
            let names = try TreePath(key, "look up", address: address).names
            let walk = PathWalk(reader: reader)
            do {
                if let end = try walk.find(names, from: [root], followingLast: true) {
                    return ObjectInfo(key: key, inode: end.inode, end.attributes, target: target)
                }
            } catch let error as VolumeError {
                guard error.code == .linkLoop else { throw error }
            }
            return ObjectInfo(key: key, inode: place.inode, place.attributes, target: target)
        }
    }

    /// Streams a file's bytes; holes come as zeros, a directory as nothing.
    package func read(_ key: ObjectKey, range: ByteRange, into sink: ByteSink) throws(StorageError) -> UInt64
    {
        let (inode, wanted) = try locate(key, "read", followingLast: true) { place, _ in
            let length = place.attributes.type == .file ? place.attributes.length : 0
            guard place.attributes.type == .file || place.attributes.type == .directory else {
                throw StorageError(
                    .unsupported,
                    "read",
                    key: key,
                    address: address,
                    reason: "not a regular file"
                )
            }
            return (place.inode, range.clamped(to: length))
        }
        guard !wanted.isEmpty else { return 0 }
        var failure: (any Error)?
        do {
            let count = try unsafe withoutActuallyEscaping(sink) { sink in
                let reader = unsafe SliceReader(slices) { run in
                    do {
                        try unsafe sink(run)
                    } catch {
                        failure = error
                        throw CancelledTransfer()
                    }
                }
                try volume.forEachPiece(of: inode, in: wanted) { try reader.add($0.slice) }
                return try reader.finish()
            }
            guard count == UInt64(wanted.count) else {
                throw StorageError(
                    .corrupt,
                    "read",
                    key: key,
                    address: address,
                    reason: "the file became shorter while it was read"
                )
            }
            return count
        } catch {
            if let failure { throw StorageError(endedBy: failure, "read", key: key, address: address) }
            throw StorageError(error, "read", key: key, address: address)
        }
    }

    package func list(_ request: ListRequest) throws(StorageError) -> any ObjectListing {
        try TreeListing(request, root: root, engine: volume.engine, address: address)
    }
}

extension VolumeTree {
    package func extendedAttributes(_ key: ObjectKey) throws(StorageError) -> [ExtendedAttribute] {
        let settings = volume.settings
        return try locate(key, "read the extended attributes of", followingLast: false) { place, reader in
            let view = VolumeView(reader: reader, settings: settings)
            return try view.extendedAttributeNames(of: place.inode).sorted().map { name in
                ExtendedAttribute(name: name, value: try view.extendedAttribute(name, of: place.inode))
            }
        }
    }
}

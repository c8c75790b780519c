// SPDX-License-Identifier: Apache-2.0
// Walks a volume's tree in key order, depth first. Memory: one page of entries per level of the tree.

import Metadata
import ObjectStorage
import SluiceBase
import VolumeModel

/// The nodes below a directory in key order.
///
/// A damaged entry is listed as an object, whose read then fails: one bad record must not hide its
/// neighbours.
final class TreeListing: ObjectListing {
    private let request: ListRequest
    private let engine: any MetadataEngine
    private let address: String
    private var frames: [DirectoryFrame] = []
    private var first: ObjectInfo?
    private var failure: StorageError?
    /// The key to skip up to; nil as soon as it is passed.
    private var after: ObjectKey?

    /// - Parameter root: the tree's root directory.
    init(
        _ request: ListRequest,
        root: Inode,
        engine: any MetadataEngine,
        address: String
    ) throws(StorageError) {
        self.request = request
        self.engine = engine
        self.address = address
        after = request.after
        guard request.delimiter == nil || request.delimiter == TreePath.slash else {
            throw StorageError(
                .unsupported,
                "list",
                address: address,
                reason: "files are rolled up at / only"
            )
        }
        do {
            try start(at: root)
        } catch {
            throw StorageError(error, "list", key: request.prefix, address: address)
        }
    }

    /// Opens the directory that the prefix lies in; without one there is nothing to list.
    private func start(at root: Inode) throws {
        let cut = request.prefix.bytes.lastIndex(of: TreePath.slash).map { $0 + 1 } ?? 0
        let folder = ByteString(request.prefix.bytes[..<cut])
        let path = try TreePath(folder, "list", address: address)
        let place = try engine.read { reader in
            try PathWalk(reader: reader).find(path.names, from: [root], followingLast: true)
        }
        guard let place, place.attributes.type == .directory else { return }
        var bounds = DirectoryFrame.Bounds(prefix: FileName(request.prefix.bytes[cut...]))
        if let after = request.after, after.hasPrefix(folder), after.count > folder.count {
            bounds.after = after.dropFirst(folder.count)
        }
        push(place.directories, key: folder, bounds)
        guard request.includesDirectories, !folder.isEmpty, folder == request.prefix else { return }
        guard request.after.map({ folder > $0 }) ?? true else { return }
        first = ObjectInfo(key: folder, inode: place.inode, place.attributes)
    }

    func next() throws(StorageError) -> [ObjectInfo] {
        if let failure { throw failure }
        var batch: [ObjectInfo] = []
        if let first {
            batch.append(first)
            self.first = nil
        }
        do {
            while batch.count < DirectoryFrame.pageSize, let frame = frames.last {
                guard let entry = try frame.next() else {
                    frames.removeLast()
                    continue
                }
                list(entry, of: frame, into: &batch)
            }
        } catch {
            let failure = StorageError(error, "list", key: frames.last?.keyPrefix, address: address)
            self.failure = failure
            frames = []
            throw failure
        }
        return batch
    }

    private func list(_ entry: DirectoryFrame.Entry, of frame: DirectoryFrame, into batch: inout [ObjectInfo])
    {
        let key = frame.keyPrefix + entry.sortKey
        var isWanted = true
        var bounds = DirectoryFrame.Bounds()
        if let after {
            isWanted = key > after
            let holdsLater = entry.isDirectory && request.delimiter == nil && after.hasPrefix(key)
            guard isWanted || holdsLater else { return }
            if isWanted {
                self.after = nil
            } else if after.count > key.count {
                bounds.after = after.dropFirst(key.count)
            }
        }
        guard entry.isDirectory else { return batch.append(info(entry, key)) }
        guard request.delimiter == nil else {
            var rolledUp = info(entry, key)
            if !request.includesDirectories {
                rolledUp = ObjectInfo(key: key, size: 0, modified: .epoch, kind: .commonPrefix)
            }
            return batch.append(rolledUp)
        }
        if isWanted, request.includesDirectories { batch.append(info(entry, key)) }
        push(entry.directories, key: key, bounds)
    }

    private func push(_ directories: [Inode], key: ByteString, _ bounds: DirectoryFrame.Bounds) {
        let outer = frames.compactMap(\.directories.last)
        let visited = request.followsLinks ? Set(outer + directories.suffix(1)) : nil
        frames.append(
            DirectoryFrame(directories, keyPrefix: key, bounds: bounds, visited: visited, engine: engine)
        )
    }

    private func info(_ entry: DirectoryFrame.Entry, _ key: ObjectKey) -> ObjectInfo {
        guard let attributes = entry.attributes else {
            let kind: ObjectKind = entry.isDirectory ? .directory : .object
            return ObjectInfo(key: key, size: 0, modified: .epoch, kind: kind)
        }
        return ObjectInfo(key: key, inode: entry.inode, attributes, target: entry.target)
    }
}

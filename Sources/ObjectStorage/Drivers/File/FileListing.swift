// SPDX-License-Identifier: Apache-2.0
// Walks a tree in key order, depth first, with a stack of open directories: constant memory but for the names of the
// directories on the stack. Everything is looked up relative to an open directory, so paths are never put together.

import Glibc
import SluiceBase

/// The objects of a file store in key order.
///
/// A name that disappears during the walk is left out; anything else that cannot be read is an error, because a
/// listing that is incomplete must not look complete. One descriptor per level of the tree is open.
final class FileListing: ObjectListing {
    private let request: ListRequest
    private let address: String
    private var frames: [DirectoryNames] = []
    private var first: ObjectInfo?
    private var failure: StorageError?
    /// The bytes to skip up to; nil as soon as they are passed.
    private var after: ObjectKey?

    init(_ request: ListRequest, in store: FileStore) throws(StorageError) {
        self.request = request
        address = store.address
        after = request.after
        guard request.delimiter == nil || request.delimiter == slash else {
            throw StorageError(
                .unsupported,
                "list",
                address: address,
                reason: "files are rolled up at / only"
            )
        }
        _ = try store.path(of: request.prefix, "list")
        let base = store.root + request.prefix.bytes
        let cut = base.lastIndex(of: slash).map { $0 + 1 } ?? 0
        let start = cut == 0 ? Array("./".utf8) : Array(base[..<cut])
        do throws(SystemFailure) {
            let directory = try OpenFile(PathBytes(start), O_RDONLY | O_DIRECTORY)
            let frame = try DirectoryNames(
                directory,
                keyPrefix: Array(base[..<cut].dropFirst(store.root.count)),
                dropping: max(0, store.root.count - cut),
                followsLinks: request.followsLinks,
                filter: Array(base[cut...])
            )
            frames.append(frame)
        } catch {
            guard error.number == ENOENT || error.number == ENOTDIR else {
                throw StorageError(error, "list", key: request.prefix, address: address)
            }
            try Self.requireRoot(of: store)
        }
        if let start = frames.first, request.includesDirectories, request.prefix.hasSuffix(slash),
            request.after.map({ request.prefix > $0 }) ?? true
        {
            first = start.status.info(request.prefix)
        }
    }

    /// A prefix without files is an empty listing; a root that is not there, such as a disk that is not mounted, is
    /// no evidence of anything.
    private static func requireRoot(of store: FileStore) throws(StorageError) {
        do throws(SystemFailure) {
            _ = try PathBytes(store.rootDirectory).status(followingLinks: true)
        } catch {
            throw StorageError(
                .notFound,
                "list",
                address: store.address,
                reason: "the folder does not exist"
            )
        }
    }

    func next() throws(StorageError) -> [ObjectInfo] {
        if let failure { throw failure }
        var batch: [ObjectInfo] = []
        batch.reserveCapacity(1000)
        if let first {
            batch.append(first)
            self.first = nil
        }
        do throws(StorageError) {
            while batch.count < 1000, let frame = frames.last {
                guard let entry = frame.next() else {
                    frames.removeLast()
                    continue
                }
                try list(entry, of: frame, into: &batch)
            }
        } catch {
            failure = error
            frames = []
            throw error
        }
        return batch
    }

    private func list(
        _ entry: DirectoryNames.Entry,
        of frame: DirectoryNames,
        into batch: inout [ObjectInfo],
    ) throws(StorageError) {
        let key = ObjectKey(frame.key(of: entry))
        var isWanted = true
        if let after {
            let holdsLater = entry.isDirectory && request.delimiter == nil && after.hasPrefix(key)
            isWanted = key > after
            guard isWanted || holdsLater else { return }
            if isWanted { self.after = nil }
        }
        do throws(SystemFailure) {
            guard entry.isDirectory else {
                if let info = try file(entry, of: frame, key) { batch.append(info) }
                return
            }
            guard request.delimiter == nil else {
                batch.append(try rolledUp(entry, of: frame, key))
                return
            }
            try descend(entry, of: frame, key, isListed: isWanted, into: &batch)
        } catch {
            throw StorageError(error, "list", key: key, address: address)
        }
    }

    private func descend(
        _ entry: DirectoryNames.Entry,
        of frame: DirectoryNames,
        _ key: ObjectKey,
        isListed: Bool,
        into batch: inout [ObjectInfo],
    ) throws(SystemFailure) {
        let directory: OpenFile
        do throws(SystemFailure) {
            let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (entry.isLink ? 0 : O_NOFOLLOW)
            directory = OpenFile(
                try unsafe frame.withName(of: entry) { (descriptor, name) throws(SystemFailure) in
                    try checked { unsafe openat(descriptor, name, flags) }
                }
            )
        } catch {
            guard error.number == ENOENT || error.number == ENOTDIR else { throw error }
            return
        }
        let names = try DirectoryNames(directory, keyPrefix: key.bytes, followsLinks: request.followsLinks)
        if entry.isLink, frames.contains(where: { $0.isSame(as: names) }) {
            // A link to a directory that we are in: following it would never end.
            var link = key
            link.bytes.removeLast()
            if let info = try self.link(entry, of: frame, link), isListed { batch.append(info) }
            return
        }
        if isListed, request.includesDirectories { batch.append(names.status.info(key)) }
        frames.append(names)
    }

    /// What a name that is no directory stands for; nil when it is gone.
    private func file(
        _ entry: DirectoryNames.Entry,
        of frame: DirectoryNames,
        _ key: ObjectKey,
    ) throws(SystemFailure) -> ObjectInfo? {
        guard entry.isLink else { return try frame.status(of: entry, flags: AT_SYMLINK_NOFOLLOW)?.info(key) }
        if request.followsLinks {
            do throws(SystemFailure) {
                if let status = try frame.status(of: entry, flags: 0), !status.isDirectory {
                    return status.info(key, target: try frame.target(of: entry))
                }
            } catch {
                guard error.leadsNowhere else { throw error }
            }
        }
        return try link(entry, of: frame, key)
    }

    private func link(
        _ entry: DirectoryNames.Entry,
        of frame: DirectoryNames,
        _ key: ObjectKey,
    ) throws(SystemFailure) -> ObjectInfo? {
        guard let status = try frame.status(of: entry, flags: AT_SYMLINK_NOFOLLOW) else { return nil }
        guard status.isLink else { return status.info(key) }
        return status.info(key, target: try frame.target(of: entry))
    }

    private func rolledUp(
        _ entry: DirectoryNames.Entry,
        of frame: DirectoryNames,
        _ key: ObjectKey,
    ) throws(SystemFailure) -> ObjectInfo {
        let known = request.includesDirectories ? try frame.status(of: entry, flags: 0) : nil
        return known?.info(key) ?? ObjectInfo(key: key, size: 0, modified: .epoch, kind: .commonPrefix)
    }
}

extension DirectoryNames {
    /// The status of an entry; nil when it is gone.
    fileprivate func status(of entry: Entry, flags: Int32) throws(SystemFailure) -> stat? {
        var status = stat()
        do throws(SystemFailure) {
            _ = try unsafe withName(of: entry) { (descriptor, name) throws(SystemFailure) in
                try checked { unsafe fstatat(descriptor, name, &status, flags) }
            }
        } catch {
            guard error.number == ENOENT else { throw error }
            return nil
        }
        return status
    }

    fileprivate func target(of entry: Entry) throws(SystemFailure) -> ByteString {
        try unsafe withName(of: entry) { (descriptor, name) throws(SystemFailure) in
            let bytes = unsafe UnsafeRawBufferPointer(start: name, count: entry.length)
            return try PathBytes(unsafe Array(bytes)).linkTarget(at: descriptor)
        }
    }

    fileprivate func isSame(as other: DirectoryNames) -> Bool {
        status.st_dev == other.status.st_dev && status.st_ino == other.status.st_ino
    }
}

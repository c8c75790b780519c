// SPDX-License-Identifier: Apache-2.0
// Objects as local files, laid out as JuiceFS 1.4.2 does it (data-format §2.3): the file of a key is the
// root's bytes followed by the key's bytes. A root that ends in `/` is a directory; any other root is a
// plain prefix of paths.

import Glibc
package import SluiceBase

/// Objects as files below a directory.
///
/// Differences from a flat store: a key that ends in `/` is a directory, a name cannot be a file and a
/// directory at once, and empty directories can be removed like objects.
package final class FileStore: FileTreeStore {
    let root: [UInt8]
    /// Whether files are flushed to disk before they get their name; JuiceFS does not.
    let isDurable: Bool

    package let address: String
    package let limits = StorageLimits(canCopy: true, isFileSystem: true)

    /// Takes the path of a directory (ends in `/`) or a plain prefix of paths.
    package init(root: ByteString, durable: Bool = false) {
        self.root = root.bytes
        isDurable = durable
        address = "file://\(root)"
    }

    /// The directory that every object lies in: the root up to its last `/`.
    var rootDirectory: [UInt8] {
        guard let end = root.lastIndex(of: slash) else { return Array("./".utf8) }
        return Array(root[...end])
    }

    package func create() throws(StorageError) {
        do throws(SystemError) {
            try makeParents(of: rootDirectory + [UInt8(ascii: "x")])
            guard try Posix.status(ByteString(rootDirectory), follow: true).kind == .directory else {
                throw SystemError(ENOTDIR, "create")
            }
        } catch {
            throw StorageError(error, "create", key: nil, address: address)
        }
    }

    package func head(_ key: ObjectKey) throws(StorageError) -> ObjectInfo {
        let path = try path(of: key, "look up")
        do throws(SystemError) {
            let own = try path.status(followingLinks: false)
            guard own.isLink else { return own.info(key) }
            let target = try path.linkTarget()
            do throws(SystemError) {
                return try path.status(followingLinks: true).info(key, target: target)
            } catch {
                guard error.leadsNowhere else { throw error }
                return own.info(key, target: target)
            }
        } catch {
            throw StorageError(error, "look up", key: key, address: address)
        }
    }

    package func read(_ key: ObjectKey, range: ByteRange, into sink: ByteSink) throws(StorageError) -> UInt64
    {
        guard let (file, wanted) = try open(key, range) else { return 0 }
        if wanted.count > 4 << 20 {
            posix_fadvise(
                file.descriptor,
                off_t(wanted.lowerBound),
                off_t(wanted.count),
                POSIX_FADV_SEQUENTIAL
            )
        }
        return try unsafe deliver(wanted, of: file, key, into: sink)
    }

    /// Reads without a buffer between.
    package func read(
        _ key: ObjectKey,
        range: ByteRange,
        into buffer: UnsafeMutableRawBufferPointer,
    ) throws(StorageError) -> Int {
        guard let (file, wanted) = try open(key, range) else { return 0 }
        guard wanted.count <= buffer.count else {
            throw StorageError(.tooLarge, "read", key: key, address: address, reason: tooLong(buffer.count))
        }
        let room = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted.count])
        try unsafe fill(room, from: file, at: wanted.lowerBound, key)
        return room.count
    }

    /// Opens a file for reading and says which of its bytes are wanted; nil for a directory, which reads as
    /// nothing (data-format §2.3).
    private func open(
        _ key: ObjectKey,
        _ range: ByteRange
    ) throws(StorageError) -> (OpenFile, Range<UInt64>)? {
        let path = try path(of: key, "read")
        let file: OpenFile
        let status: stat
        do throws(SystemError) {
            // Without O_NONBLOCK the open of a fifo would wait for a writer.
            file = try OpenFile(path, O_RDONLY | O_NONBLOCK)
            status = try file.status()
        } catch {
            throw StorageError(error, "read", key: key, address: address)
        }
        guard !status.isDirectory else { return nil }
        guard status.isRegular else {
            throw StorageError(.unsupported, "read", key: key, address: address, reason: "not a regular file")
        }
        return (file, range.clamped(to: UInt64(clamping: status.st_size)))
    }

    /// Fills a window of memory; a file that ends before is an error.
    private func fill(
        _ window: UnsafeMutableRawBufferPointer,
        from file: OpenFile,
        at position: UInt64,
        _ key: ObjectKey,
    ) throws(StorageError) {
        let count: Int
        do throws(SystemError) {
            count = try unsafe file.read(into: window, at: position)
        } catch {
            throw StorageError(error, "read", key: key, address: address)
        }
        guard count == window.count else {
            let reason = "the file became shorter while it was read"
            throw StorageError(.corrupt, "read", key: key, address: address, reason: reason)
        }
    }

    private func deliver(
        _ wanted: Range<UInt64>,
        of file: OpenFile,
        _ key: ObjectKey,
        into sink: ByteSink,
    ) throws(StorageError) -> UInt64 {
        guard !wanted.isEmpty else { return 0 }
        return try unsafe TransferBuffers.shared.withBuffer { (buffer) throws(StorageError) in
            var position = wanted.lowerBound
            while position < wanted.upperBound {
                let room = min(buffer.count, Int(clamping: wanted.upperBound - position))
                let window = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<room])
                try unsafe fill(window, from: file, at: position, key)
                do {
                    try unsafe sink(UnsafeRawBufferPointer(window))
                } catch {
                    throw StorageError(endedBy: error, "read", key: key, address: address)
                }
                position += UInt64(room)
            }
            return UInt64(wanted.count)
        }
    }

    package func delete(_ key: ObjectKey) throws(StorageError) {
        let path = try path(of: key, "delete", mayBeRoot: false)
        do throws(SystemError) {
            do throws(SystemError) {
                try unsafe path.call { unsafe unlink($0) }
            } catch {
                guard error.code == EISDIR else { throw error }
                try unsafe path.call { unsafe rmdir($0) }
            }
        } catch {
            guard error.code != ENOENT, error.code != ENOTDIR else { return }
            throw StorageError(error, "delete", key: key, address: address)
        }
    }

    package func copy(from source: ObjectKey, to destination: ObjectKey) throws(StorageError) {
        let path = try path(of: source, "copy")
        let file: FileSource
        do throws(SystemError) {
            file = try FileSource(path)
        } catch {
            throw StorageError(error, "copy", key: source, address: address)
        }
        _ = try put(destination, from: file, options: PutOptions())
    }

    package func list(_ request: ListRequest) throws(StorageError) -> any ObjectListing {
        try FileListing(request, in: self)
    }
}

let slash = UInt8(ascii: "/")

extension SystemError {
    /// What following a link says when it points to nothing or to itself.
    var leadsNowhere: Bool { isNotFound || code == ELOOP }
}

extension FileStore {
    /// The path of a key's file.
    ///
    /// Throws `.invalidKey` for zero bytes, for `..` that leads out of the root, and for the root itself
    /// unless `mayBeRoot`.
    func path(
        of key: ObjectKey,
        _ operation: String,
        mayBeRoot: Bool = true,
    ) throws(StorageError) -> PathBytes {
        var depth = 0
        // A prefix that does not end in a slash is the name of a file, too.
        var isRoot = root.last == slash
        var isInside = !key.bytes.contains(0)
        for name in key.bytes.split(separator: slash) {
            isRoot = false
            if name.elementsEqual("..".utf8) {
                // Behind a plain prefix the first name of a key is only the end of a name.
                depth -= root.last == slash ? 1 : .max
            } else if !name.elementsEqual(".".utf8) {
                depth += 1
            }
            guard depth >= 0 else {
                isInside = false
                break
            }
        }
        guard isInside, mayBeRoot || !isRoot else {
            throw StorageError(.invalidKey, operation, key: key, address: address)
        }
        return PathBytes(root + key.bytes)
    }

    /// Makes the directories that a path needs, from the nearest existing one down, with 0777 less the umask.
    func makeParents(of path: [UInt8]) throws(SystemError) {
        guard let end = path.dropLast().lastIndex(of: slash), end > 0 else { return }
        let parent = Array(path[..<end])
        do throws(SystemError) {
            try makeDirectory(at: parent)
        } catch {
            guard error.code == ENOENT else { throw error }
            try makeParents(of: parent)
            try makeDirectory(at: parent)
        }
    }

    private func makeDirectory(at path: [UInt8]) throws(SystemError) {
        do throws(SystemError) {
            try unsafe PathBytes(path).call { unsafe mkdir($0, 0o777) }
        } catch {
            guard error.code == EEXIST else { throw error }
        }
    }
}

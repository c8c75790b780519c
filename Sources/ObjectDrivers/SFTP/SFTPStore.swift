// SPDX-License-Identifier: Apache-2.0
// Objects as files of a server that is reached over SSH, laid out as the file driver does it.
//
// Lock order: `making`, then the watch's own.

import CLibssh
import Glibc
package import ObjectStorage
import SluiceBase
import Synchronization

/// A folder of a server as a store.
package final class SFTPStore: ObjectStore {
    package let address: String
    package let limits = StorageLimits()
    private let folder: [UInt8]
    private let pool: SFTPPool
    /// Held while folders are made: rclone 1.75 forgets what is in one that two connections make at a time.
    private let making = Mutex<Void>(())

    init(_ location: SFTPLocation, _ login: SFTPLogin, _ watch: SFTPWatch) {
        address = location.address
        folder = location.folder
        pool = SFTPPool(location, login, watch)
    }

    package func create() throws(StorageError) {
        try run("create") { session throws(SFTPFault) in try makeFolders(folder, session) }
    }

    package func head(_ key: ObjectKey) throws(StorageError) -> ObjectInfo {
        guard key.impossiblePath == nil else {
            throw StorageError(.notFound, "look up", key: key, address: address)
        }
        let status = try run("look up", key) { session throws(SFTPFault) in
            try session.status(path(key))
        }
        guard (status.kind == .directory) == key.hasSuffix(Self.slash) else {
            throw StorageError(.notFound, "look up", key: key, address: address)
        }
        return TreeEntry(name: [], status).info(key)
    }

    package func read(_ key: ObjectKey, range: ByteRange, into sink: ByteSink) throws(StorageError) -> UInt64
    {
        guard key.impossiblePath == nil, !key.hasSuffix(Self.slash) else {
            throw StorageError(.notFound, "read", key: key, address: address)
        }
        return try pool.withSession { session throws(StorageError) in
            do {
                let file = try SFTPFile(session, path(key), O_RDONLY)
                let status = try file.status()
                guard status.kind != .directory else {
                    throw StorageError(.notFound, "read", key: key, address: address)
                }
                let wanted = range.clamped(to: status.size)
                let delivered = try unsafe file.read(wanted, into: sink)
                guard delivered == UInt64(wanted.count) else {
                    throw StorageError(
                        .corrupt,
                        "read",
                        key: key,
                        address: address,
                        reason: "the file ended after \(delivered) of \(wanted.count) bytes",
                        isTransient: true
                    )
                }
                return delivered
            } catch let fault as SFTPFault {
                // Some servers open folders, others refuse that with the word for everything.
                let isFolder = fault.kind == .refused && (try? session.status(path(key)))?.kind == .directory
                throw isFolder
                    ? StorageError(.notFound, "read", key: key, address: address)
                    : fault.error("read", key: key, address: address)
            } catch {
                throw StorageError(endedBy: error, "read", key: key, address: address)
            }
        }
    }

    package func delete(_ key: ObjectKey) throws(StorageError) {
        guard key.impossiblePath == nil else { return }
        try run("delete", key) { session throws(SFTPFault) in
            let path = path(key)
            do throws(SFTPFault) {
                try session.check {
                    unsafe path.call { path in
                        unsafe key.hasSuffix(Self.slash)
                            ? sftp_rmdir(session.sftp, path) : sftp_unlink(session.sftp, path)
                    }
                }
            } catch {
                if error.kind == .missing { return }
                // A folder is no object of the name without a slash.
                let isFolder = (try? session.status(path, followingLinks: false))?.kind == .directory
                guard error.kind == .refused, isFolder != key.hasSuffix(Self.slash) else { throw error }
            }
        }
    }

    package func list(_ request: ListRequest) throws(StorageError) -> any ObjectListing {
        try TreeListing(request, in: self)
    }

    // MARK: Storing

    package func put(
        _ key: ObjectKey,
        from source: any ByteSource,
        options: PutOptions,
    ) throws(StorageError) -> PutReceipt {
        if let reason = key.impossiblePath {
            throw StorageError(.invalidKey, "store", key: key, address: address, reason: reason)
        }
        guard !key.hasSuffix(Self.slash) else {
            guard source.length == 0 else {
                let reason = "a key that ends in / is a directory and holds no bytes"
                throw StorageError(.invalidKey, "store", key: key, address: address, reason: reason)
            }
            try run("store", key) { session throws(SFTPFault) in try makeFolders(folder + key.bytes, session)
            }
            return PutReceipt(size: 0)
        }
        return try pool.withSession { session throws(StorageError) in
            let temporary = SFTPPath(TemporaryName.path(for: folder + key.bytes))
            do {
                let size = try write(source, to: temporary, key, session)
                try finish(temporary, key, options, session)
                return PutReceipt(size: size)
            } catch {
                // What an attempt left behind; the error that ended the attempt is the one to report.
                if session.isConnected {
                    try? session.check { unsafe temporary.call { unsafe sftp_unlink(session.sftp, $0) } }
                }
                throw storeFailure(error, key)
            }
        }
    }

    private func storeFailure(_ error: any Error, _ key: ObjectKey) -> StorageError {
        guard let fault = error as? SFTPFault else {
            return StorageError(endedBy: error, "store", key: key, address: address)
        }
        guard fault.kind == .missing else { return fault.error("store", key: key, address: address) }
        let reason = "its folder is gone, which was there a moment ago"
        return StorageError(
            .failed,
            "store",
            key: key,
            address: address,
            reason: reason,
            isTransient: true
        )
    }

    /// - Returns: the bytes that the server has.
    private func write(
        _ source: any ByteSource,
        to temporary: SFTPPath,
        _ key: ObjectKey,
        _ session: SFTPSession,
    ) throws -> UInt64 {
        var file = try open(temporary, for: key, session)
        try source.rewind()
        var sent: UInt64 = 0
        try unsafe withUnsafeTemporaryAllocation(byteCount: 256 << 10, alignment: 16) { buffer in
            while true {
                let count = try unsafe source.read(into: buffer)
                guard count > 0 else { return }
                try unsafe file.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                sent += UInt64(count)
                guard sent <= source.length else { return }
            }
        }
        try file.close()
        let stored = try session.status(temporary).size
        guard sent == source.length, stored == sent else {
            let what = sent == source.length ? "the server has \(stored)" : "the source gave \(sent)"
            throw StorageError(
                .corrupt,
                "store",
                key: key,
                address: address,
                reason: "\(what) of \(source.length) bytes",
                isTransient: sent == source.length
            )
        }
        return stored
    }

    /// Makes the temporary file, and its folders when they are missing.
    private func open(
        _ temporary: SFTPPath,
        for key: ObjectKey,
        _ session: SFTPSession,
    ) throws(SFTPFault) -> SFTPFile {
        let flags = O_WRONLY | O_CREAT | O_EXCL
        do throws(SFTPFault) {
            return try SFTPFile(session, temporary, flags)
        } catch {
            guard error.kind == .missing else { throw error }
            try makeFolders(folder + (key.parents.last?.bytes ?? []), session)
        }
        return try SFTPFile(session, temporary, flags)
    }

    private func finish(
        _ temporary: SFTPPath,
        _ key: ObjectKey,
        _ options: PutOptions,
        _ session: SFTPSession,
    ) throws(SFTPFault) {
        if let time = options.modified {
            let moment = timeval(tv_sec: Int(time.seconds), tv_usec: Int(time.nanoseconds / 1000))
            try session.check {
                unsafe temporary.call { path in
                    unsafe [moment, moment].withUnsafeBufferPointer {
                        unsafe sftp_utimes(session.sftp, path, $0.baseAddress)
                    }
                }
            }
        }
        try session.rename(temporary, over: path(key))
    }

    /// Makes a folder with those above it, from the nearest that is there.
    /// - Parameter path: ends in a slash.
    private func makeFolders(_ path: [UInt8], _ session: SFTPSession) throws(SFTPFault) {
        session.pulse.rest()
        try making.withLock { _ throws(SFTPFault) in try makeMissing(path, session) }
    }

    private func makeMissing(_ path: [UInt8], _ session: SFTPSession) throws(SFTPFault) {
        let path = SFTPPath.withoutSlash(path)
        let folder = SFTPPath(path)
        func make() throws(SFTPFault) {
            try session.check { unsafe folder.call { unsafe sftp_mkdir(session.sftp, $0, 0o777) } }
        }
        do throws(SFTPFault) {
            try make()
        } catch {
            if error.kind == .missing, let end = path.lastIndex(of: Self.slash), end > 0 {
                try makeMissing(Array(path[...end]), session)
                do throws(SFTPFault) { return try make() } catch {}
            }
            // Servers say of a name that exists what they say of everything; another thread may be faster.
            guard (try? session.status(folder))?.kind == .directory else { throw error }
        }
    }

    // MARK: Calls

    private static let slash = UInt8(ascii: "/")

    private func path(_ key: ObjectKey) -> SFTPPath {
        SFTPPath(SFTPPath.withoutSlash(folder + key.bytes))
    }

    private func run<Result>(
        _ operation: String,
        _ key: ObjectKey? = nil,
        _ body: (SFTPSession) throws(SFTPFault) -> Result,
    ) throws(StorageError) -> Result {
        try pool.withSession { session throws(StorageError) in
            do throws(SFTPFault) {
                return try body(session)
            } catch {
                throw error.error(operation, key: key, address: address)
            }
        }
    }
}

extension SFTPPath {
    /// A path without the slash at its end, which some servers do not take; the root keeps its own.
    fileprivate static func withoutSlash(_ path: [UInt8]) -> [UInt8] {
        path.count > 1 && path.last == UInt8(ascii: "/") ? Array(path.dropLast()) : path
    }
}

extension TreeEntry {
    fileprivate init(name: [UInt8], _ status: SFTPStatus) {
        self.init(name: name, kind: status.kind, size: status.size, modified: status.modified)
    }
}

extension SFTPStore: TreeReader {
    func entries(of directory: ObjectKey) throws(StorageError) -> [TreeEntry]? {
        try run("list", directory.isEmpty ? nil : directory) { session throws(SFTPFault) in
            let path = path(directory)
            session.pulse.beat()
            guard let open = unsafe path.call({ unsafe sftp_opendir(session.sftp, $0) }) else {
                let fault = session.fault()
                if fault.kind == .missing { return nil }
                // Of a file some servers say the word for everything.
                if fault.kind == .refused, let found = try? session.status(path), found.kind != .directory {
                    return nil
                }
                throw fault
            }
            defer { _ = unsafe sftp_closedir(open) }
            var entries: [TreeEntry] = []
            while let found = unsafe sftp_readdir(session.sftp, open) {
                session.pulse.beat()
                defer { unsafe sftp_attributes_free(found) }
                guard let name = unsafe found.pointee.name else { continue }
                let bytes = unsafe [UInt8](UnsafeRawBufferPointer(start: name, count: strlen(name)))
                guard Self.isListed(bytes) else { continue }
                let status = unsafe SFTPStatus(found.pointee)
                entries.append(try entry(bytes, status, in: directory, session))
            }
            guard unsafe sftp_dir_eof(open) == 1 else { throw session.fault() }
            return entries
        }
    }

    private static func isListed(_ name: [UInt8]) -> Bool {
        !name.isEmpty && !name.elementsEqual(".".utf8) && !name.elementsEqual("..".utf8)
            && !name.contains(slash) && !TemporaryName.isTemporary(name)
    }

    /// Links are followed; one that leads nowhere stays a link.
    private func entry(
        _ name: [UInt8],
        _ status: SFTPStatus,
        in directory: ObjectKey,
        _ session: SFTPSession,
    ) throws(SFTPFault) -> TreeEntry {
        guard status.isLink else { return TreeEntry(name: name, status) }
        do throws(SFTPFault) {
            return TreeEntry(name: name, try session.status(path(directory + ObjectKey(name))))
        } catch {
            guard error.kind == .missing || error.kind == .refused else { throw error }
            return TreeEntry(name: name, status)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Writing: a temporary file in the target's directory, then a rename. The temporary name is the one JuiceFS
// 1.4.2 gives (data-format §2.3), so that each program knows the leftovers of the other.

import Glibc
import SluiceBase

extension FileStore {
    package func put(
        _ key: ObjectKey,
        from source: any ByteSource,
        options: PutOptions,
    ) throws(StorageError) -> PutReceipt {
        guard !key.hasSuffix(slash) else {
            guard source.length == 0 else {
                let reason = "a key that ends in / is a directory and holds no bytes"
                throw StorageError(.invalidKey, "store", key: key, address: address, reason: reason)
            }
            try makeDirectory(key, facts: options.file, modified: options.modified)
            return PutReceipt(size: 0)
        }
        var checksum: UInt32 = 0
        try replace(key, "store") { (temporary) throws(StorageError) in
            let file: OpenFile
            do throws(SystemError) {
                file = try OpenFile(temporary, O_WRONLY | O_CREAT | O_EXCL, mode: 0o666)
            } catch {
                throw StorageError(making: error, "store", key: key, address: address)
            }
            checksum = try fill(file, from: source, key, wantsChecksum: options.wantsChecksum)
            do throws(SystemError) {
                try file.set(options.file, modified: options.modified)
                if isDurable { try checked { fsync(file.descriptor) } }
            } catch {
                throw StorageError(error, "store", key: key, address: address)
            }
        }
        return PutReceipt(size: source.length, crc32c: options.wantsChecksum ? checksum : nil)
    }

    /// Lets `make` make something under a temporary name, then gives it the key's name at once.
    ///
    /// Missing parents are made after the first attempt failed for want of them.
    func replace(
        _ key: ObjectKey,
        _ operation: String,
        make: (PathBytes) throws(StorageError) -> Void,
    ) throws(StorageError) {
        let path = try path(of: key, operation, mayBeRoot: false)
        let bytes = root + key.bytes
        let temporary = PathBytes(TemporaryName.path(for: bytes))
        do throws(StorageError) {
            try make(temporary)
        } catch {
            guard error.wantsParents else {
                temporary.discard()
                throw error
            }
            do throws(SystemError) {
                try makeParents(of: bytes)
            } catch {
                throw StorageError(error, operation, key: key, address: address)
            }
            do throws(StorageError) {
                try make(temporary)
            } catch {
                temporary.discard()
                throw error
            }
        }
        do throws(SystemError) {
            try unsafe temporary.call { from in
                unsafe path.withPointer { unsafe rename(from, $0) }
            }
            if isDurable { try flushDirectory(of: bytes) }
        } catch {
            temporary.discard()
            throw StorageError(error, operation, key: key, address: address)
        }
    }

    /// Writes the whole source and returns the CRC-32C of what was written.
    private func fill(
        _ file: OpenFile,
        from source: any ByteSource,
        _ key: ObjectKey,
        wantsChecksum: Bool,
    ) throws(StorageError) -> UInt32 {
        let announced = source.length
        var checksum = Crc32c()
        var written = 0
        do {
            try source.rewind()
            file.bypassesCache = announced >= UInt64(TransferBuffers.size)
            let isLent = try unsafe source.lend { contents in
                written = contents.count
                guard UInt64(written) == announced else { return }
                try unsafe file.append(contents, TransferBuffers.size) {
                    if wantsChecksum { unsafe checksum.update($0) }
                }
            }
            if !isLent {
                written = try unsafe pull(source, announced) { run in
                    try unsafe file.append(run)
                    if wantsChecksum { unsafe checksum.update(run) }
                }
            }
        } catch let error as SystemError {
            throw StorageError(error, "store", key: key, address: address)
        } catch {
            throw StorageError(endedBy: error, "store", key: key, address: address)
        }
        guard UInt64(written) == announced else {
            throw StorageError(wrongLength: written, of: announced, "store", key: key, address: address)
        }
        return checksum.value
    }

    /// Pulls a source run by run, up to one run more than it announced; through a buffer when it lends none.
    /// - Returns: the number of bytes pulled.
    private func pull(_ source: any ByteSource, _ announced: UInt64, into sink: ByteSink) throws -> Int {
        var pulled = 0
        while let count = try unsafe source.lendRun(to: { run in
            pulled += run.count
            if pulled <= announced { try unsafe sink(run) }
        }) {
            guard count > 0, pulled <= announced else { return pulled }
        }
        try unsafe TransferBuffers.shared.withBuffer { (buffer) throws(any Error) in
            while true {
                let count = try unsafe source.fill(buffer)
                guard count > 0 else { break }
                pulled += count
                guard pulled <= announced else { break }
                try unsafe sink(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
        }
        return pulled
    }

    private func flushDirectory(of path: [UInt8]) throws(SystemError) {
        guard let end = path.lastIndex(of: slash) else { return }
        let directory = try OpenFile(PathBytes(path[...end]), O_RDONLY | O_DIRECTORY)
        try checked { fsync(directory.descriptor) }
    }
}

extension PathBytes {
    /// Removes what an attempt left behind; the error that ended the attempt is the one to report.
    fileprivate func discard() {
        _ = unsafe withPointer { unsafe unlink($0) }
    }
}

extension OpenFile {
    /// Owner before mode, because a change of owner clears set-uid.
    fileprivate func set(_ facts: FileFacts?, modified: Timestamp?) throws(SystemError) {
        if let facts {
            try checked { fchown(descriptor, facts.uid, facts.gid) }
            try checked { fchmod(descriptor, mode_t(facts.mode)) }
        }
        if let modified {
            let times = modified.accessAndChange
            try checked { unsafe futimens(descriptor, times) }
        }
    }
}

extension Timestamp {
    /// For utimensat: the access time stays, the time of last change becomes this one.
    var accessAndChange: [timespec] {
        let keep = timespec(tv_sec: 0, tv_nsec: Int((1 << 30) - 2))
        return [keep, timespec(tv_sec: Int(seconds), tv_nsec: Int(nanoseconds))]
    }
}

extension StorageError {
    /// The failure of making a file: a file in the place of a directory is not "no such object" here.
    init(making failure: SystemError, _ operation: String, key: ObjectKey, address: String) {
        self.init(failure, operation, key: key, address: address)
        if failure.code == ENOTDIR { code = .exists }
    }

    /// Whether something could not be made because its directory does not exist.
    fileprivate var wantsParents: Bool { code == .notFound }
}

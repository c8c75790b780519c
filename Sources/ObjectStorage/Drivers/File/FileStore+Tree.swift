// SPDX-License-Identifier: Apache-2.0
// Directories, links, special files, owners and times.

import Glibc
package import SluiceBase

extension FileStore {
    package func makeDirectory(
        _ key: ObjectKey,
        facts: FileFacts? = nil,
        modified: Timestamp? = nil,
    ) throws(StorageError) {
        _ = try path(of: key, "make the directory", mayBeRoot: false)
        let path = root + key.bytes
        do throws(SystemFailure) {
            // The key's own directory is a parent of any name in it.
            try makeParents(of: path + (key.hasSuffix(slash) ? [] : [slash]) + [UInt8(ascii: "x")])
            guard try PathBytes(path).status(followingLinks: true).isDirectory else {
                throw SystemFailure(EEXIST)
            }
        } catch {
            throw StorageError(making: error, "make the directory", key: key, address: address)
        }
        try setFacts(key, facts, modified: modified)
    }

    package func makeSymlink(
        _ key: ObjectKey,
        target: ByteString,
        facts: FileFacts? = nil,
        modified: Timestamp? = nil,
    ) throws(StorageError) {
        guard !target.isEmpty, !target.bytes.contains(0) else {
            let reason = "\(target) cannot be the target of a link"
            throw StorageError(.failed, "make the link", key: key, address: address, reason: reason)
        }
        try make(key, "make the link", facts, modified) { (temporary) throws(SystemFailure) in
            try unsafe PathBytes(target.bytes).call { target in
                unsafe temporary.withPointer { unsafe symlink(target, $0) }
            }
        }
    }

    package func makeLink(_ key: ObjectKey, to existing: ObjectKey) throws(StorageError) {
        let source = try path(of: existing, "link")
        let destination = try path(of: key, "link", mayBeRoot: false)
        // Renaming one name of a file over another name of it does nothing and leaves both.
        do throws(SystemFailure) {
            let old = try source.status(followingLinks: false)
            let new = try destination.status(followingLinks: false)
            if old.st_dev == new.st_dev, old.st_ino == new.st_ino { return }
        } catch {
            guard error.number == ENOENT || error.number == ENOTDIR else {
                throw StorageError(error, "link", key: key, address: address)
            }
        }
        try make(key, "link", nil, nil) { (temporary) throws(SystemFailure) in
            try unsafe source.call { source in
                unsafe temporary.withPointer { unsafe linkat(AT_FDCWD, source, AT_FDCWD, $0, 0) }
            }
        }
    }

    package func makeSpecial(
        _ key: ObjectKey,
        _ file: SpecialFile,
        facts: FileFacts? = nil,
        modified: Timestamp? = nil,
    ) throws(StorageError) {
        let format: mode_t =
            switch file.kind {
            case .fifo: S_IFIFO
            case .socket: S_IFSOCK
            case .characterDevice: S_IFCHR
            case .blockDevice: S_IFBLK
            }
        try make(key, "make the special file", facts, modified) { (temporary) throws(SystemFailure) in
            try unsafe temporary.call { unsafe mknod($0, format | 0o666, dev_t(file.device)) }
        }
    }

    /// Makes something under a temporary name, sets its facts there, and renames it.
    private func make(
        _ key: ObjectKey,
        _ operation: String,
        _ facts: FileFacts?,
        _ modified: Timestamp?,
        _ body: (PathBytes) throws(SystemFailure) -> Void,
    ) throws(StorageError) {
        guard !key.hasSuffix(slash) else {
            throw StorageError(.invalidKey, operation, key: key, address: address)
        }
        try replace(key, operation) { (temporary) throws(StorageError) in
            do throws(SystemFailure) {
                try body(temporary)
                try temporary.set(facts, modified: modified)
            } catch {
                throw StorageError(making: error, operation, key: key, address: address)
            }
        }
    }

    package func setFacts(_ key: ObjectKey, _ facts: FileFacts?, modified: Timestamp?) throws(StorageError) {
        var named = key
        // A trailing slash would follow a link.
        while named.hasSuffix(slash), named.count > 1 { named.bytes.removeLast() }
        let path = try path(of: named, "set the attributes of")
        do throws(SystemFailure) {
            try path.set(facts, modified: modified)
        } catch {
            throw StorageError(error, "set the attributes of", key: key, address: address)
        }
    }
}

extension PathBytes {
    /// Owner before mode, because a change of owner clears set-uid; the mode of a link cannot be set.
    fileprivate func set(_ facts: FileFacts?, modified: Timestamp?) throws(SystemFailure) {
        if let facts {
            let isLink = try status(followingLinks: false).isLink
            try unsafe call { unsafe lchown($0, facts.uid, facts.gid) }
            if !isLink { try unsafe call { unsafe chmod($0, mode_t(facts.mode)) } }
        }
        if let modified {
            let times = modified.accessAndChange
            try unsafe call { unsafe utimensat(AT_FDCWD, $0, times, AT_SYMLINK_NOFOLLOW) }
        }
    }
}

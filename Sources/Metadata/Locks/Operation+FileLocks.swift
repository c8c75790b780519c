// SPDX-License-Identifier: Apache-2.0
// Locks over whole files, as flock(2) takes them (metadata-format §5.9). Waiting is the caller's: it asks
// again.

package import VolumeModel

extension Operation {
    /// Takes, changes or gives back a lock over a whole file.
    ///
    /// A lock that is refused leaves the holder what it had.
    /// - Throws: `VolumeError.wouldBlock` when others are in the way, `.noEntry` without the node; giving
    ///   back never fails.
    package func lockFile(_ inode: Inode, _ wish: LockWish, for holder: LockHolder) throws {
        try transaction.expect([.node(inode), .fileLocks(of: inode)])
        try transaction.lock([inode])
        let others = try transaction.fileLocks(of: inode).filter { $0.holder != holder }
        switch wish {
        case .unlock:
            try transaction.deleteFileLock(session: holder.session, owner: holder.owner, of: inode)
        case .read, .write:
            _ = try view.attributes(of: inode, for: "lock")
            guard !others.contains(where: { wish == .write || $0.isWrite }) else {
                throw VolumeError(.wouldBlock, "lock", inode)
            }
            let lock = FileLock(session: holder.session, owner: holder.owner, isWrite: wish == .write)
            try transaction.setFileLock(lock, of: inode)
        }
        try log(.lockFile(inode, owner: holder.owner, wish))
    }
}

extension Volume {
    /// See `Operation.lockFile`.
    package func lockFile(_ inode: Inode, _ wish: LockWish, for holder: LockHolder) throws {
        try perform { try $0.lockFile(inode, wish, for: holder) }
    }
}

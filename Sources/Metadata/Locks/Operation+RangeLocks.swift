// SPDX-License-Identifier: Apache-2.0
// Locks over ranges of bytes, as fcntl(2) takes them (metadata-format §5.9). Waiting is the caller's: it asks
// again.

package import VolumeModel

/// A lock of somebody else, as F_GETLK tells it.
package struct BlockingLock: Hashable, Sendable {
    package var lock: RangeLock
    /// Nil when another session holds it: its numbers mean nothing here.
    package var processID: UInt32?
}

extension VolumeView {
    /// The first lock that a request would have to wait for; nil when none is in the way.
    package func blockingLock(
        of inode: Inode,
        _ request: RangeRequest,
        for holder: LockHolder
    ) throws -> BlockingLock? {
        let others = try reader.rangeLocks(of: inode).filter { $0.holder != holder }
        return others.flatMap { owned in
            owned.locks.filter { $0.blocks(request) }.map { lock in
                BlockingLock(
                    lock: lock,
                    processID: owned.session == holder.session ? lock.processID : nil
                )
            }
        }.min { $0.lock.start < $1.lock.start }
    }
}

extension Operation {
    /// Takes, changes or gives back locks over a range.
    /// - Throws: `VolumeError.wouldBlock` when others are in the way, `.noEntry` without the node, `.invalid`
    ///   for a range that ends before it starts; giving back fails for nothing else.
    package func lockRange(_ inode: Inode, _ request: RangeRequest, for holder: LockHolder) throws {
        guard request.start <= request.end, request.end <= RangeRequest.wholeFile else {
            throw VolumeError(.invalid, "lock", inode, reason: "the range is empty")
        }
        try transaction.expect([.node(inode), .rangeLocks(of: inode)])
        try transaction.lock([inode])
        if request.wish != .unlock { _ = try view.attributes(of: inode, for: "lock") }
        guard try view.blockingLock(of: inode, request, for: holder) == nil else {
            throw VolumeError(.wouldBlock, "lock", inode)
        }
        let held = try transaction.rangeLocks(of: inode).first { $0.holder == holder }?.locks ?? []
        let wanted = held.applying(request)
        guard wanted != held else { return }
        try transaction.setRangeLocks(
            OwnedRangeLocks(session: holder.session, owner: holder.owner, locks: wanted),
            of: inode
        )
        try log(.lockRange(inode, owner: holder.owner, request))
    }
}

extension Volume {
    /// See `Operation.lockRange`.
    package func lockRange(_ inode: Inode, _ request: RangeRequest, for holder: LockHolder) throws {
        try perform { try $0.lockRange(inode, request, for: holder) }
    }

    /// See `VolumeView.blockingLock`.
    package func blockingLock(
        of inode: Inode,
        _ request: RangeRequest,
        for holder: LockHolder
    ) throws -> BlockingLock? {
        try view { try $0.blockingLock(of: inode, request, for: holder) }
    }
}

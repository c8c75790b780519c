// SPDX-License-Identifier: Apache-2.0
// Between the commit of a transaction and the record of its usage in the ledger lies a moment in which a recount
// would see the change and the flush after it would add it again. Operations pass the gate side by side; a recount
// waits until all have left, and holds new ones back.
//
// Lock order: the flush gate, the usage gate, an engine's locks; never taken inside a transaction.

import Glibc

/// A lock that many operations share or one recount has for itself. Not recursive.
final class UsageGate: Sendable {
    // Freed in deinit, when nobody can hold it any more; pthread makes calls on it safe from any thread.
    private nonisolated(unsafe) let lock: UnsafeMutablePointer<pthread_rwlock_t>

    init() {
        unsafe lock = UnsafeMutablePointer<pthread_rwlock_t>.allocate(capacity: 1)
        unsafe lock.initialize(to: pthread_rwlock_t())
        var attributes = pthread_rwlockattr_t()
        unsafe pthread_rwlockattr_init(&attributes)
        // Otherwise a recount may wait for ever behind operations that follow each other closely.
        let kind = Int32(PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP.rawValue)
        unsafe pthread_rwlockattr_setkind_np(&attributes, kind)
        unsafe pthread_rwlock_init(lock, &attributes)
        unsafe pthread_rwlockattr_destroy(&attributes)
    }

    deinit {
        unsafe pthread_rwlock_destroy(lock)
        unsafe lock.deallocate()
    }

    /// Runs a transaction and the record of its usage.
    func passing<Result>(_ body: () throws -> Result) rethrows -> Result {
        unsafe pthread_rwlock_rdlock(lock)
        defer { unsafe pthread_rwlock_unlock(lock) }
        return try body()
    }

    /// Runs a recount while no operation is between its commit and its record.
    func closed<Result>(_ body: () throws -> Result) rethrows -> Result {
        unsafe pthread_rwlock_wrlock(lock)
        defer { unsafe pthread_rwlock_unlock(lock) }
        return try body()
    }
}

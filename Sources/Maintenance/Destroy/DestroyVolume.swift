// SPDX-License-Identifier: Apache-2.0
// Destroying a volume: its objects first, its records only when every object is gone, so that what is left
// can still be found (admin-commands §4; JuiceFS 1.4.2 resets the records even after failed deletions).

package import Metadata
package import ObjectStorage
package import SluiceBase
import Synchronization
import VolumeModel

/// What destroying a volume did.
package struct DestroyReport: Sendable {
    package var deletedObjects = 0
    package var failures: [StorageError] = []
    /// Whether the records are gone too.
    package var removedMetadata = false
}

/// The clients that keep a volume from being destroyed.
/// - Returns: sessions whose heartbeat is not overdue.
package func liveSessions(of volume: Volume) throws -> [SessionStatus] {
    let now = volume.clock.now().seconds
    return try volume.engine.read { try $0.sessions() }
        .map { sessionStatus($0, now: now) }
        .filter { !$0.isStale }
}

/// Deletes every object of a volume, then its records.
/// - Parameters:
///   - store: the volume's own storage, prefix included.
///   - threads: deletions at a time, 1 or more.
///   - journal: gets a line for each object before it is deleted.
///   - removesMetadataAnyway: removes the records even when objects are left (`--force`).
/// - Throws: what the listing throws; then nothing but what was listed before is deleted, and no record.
package func destroyVolume(
    _ volume: Volume,
    store: any ObjectStore,
    threads: Int,
    journal: DeletionJournal,
    removesMetadataAnyway: Bool = false,
    cancellation: Cancellation = Cancellation(),
    progress: @escaping @Sendable (Int) -> Void = { _ in },
) throws -> DestroyReport {
    var report = DestroyReport()
    var directories: [ObjectKey] = []
    let listing = try store.list(ListRequest(includesDirectories: true))
    while true {
        try cancellation.throwIfCancelled()
        let batch = try listing.next()
        guard !batch.isEmpty else { break }
        directories += batch.filter { $0.kind == .directory }.map(\.key)
        try delete(batch.filter { $0.kind != .directory }, from: store, threads, journal, into: &report)
        progress(report.deletedObjects)
    }
    // Deepest first: a folder is empty when its longer names are gone.
    for directory in directories.sorted(by: >) {
        do throws(StorageError) { try store.delete(directory) } catch { report.failures.append(error) }
    }
    guard report.failures.isEmpty || removesMetadataAnyway else { return report }
    try volume.engine.destroy()
    report.removedMetadata = true
    return report
}

private func delete(
    _ objects: [ObjectInfo],
    from store: any ObjectStore,
    _ threads: Int,
    _ journal: DeletionJournal,
    into report: inout DestroyReport,
) throws {
    try journal.record(
        objects.map {
            var line: JSONObject = ["op": "delete-object"]
            line.set("key", $0.key)
            line["bytes"] = JSONValue($0.size)
            return line
        }
    )
    let next = Atomic(0)
    let failures = Mutex<[StorageError]>([])
    guard !objects.isEmpty else { return }
    let batch = max(1, store.limits.deletionBatch)
    let workers = try WorkerPool(count: max(1, min(threads, objects.count)), name: "delete") { _ in
        while true {
            let start = next.add(batch, ordering: .relaxed).oldValue
            guard start < objects.count else { return }
            let failed = store.delete(objects[start..<min(start + batch, objects.count)].map(\.key))
            failures.withLock { $0 += failed.values }
        }
    }
    try workers.join()
    let failed = failures.withLock { $0 }
    report.failures += failed
    report.deletedObjects += objects.count - failed.count
}

// SPDX-License-Identifier: Apache-2.0
// Making a volume: the storage is tested and must be empty, the volume's identity is written into it, then
// the records are made (admin-commands §1, JuiceFS 1.4.2).

package import Metadata
package import ObjectStorage
package import SluiceBase
package import VolumeModel

/// The object that tells whose bucket this is.
package let identityKey = ObjectKey("juicefs_uuid")

/// What formatting did besides making the volume.
package struct FormatReport: Sendable {
    /// As stored: secrets are sealed.
    package var settings: VolumeSettings
    /// Sentences about what could not be done and does not prevent the volume from working.
    package var warnings: [String] = []
}

/// Makes a volume.
/// - Parameters:
///   - settings: secrets in clear.
///   - store: the volume's own storage, prefix and encryption included.
///   - checksStorage: false skips test, emptiness check and identity object (JFS_NO_CHECK_OBJECT_STORAGE).
/// - Throws: `MaintenanceError.refused` when the storage holds objects under the volume's name.
package func formatVolume(
    _ engine: any MetadataEngine,
    settings: VolumeSettings,
    store: any ObjectStore,
    checksStorage: Bool = true,
    clock: any TimeSource = SystemClock(),
) throws -> FormatReport {
    var report = FormatReport(settings: try settings.sealed())
    guard checksStorage else {
        _ = try Volume.format(engine: engine, settings: report.settings, clock: clock)
        return report
    }
    try StorageProbe.run(on: store)
    // The test writes to one shard; only what is there can be listed, now and later.
    if settings.shards > 1 { try store.create() }
    try requireEmpty(store)
    do throws(StorageError) {
        try store.put(identityKey, Array(settings.uuid.utf8))
    } catch {
        report.warnings.append("the volume's identity could not be written: \(error)")
    }
    do {
        _ = try Volume.format(engine: engine, settings: report.settings, clock: clock)
    } catch {
        // Without records the identity would only be in the way of the next attempt; its failure changes
        // nothing.
        do { try store.delete(identityKey) } catch {}
        throw error
    }
    return report
}

/// Refuses a storage that holds anything but empty objects and test objects.
private func requireEmpty(_ store: any ObjectStore) throws {
    let listing = try store.list(ListRequest())
    while true {
        let batch = try listing.next()
        guard !batch.isEmpty else { return }
        let found = batch.first {
            $0.kind != .directory && $0.size > 0 && !$0.key.hasPrefix(StorageProbe.prefix)
        }
        guard let found else { continue }
        throw MaintenanceError(
            .refused,
            "format the volume",
            reason: "the storage \(store.address) is not empty: it holds \(found.key)",
            hint: "clean it up or choose another volume name or bucket"
        )
    }
}

/// Compares the identity in the storage with the volume's.
/// - Throws: `MaintenanceError.mismatch` when the storage belongs to another volume.
package func requireIdentity(of settings: VolumeSettings, in store: any ObjectStore) throws {
    guard let found = try storedIdentity(in: store), found != settings.uuid else { return }
    throw MaintenanceError(
        .mismatch,
        "compare volume and storage",
        reason:
            "the storage \(store.address) belongs to volume \(terminalSafe(found)), not to \(settings.uuid)",
        hint: "check the bucket with 'sluice config'"
    )
}

/// The identity in the storage, nil when there is none.
package func storedIdentity(in store: any ObjectStore) throws(StorageError) -> String? {
    do throws(StorageError) {
        return String(decoding: try store.bytes(of: identityKey, limit: 4096), as: UTF8.self)
    } catch {
        guard error.code == .notFound else { throw error }
        return nil
    }
}

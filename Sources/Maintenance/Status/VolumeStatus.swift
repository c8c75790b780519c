// SPDX-License-Identifier: Apache-2.0
// What `status` tells (metadata-format §7, admin-commands §11, JuiceFS 1.4.2).

package import Metadata
import SluiceBase
package import VolumeModel

/// A client as `status` lists it.
package struct SessionStatus: Sendable {
    package var record: SessionRecord
    /// Empty fields when the stored text cannot be read.
    package var info: SessionInfo
    /// Whether the session has missed its heartbeats.
    package var isStale: Bool
}

/// A number of things and their bytes.
package struct CountAndSize: Hashable, Sendable {
    package var count: Int64
    package var bytes: Int64

    package init(count: Int64 = 0, bytes: Int64 = 0) {
        self.count = count
        self.bytes = bytes
    }

    mutating func add(_ count: Int64, bytes: Int64) {
        self.count = self.count.saturatingAdd(count)
        self.bytes = self.bytes.saturatingAdd(bytes)
    }
}

/// A volume at a glance.
package struct VolumeStatus: Sendable {
    /// Without secrets.
    package var settings: VolumeSettings
    package var sessions: [SessionStatus]
    package var space: VolumeStatistics
    /// Only when asked for: it needs scans.
    package var pending: PendingRemovals?
}

/// What waits for its removal.
package struct PendingRemovals: Hashable, Sendable {
    package var trashFiles = CountAndSize()
    package var deletedFiles = CountAndSize()
    package var trashSlices = CountAndSize()
    package var deletedSlices = CountAndSize()
}

/// Reads a volume's status.
/// - Parameter more: also counts trash and pending removals, by scans in constant memory.
package func readStatus(of volume: Volume, more: Bool) throws -> VolumeStatus {
    let now = volume.clock.now()
    let sessions = try volume.engine.read { try $0.sessions() }.map { sessionStatus($0, now: now.seconds) }
    return VolumeStatus(
        settings: volume.settings.shown,
        sessions: sessions,
        space: try volume.statistics(),
        pending: more ? try volume.engine.snapshot { try countPending($0) } : nil
    )
}

package func sessionStatus(_ record: SessionRecord, now: Int64) -> SessionStatus {
    let unreadable = SessionInfo(
        version: "",
        hostName: "",
        addresses: [],
        mountPoint: "",
        mountTime: "",
        processID: 0
    )
    let info = (try? SessionInfo(decoding: record.info)) ?? unreadable
    return SessionStatus(record: record, info: info, isStale: record.expires < now)
}

private func countPending(_ scanner: any MetadataScanner) throws -> PendingRemovals {
    var pending = PendingRemovals()
    try countTrash(scanner, into: &pending.trashFiles)
    try forEachRecord(of: scanner.scanDeletedFiles()) { file in
        pending.deletedFiles.add(1, bytes: Int64(clamping: file.length))
    }
    try forEachRecord(of: scanner.scanDelayedSlices()) { delayed in
        for slice in (try? delayed.slices()) ?? [] { pending.trashSlices.add(1, bytes: Int64(slice.size)) }
    }
    try forEachRecord(of: scanner.scanSliceReferences()) { reference in
        guard reference.count <= 0, reference.id > 0 else { return }
        pending.deletedSlices.add(1, bytes: Int64(reference.size))
    }
    return pending
}

/// Entries of the hourly directories, and the lengths that their dir stats add up.
private func countTrash(_ scanner: any MetadataScanner, into total: inout CountAndSize) throws {
    let pageSize = 1024
    var lastHour: FileName?
    repeat {
        let hours = try scanner.entries(of: .trash, after: lastHour, limit: pageSize)
        for hour in hours {
            let stat = try scanner.directoryStat(of: hour.inode) ?? DirectoryStat()
            total.add(stat.usedInodes, bytes: stat.dataLength)
        }
        lastHour = hours.count == pageSize ? hours.last?.name : nil
    } while lastHour != nil
}

/// Hands every readable record to `body`.
func forEachRecord<Record>(of cursor: any RecordCursor<Record>, _ body: (Record) throws -> Void) throws {
    while let scanned = try cursor.next() {
        guard case .record(let record) = scanned else { continue }
        try body(record)
    }
}

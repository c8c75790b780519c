// SPDX-License-Identifier: Apache-2.0
// The JSON of `status` has the fields of JuiceFS 1.4.2 in its order (metadata-format §7); what is ours comes
// behind.

import Maintenance
import Metadata
import SluiceBase
import VolumeModel

enum StatusReport {
    static func json(of status: VolumeStatus) -> JSONObject {
        [
            "Setting": .object(status.settings.json),
            "Sessions": .array(status.sessions.map { .object(json(of: $0)) }),
            "Stat": .object(json(of: status.space, pending: status.pending)),
        ]
    }

    static func json(of session: SessionStatus) -> JSONObject {
        var object: JSONObject = [
            "Sid": JSONValue(session.record.id),
            "Expire": .string(Timestamp(seconds: session.record.expires).rfc3339),
        ]
        for field in session.info.json.fields { object[field.key] = field.value }
        if session.isStale { object["Stale"] = true }
        return object
    }

    static func json(of detail: SessionDetail) -> JSONObject {
        var object = json(of: detail.status)
        if !detail.sustained.isEmpty {
            object["Sustained"] = .array(detail.sustained.map { JSONValue($0.number) })
        }
        if !detail.fileLocks.isEmpty {
            object["Flocks"] = .array(
                detail.fileLocks.map { inode, lock in
                    [
                        "Inode": JSONValue(inode.number), "Owner": JSONValue(lock.owner),
                        "Ltype": .string(lock.isWrite ? "W" : "R"),
                    ]
                }
            )
        }
        if !detail.rangeLocks.isEmpty {
            object["Plocks"] = .array(
                detail.rangeLocks.map { inode, owned in
                    [
                        "Inode": JSONValue(inode.number), "Owner": JSONValue(owned.owner),
                        "Records": .array(owned.locks.map { .object(json(of: $0)) }),
                    ]
                }
            )
        }
        return object
    }

    private static func json(of lock: RangeLock) -> JSONObject {
        [
            "Type": JSONValue(lock.type), "Pid": JSONValue(lock.processID), "Start": JSONValue(lock.start),
            "End": JSONValue(lock.end),
        ]
    }

    private static func json(of space: VolumeStatistics, pending: PendingRemovals?) -> JSONObject {
        var object: JSONObject = [
            "UsedSpace": JSONValue(space.usedSpace), "AvailableSpace": JSONValue(space.availableSpace),
            "UsedInodes": JSONValue(space.usedInodes), "AvailableInodes": JSONValue(space.availableInodes),
        ]
        guard let pending else { return object }
        add("TrashFile", pending.trashFiles, to: &object)
        add("PendingDeletedFile", pending.deletedFiles, to: &object)
        add("TrashSlice", pending.trashSlices, to: &object)
        add("PendingDeletedSlice", pending.deletedSlices, to: &object)
        return object
    }

    /// JuiceFS leaves zero counts out.
    private static func add(_ name: String, _ total: CountAndSize, to object: inout JSONObject) {
        if total.count != 0 { object["\(name)Count"] = JSONValue(total.count) }
        if total.bytes != 0 { object["\(name)Size"] = JSONValue(total.bytes) }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase
import VolumeModel

/// The sessions of a volume as they matter to a check.
struct LiveSessions: Sendable {
    private(set) var living: Set<UInt64> = []
    private(set) var stale: [UInt64] = []
    private(set) var highest: UInt64 = 0
    /// Earliest time, in seconds since the epoch, at which a living client was mounted; 0 when one does not
    /// say.
    private(set) var mountedSince: Int64?

    /// Sorts sessions by whether they expire after `now`, in seconds since the epoch (metadata-format §5.2).
    init(_ records: [SessionRecord], now: Int64) {
        for record in records {
            highest = max(highest, record.id)
            guard record.expires >= now else {
                stale.append(record.id)
                continue
            }
            living.insert(record.id)
            mountedSince = min(mountedSince ?? .max, Self.mountTime(record.info))
        }
    }

    var areAny: Bool { !living.isEmpty }

    private static func mountTime(_ info: [UInt8]) -> Int64 {
        guard let value = try? JSONValue.parse(info), let text = value["MountTime"]?.stringValue,
            let time = try? Timestamp(rfc3339: text)
        else { return 0 }
        return time.seconds
    }
}

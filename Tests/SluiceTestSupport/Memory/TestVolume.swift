// SPDX-License-Identifier: Apache-2.0

package import Metadata
package import SluiceBase
import Synchronization
package import VolumeModel

/// A clock that a test moves. Thread-safe.
package final class TestClock: TimeSource {
    private let time: Mutex<Timestamp>

    package init(_ start: Timestamp = Timestamp(seconds: 1_800_000_000, nanoseconds: 123_456_789)) {
        time = Mutex(start)
    }

    package func now() -> Timestamp {
        time.withLock { $0 }
    }

    package func advance(seconds: Int64) {
        time.withLock { $0 = $0.advanced(bySeconds: seconds) }
    }

    package func set(_ moment: Timestamp) {
        time.withLock { $0 = moment }
    }
}

/// The records of a fresh volume (metadata-format §1): root, trash and counters, on an engine that has none yet.
/// - Parameter setting: the stored text; most tests need none that can be read.
package func prepareVolume(
    on engine: any MetadataEngine,
    settings: VolumeSettings = VolumeSettings(),
    setting: [UInt8] = Array("{}".utf8),
    clock: any TimeSource = TestClock(),
) throws -> Volume {
    try engine.createSchema()
    let time = clock.now()
    try engine.write { transaction in
        try transaction.setSetting(setting)
        var root = Attributes(type: .directory, mode: 0o777, time: time, linkCount: 2, length: 4096, parent: .root)
        try transaction.insertNode(.root, root)
        if settings.trashDays > 0 {
            root.mode = 0o555
            try transaction.insertNode(.trash, root)
        }
        try transaction.setCounter(.nextInode, to: 2)
        try transaction.setCounter(.nextChunk, to: 1)
        for counter in [Counter.nextSession, .usedSpace, .totalInodes, .nextCleanupSlices] {
            try transaction.setCounter(counter, to: 0)
        }
    }
    return Volume(engine: engine, settings: settings, clock: clock)
}

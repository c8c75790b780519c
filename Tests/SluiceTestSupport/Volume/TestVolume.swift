// SPDX-License-Identifier: Apache-2.0

package import Metadata
package import SluiceBase
import Synchronization
package import VolumeModel

/// A clock that a test moves.
///
/// Thread-safe.
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

/// Formats a volume on an engine that holds none; name and UUID are filled in.
package func prepareVolume(
    on engine: any MetadataEngine,
    settings: VolumeSettings = VolumeSettings(),
    clock: any TimeSource = TestClock(),
) throws -> Volume {
    var settings = settings
    if settings.name.isEmpty { settings.name = "test-volume" }
    if settings.uuid.isEmpty { settings.uuid = "b8735186-e2b4-4bac-969a-c82fe92caef2" }
    return try Volume.format(engine: engine, settings: settings, clock: clock)
}

/// The code with which an operation is refused, nil when it is not.
package func refusal(_ body: () throws -> Void) throws -> VolumeError.Code? {
    do {
        try body()
        return nil
    } catch let error as VolumeError {
        return error.code
    }
}

// SPDX-License-Identifier: Apache-2.0
// Random operations in turns: the real program through its mount, ours through the library, on one volume.
// The seeds are fixed; SLUICE_TWO_CLIENT_STEPS asks for more steps.

import BlockStore
import Metadata
import ObjectStorage
import SluiceBase
import SluiceTestSupport
import Testing
import VolumeModel

extension InteropTests {
    private static var steps: Int {
        Posix.environment("SLUICE_TWO_CLIENT_STEPS").flatMap { Int($0) } ?? 120
    }

    /// An even seed makes a volume with a trash.
    @Test(
        "Both programs change one volume in turns and see the same",
        arguments: [
            (.sqlite, 6), (.sqlite, 7), (.redis, 8), (.redis, 9), (.postgres, 10), (.postgres, 11),
        ] as [(EngineKind, UInt64)]
    )
    func turns(_ kind: EngineKind, _ seed: UInt64) throws {
        let volume = try PeerVolume(kind)
        let hasTrash = seed % 2 == 0
        try volume.place.format("--block-size", "64K", "--trash-days", hasTrash ? "1" : "0")
        let uncached = [
            "--attr-cache", "0", "--entry-cache", "0", "--dir-entry-cache", "0", "--open-cache", "0",
        ]
        try volume.withMount(uncached) {
            let engine = try volume.place.database.open()
            defer { engine.close() }
            let ours = try Volume.open(engine: engine)
            let objects = try VolumeStorage.open(settings: ours.settings.opened()) { _ in nil }
            let slices = try SliceStore(ours.settings, objects: objects)
            let info = SessionInfo(
                version: "1.4.2",
                hostName: "test",
                addresses: [],
                mountPoint: "test",
                mountTime: SystemClock().now().rfc3339,
                processID: Int64(Posix.processID)
            )
            let session = try Session(opening: ours, info: info)
            let mount = MountActor(mountPoint: ByteString(volume.place.path("mnt")))
            var run = try TreeModelRun(
                [VolumeActor(ours, slices), mount],
                mode: ours.attributes(of: .root).mode,
                hasTrash: hasTrash,
                random: SeededRandom(seed: seed)
            )
            try run.run(steps: Self.steps) { _ in try ours.flushUsage() }
            try ours.flushUsage()
            _ = try session.close()
        }
        // Deltas of two clients may pass each other.
        try volume.settleStats()
        try volume.expectClean("\(kind) seed \(seed)")
    }
}

// SPDX-License-Identifier: Apache-2.0

import BlockStore
import Metadata
import ObjectStorage
import SluiceBase
import SluiceTestSupport
import VirtualFS
import VolumeModel

/// A volume in memory with a tree to test.
struct TestTree {
    let engine: any MetadataEngine
    let volume: Volume
    let objects: MemoryStore
    let slices: SliceStore
    let tree: VolumeTree

    init(
        engine: any MetadataEngine = MemoryEngine(),
        blockSize: UInt32 = 65536,
        compression: Compression = .none,
        trashDays: Int64 = 1,
    ) throws {
        var settings = VolumeSettings()
        settings.trashDays = trashDays
        self.engine = engine
        volume = try prepareVolume(on: engine, settings: settings, clock: SystemClock())
        objects = MemoryStore()
        slices = SliceStore(
            objects: objects,
            layout: BlockLayout(blockSize: blockSize, hashPrefix: false),
            compression: compression
        )
        tree = try VolumeTree(volume, slices, address: "test:")
    }
}

/// Reproducible bytes that neither compress away nor repeat per block.
func noise(_ count: Int, seed: UInt64) -> [UInt8] {
    var state = seed &* 2 &+ 1
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    while bytes.count < count {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        unsafe withUnsafeBytes(of: state) { unsafe bytes.append(contentsOf: $0) }
    }
    bytes.removeLast(bytes.count - count)
    return bytes
}

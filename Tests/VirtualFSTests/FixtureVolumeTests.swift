// SPDX-License-Identifier: Apache-2.0

import BlockStore
import Metadata
import ObjectStorage
import SluiceBase
import SluiceTestSupport
import Testing
import VirtualFS
import VolumeModel

@Suite("Volumes that JuiceFS wrote")
struct FixtureVolumeTests {
    static let names = [
        "vol-lz4", "vol-zstd", "vol-hashprefix", "vol-enc-aes", "vol-enc-chacha-lz4", "vol-enc-sm4",
        "vol-shards",
    ]

    private func passphrase(_ name: String) -> String? {
        name == VolumeStorage.passphraseVariable ? "sluice-test" : nil
    }

    @Test("Every file reads back with the recorded digest", arguments: names)
    func digests(_ name: String) throws {
        let fixture = try FixtureVolume(name)
        let objects = try VolumeStorage.open(settings: fixture.settings, environment: passphrase)
        #expect(try objects.bytes(of: "juicefs_uuid") == Array(fixture.settings.uuid.utf8))
        let slices = try SliceStore(fixture.settings, objects: objects)
        let volume = Volume(engine: fixture.engine, settings: fixture.settings)
        let tree = try VolumeTree(volume, slices, address: "fixture:")
        var found: [ByteString: String] = [:]
        for key in try keys(tree) {
            found[key] = Hex.encode(Digest.sha256(try tree.bytes(of: key)))
        }
        #expect(fixture.digests.count == 7)
        #expect(found == fixture.digests)
    }

    @Test("Every object is where the layout says, and decodes", arguments: names)
    func verification(_ name: String) throws {
        let fixture = try FixtureVolume(name)
        let objects = try VolumeStorage.open(settings: fixture.settings, passphrase: "sluice-test") { _ in nil
        }
        let slices = try SliceStore(fixture.settings, objects: objects)
        let listed = try keys(objects, ListRequest(prefix: BlockLayout.prefix))
        #expect(!listed.isEmpty)
        for key in listed {
            guard case .block(let block) = slices.layout.parse(key) else {
                Issue.record("\(key) is not a block of this layout")
                continue
            }
            try slices.verify(block)
        }
    }

    @Test("An encrypted volume asks for its passphrase and refuses a wrong one")
    func passphrases() throws {
        let fixture = try FixtureVolume("vol-enc-aes")
        let missing = #expect(throws: BlockError.self) {
            try VolumeStorage.open(settings: fixture.settings) { _ in nil }
        }
        #expect(missing?.code == .settings)
        #expect(missing?.description.contains("JFS_RSA_PASSPHRASE") == true)
        let wrong = #expect(throws: BlockError.self) {
            try VolumeStorage.open(settings: fixture.settings, passphrase: "sluice") { _ in nil }
        }
        #expect(wrong?.code == .settings)
        var stripped = fixture.settings
        stripped.encryptKey = VolumeSettings.removedSecret
        #expect(throws: BlockError.self) {
            try VolumeStorage.open(settings: stripped, passphrase: "sluice-test") { _ in nil }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// What fsck has to know of a volume's storage: how large an object must be, how to read a block.

import BlockStore
import Maintenance
import Metadata
import ObjectStorage
import SluiceBase
import VolumeModel

enum CheckSetup {
    static func options(
        for volume: Volume,
        store: any ObjectStore,
        readsData: Bool,
        threads: Int,
    ) throws -> CheckOptions {
        let settings = volume.settings
        var options = CheckOptions()
        options.dataThreads = threads
        options.expectedObjectSize = sizes(of: settings)
        options.storedUUID = { try storedIdentity(in: store) }
        guard readsData else { return options }
        let slices = try SliceStore(settings, objects: store)
        options.readsData = true
        options.blockReader = { block in
            do throws(BlockError) {
                try slices.verify(block)
            } catch {
                // The check tells a storage that fails from a block that does not decode.
                if error.code == .missing || error.code == .storage, let cause = error.underlying {
                    throw cause
                }
                throw error
            }
            return Int(block.size)
        }
        return options
    }

    /// Plain objects have the block's size; what is encrypted is longer, what is compressed is of any size.
    private static func sizes(of settings: VolumeSettings) -> @Sendable (UInt32) -> SizeRule {
        let isCompressed = settings.compression != "none" && !settings.compression.isEmpty
        if isCompressed { return { _ in .atLeast(1) } }
        guard !settings.encryptKey.isEmpty else { return { .exact(UInt64($0)) } }
        // Two lengths, a nonce of 12, a tag of 16 and the wrapped key, whose size depends on the RSA key.
        return { .atLeast(UInt64($0) + 3 + 12 + 16) }
    }
}

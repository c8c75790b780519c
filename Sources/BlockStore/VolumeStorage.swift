// SPDX-License-Identifier: Apache-2.0
// From a volume's settings to its object store: encrypt(retry(limit(prefix(shard(driver))))) (data-format
// §1.1). Retries stand inside encryption, so that a block is sealed once.

package import ObjectStorage
import SluiceBase
package import VolumeModel

/// Opens the storage of volumes.
package enum VolumeStorage {
    /// The variable that holds the passphrase of an encrypted volume's key (data-format §1.5).
    package static let passphraseVariable = "JFS_RSA_PASSPHRASE"

    /// Opens the store that holds a volume's objects, with prefix, shards, limits, retries and encryption
    /// around it.
    /// - Parameters:
    ///   - settings: as stored; sealed secrets are opened here.
    ///   - passphrase: of the private key; nil takes the environment's.
    ///   - drivers: what can be opened.
    ///   - environment: looks a variable up.
    /// - Throws: `BlockError.settings` with a sentence, also for secrets that a dump removed.
    package static func open(
        settings: VolumeSettings,
        passphrase: String? = nil,
        drivers: [StorageDriver] = StorageDriver.local,
        environment: @escaping @Sendable (String) -> String?,
    ) throws(BlockError) -> any ObjectStore {
        let plain: VolumeSettings
        do throws(CryptoError) {
            plain = try settings.opened()
        } catch {
            throw refusal("its secrets do not open: \(error)")
        }
        guard VolumeSettings.isValidName(plain.name) else {
            throw refusal("the name \(plain.name) is not valid")
        }
        guard let shards = Int(exactly: plain.shards), shards >= 0 else {
            throw refusal("\(plain.shards) shards")
        }
        let driver: any ObjectStore
        do throws(StorageError) {
            let request = StorageRequest(
                storage: plain.storage,
                bucket: plain.bucket,
                accessKey: plain.accessKey,
                secretKey: plain.secretKey,
                sessionToken: plain.sessionToken,
                environment: environment
            )
            driver = try openStore(request, shards: shards, drivers: drivers)
        } catch {
            throw BlockError(.settings, "open the storage", underlying: error)
        }
        let named = PrefixStore(driver, prefix: ByteString("\(plain.name)/"))
        let store = RetryingStore(limited(named, plain))
        guard !plain.encryptKey.isEmpty else { return store }
        let phrase = passphrase ?? environment(passphraseVariable)
        return EncryptedStore(store, try envelope(plain, passphrase: phrase))
    }

    private static func limited(_ store: any ObjectStore, _ settings: VolumeSettings) -> any ObjectStore {
        guard settings.uploadLimit > 0 || settings.downloadLimit > 0 else { return store }
        return LimitedStore(
            store,
            upload: TokenBucket(bytesPerSecond: bytesPerSecond(settings.uploadLimit)),
            download: TokenBucket(bytesPerSecond: bytesPerSecond(settings.downloadLimit))
        )
    }

    /// The settings say Mbit/s; 0 means unlimited.
    private static func bytesPerSecond(_ megabits: Int64) -> UInt64 {
        let (bytes, overflowed) = UInt64(max(megabits, 0)).multipliedReportingOverflow(by: 125_000)
        return overflowed ? 0 : bytes
    }

    private static func envelope(
        _ settings: VolumeSettings,
        passphrase: String?,
    ) throws(BlockError) -> Envelope {
        guard settings.encryptKey != VolumeSettings.removedSecret else {
            throw refusal("its private key was removed by a dump; set it again with config")
        }
        guard let algorithm = EncryptionAlgorithm(settingsName: settings.encryptAlgorithm) else {
            throw refusal("the encryption \(settings.encryptAlgorithm) is unknown")
        }
        do throws(CryptoError) {
            return Envelope(
                algorithm,
                key: try PrivateKey(pem: Array(settings.encryptKey.utf8), passphrase: passphrase)
            )
        } catch {
            guard error.code == .needsPassphrase || error.code == .wrongPassphrase else {
                throw refusal("\(error)")
            }
            // Whoever shows this can tell a wrong passphrase from wrong settings.
            let hint = error.code == .needsPassphrase ? "; set \(passphraseVariable)" : ""
            throw BlockError(
                .settings,
                "open the storage",
                reason: "\(error)\(hint)",
                underlying: StorageError(.undecipherable, "open", address: settings.bucket)
            )
        }
    }

    private static func refusal(_ reason: String) -> BlockError {
        BlockError(.settings, "open the storage", reason: reason)
    }
}

extension SliceStore {
    /// Opens a volume's slices over a store that `VolumeStorage.open` made.
    /// - Throws: `BlockError.settings` for a block size or compression that no version writes.
    package convenience init(
        _ settings: VolumeSettings,
        objects: any ObjectStore,
        limits: SliceLimits = SliceLimits(),
    ) throws(BlockError) {
        guard let compression = Compression(named: settings.compression) else {
            throw BlockError(
                .settings,
                "open the volume's data",
                reason: "the compression \(settings.compression) is unknown"
            )
        }
        let layout: BlockLayout
        do throws(CodecError) {
            layout = try settings.blockLayout()
        } catch {
            throw BlockError(.settings, "open the volume's data", reason: "\(error)")
        }
        self.init(objects: objects, layout: layout, compression: compression, limits: limits)
    }
}

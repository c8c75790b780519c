// SPDX-License-Identifier: Apache-2.0

package import SluiceBase
import VolumeModel

extension Volume {
    /// Opens the volume that an engine holds.
    /// - Parameter checkVersion: refuse a volume whose client version bounds do not admit this program. A
    ///   newer record format is always refused (metadata-format §1).
    /// - Throws: `EngineError`: `.notAVolume`, `.incompatible`, `.corrupt` when the settings cannot be read.
    package static func open(
        engine: any MetadataEngine,
        clock: any TimeSource = SystemClock(),
        checkVersion: Bool = true,
    ) throws -> Volume {
        guard try engine.isFormatted() else {
            throw EngineError(.notAVolume, "open the volume", address: engine.address)
        }
        let settings = try engine.read { try VolumeSettings.stored($0, address: engine.address) }
        if checkVersion, let reason = settings.incompatibility {
            throw EngineError(.incompatible, "open the volume", address: engine.address, reason: reason)
        }
        return Volume(engine: engine, settings: settings, clock: clock)
    }
}

extension VolumeSettings {
    /// Reads the stored settings.
    /// - Throws: `EngineError`: `.notAVolume` without any, `.corrupt`, `.incompatible` for a newer record
    ///   format.
    static func stored(_ reader: any MetadataReader, address: String) throws -> VolumeSettings {
        guard let bytes = try reader.setting() else {
            throw EngineError(.notAVolume, "read the settings", address: address)
        }
        let settings: VolumeSettings
        do {
            settings = try VolumeSettings(decoding: bytes)
        } catch {
            throw EngineError(.corrupt, "read the settings", address: address, reason: error.description)
        }
        guard !settings.isLoadMark else {
            throw EngineError(
                .notAVolume,
                "read the settings",
                address: address,
                reason: VolumeSettings.loadMarkSentence
            )
        }
        guard settings.metaVersion <= 1 else {
            throw EngineError(
                .incompatible,
                "read the settings",
                address: address,
                reason: "the metadata have version \(settings.metaVersion), this program knows version 1"
            )
        }
        return settings
    }
}

// SPDX-License-Identifier: Apache-2.0
// `format` on a volume that exists: JuiceFS changes its settings then, so do we, but never what objects
// depend on unless forced and confirmed (admin-commands §1).

import Maintenance
import Metadata
import VolumeModel

struct ExistingVolume {
    let engine: any MetadataEngine
    let format: Format

    func update(_ request: ConfigurationRequest) throws {
        let volume = try Volume.open(engine: engine)
        if format.noUpdate { return }
        if format.encryptRsaKey != nil {
            Console.note(
                "warning: the key of an existing volume cannot be changed; --encrypt-rsa-key is ignored"
            )
        }
        var settings = volume.settings
        let frozen = try frozenChanges(&settings)
        if !frozen.isEmpty {
            guard format.force else {
                throw Failure(
                    "cannot update volume: \(frozen.joined(separator: ", "))",
                    hint:
                        "these are fixed when a volume is made; give the same values or choose another engine"
                )
            }
            Console.note("warning: \(frozen.joined(separator: ", ")): existing objects become unreadable")
            try Consent.requireName(settings.name, for: "replace its settings", given: format.yes)
        }
        let plan = try planConfiguration(of: volume, request, ignoresGuards: format.force)
        for warning in plan.warnings { Console.note("warning: \(warning)") }
        if !plan.warnings.isEmpty { try Consent.require("Proceed anyway?", given: format.yes) }
        var target = plan.settings
        _ = try frozenChanges(&target)
        try applyConfiguration(target, to: volume, forced: format.force)
        for change in plan.changes + frozen { format.common.inform(change) }
    }

    /// Applies the fixed settings that were asked for.
    /// - Returns: a line for each that differs: `volume block size from 4096 to 1024`.
    private func frozenChanges(_ settings: inout VolumeSettings) throws -> [String] {
        var changes: [String] = []
        func set<Value: Equatable>(
            _ what: String,
            _ path: WritableKeyPath<VolumeSettings, Value>,
            _ value: Value?
        ) {
            guard let value, settings[keyPath: path] != value else { return }
            changes.append("volume \(what) from \(settings[keyPath: path]) to \(value)")
            settings[keyPath: path] = value
        }
        set("name", \.name, format.name)
        set("block size", \.blockSizeKiB, try format.blockSize.map { try BlockSize.kibibytes($0) { _ in } })
        set("compression", \.compression, format.compress)
        set("shards", \.shards, format.shards)
        set("hash prefix", \.hashPrefix, format.hashPrefix)
        return changes
    }
}

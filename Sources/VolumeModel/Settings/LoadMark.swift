// SPDX-License-Identifier: Apache-2.0
// While a dump is being loaded, a mark stands where the setting will be. Its record format is one that no
// client knows, so JuiceFS 1.4.2 refuses the database as well, whatever the engine.

import SluiceBase

extension VolumeSettings {
    /// The record format that a mark claims; JuiceFS knows 1.
    private static let loadMarkVersion: Int64 = 1_000_000

    /// The setting that stands in a database while this volume is being loaded into it.
    package var loadMark: VolumeSettings {
        var mark = VolumeSettings()
        // No volume can be called so: 'juicefs format' refuses to change the name.
        mark.name = "interrupted load of \(name)"
        mark.uuid = uuid
        mark.storage = "none"
        mark.metaVersion = Self.loadMarkVersion
        return mark
    }

    /// Whether this is the mark of a load that runs or was interrupted, not the setting of a volume.
    package var isLoadMark: Bool {
        metaVersion == Self.loadMarkVersion
    }

    /// What a mark means, for people.
    package static let loadMarkSentence =
        "not a volume: the database holds a load that runs or was interrupted;"
        + " 'sluice load --resume' clears it and loads again"
}

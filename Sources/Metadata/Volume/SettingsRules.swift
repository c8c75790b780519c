// SPDX-License-Identifier: Apache-2.0
// Which settings may change and what a change brings along (metadata-format §1, JuiceFS 1.4.2).

import SluiceBase
import VolumeModel

extension VolumeSettings {
    /// The first field that says where objects lie and what they contain, and differs.
    func firstFixedField(differingFrom old: VolumeSettings) -> String? {
        let fields: [(String, Bool)] = [
            ("Name", name != old.name),
            ("BlockSize", blockSizeKiB != old.blockSizeKiB),
            ("Compression", Self.codec(compression) != Self.codec(old.compression)),
            ("Shards", shards != old.shards),
            ("HashPrefix", hashPrefix != old.hashPrefix),
            ("MetaVersion", metaVersion != old.metaVersion),
        ]
        return fields.first { $0.1 }?.0
    }

    /// An absent compression means none.
    private static func codec(_ name: String) -> String { name.isEmpty ? "none" : name }

    /// Checks settings before they are stored, and sets what follows from them.
    /// - Parameter old: the settings they replace, nil for a new volume.
    /// - Throws: `VolumeError.invalid`.
    mutating func prepare(replacing old: VolumeSettings?) throws {
        if old == nil || old?.name != name {
            guard Self.isValidName(name) else {
                throw invalid("a name has 3 to 63 lower-case letters, digits and dashes, no dash at its ends")
            }
            guard !uuid.isEmpty else { throw invalid("it has no UUID") }
        }
        guard metaVersion == 1 || metaVersion == old?.metaVersion else {
            throw invalid("metadata version \(metaVersion) is not known")
        }
        guard trashDays >= 0 else { throw invalid("\(trashDays) days of trash") }
        do {
            _ = try blockLayout()
        } catch {
            throw invalid(error.description)
        }
        if let old, old.enableACL, !enableACL { throw invalid("ACLs cannot be turned off") }
        for (version, bounds) in [("minimum", minClientVersion), ("maximum", maxClientVersion)]
        where !bounds.isEmpty && ClientVersion(bounds) == nil {
            throw invalid("the \(version) client version '\(bounds)' cannot be read")
        }
        if changeLog, old?.changeLog != true, changeLogMaxAge == 0 { changeLogMaxAge = 7200 }
        raiseLeastVersion(replacing: old)
    }

    /// Keeps clients away that do not know a feature in use; never lets older ones in.
    private mutating func raiseLeastVersion(replacing old: VolumeSettings?) {
        var needed: [String] = []
        if enableACL { needed.append("1.2.0-A") }
        if !rangerRestURL.isEmpty || !rangerService.isEmpty { needed.append("1.3.0-A") }
        if !kerberosConfig.isEmpty || old.map({ $0.tiers != tiers }) ?? false { needed.append("1.4.0-A") }
        for text in needed {
            guard let version = ClientVersion(text) else { continue }
            if let current = ClientVersion(minClientVersion), current >= version { continue }
            minClientVersion = text
        }
    }

    private func invalid(_ reason: String) -> VolumeError {
        VolumeError(.invalid, "set up", "volume \(name)", reason: reason)
    }
}

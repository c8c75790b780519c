// SPDX-License-Identifier: Apache-2.0
// What a change of settings means is decided here, before anything is written (admin-commands §2, JuiceFS
// 1.4.2).

package import Metadata
import SluiceBase
package import VolumeModel

/// Computes what a request changes.
/// - Parameters:
///   - volume: open; its settings are the old ones.
///   - ignoresGuards: `--force`: usage, clients and quotas are not looked at.
/// - Throws: `MaintenanceError.refused` for a change that is never allowed.
package func planConfiguration(
    of volume: Volume,
    _ request: ConfigurationRequest,
    ignoresGuards: Bool,
) throws -> ConfigurationPlan {
    var plan = ConfigurationPlan(settings: try volume.settings.opened())
    plan.changeStorage(request)
    try plan.changeTier(request)
    plan.changeLimits(request)
    try plan.changeFeatures(request)
    try plan.changeVersions(request)
    if request.sealsSecrets, !volume.settings.keyEncrypted, (try plan.settings.sealed()).keyEncrypted {
        plan.changes.append("encrypt-secret: secrets are sealed")
    }
    guard !ignoresGuards else { return plan }
    try plan.warn(about: volume)
    return plan
}

extension VolumeSettings {
    /// The settings of a new volume after a request.
    /// - Throws: `MaintenanceError.refused` for a setting that is never allowed.
    package func configured(by request: ConfigurationRequest) throws -> VolumeSettings {
        var plan = ConfigurationPlan(settings: self)
        plan.changeStorage(request)
        try plan.changeTier(request)
        plan.changeLimits(request)
        try plan.changeFeatures(request)
        try plan.changeVersions(request)
        return plan.settings
    }
}

extension ConfigurationPlan {
    private mutating func change<Value: Equatable>(
        _ flag: String,
        _ path: WritableKeyPath<VolumeSettings, Value>,
        to value: Value?,
        shown: (Value) -> String = { "\($0)" },
    ) {
        guard let value, value != settings[keyPath: path] else { return }
        changes.append("\(flag): \(shown(settings[keyPath: path])) -> \(shown(value))")
        settings[keyPath: path] = value
    }

    /// A secret is replaced, never shown.
    private mutating func replace(
        _ flag: String,
        _ path: WritableKeyPath<VolumeSettings, String>,
        with value: String?,
    ) {
        guard let value, value != settings[keyPath: path] else { return }
        settings[keyPath: path] = value
        changes.append("\(flag): updated")
    }

    fileprivate mutating func changeStorage(_ request: ConfigurationRequest) {
        change("storage", \.storage, to: request.storage)
        change("bucket", \.bucket, to: request.bucket, shown: redactedAddress)
        change("access-key", \.accessKey, to: request.accessKey)
        replace("secret-key", \.secretKey, with: request.secretKey)
        replace("session-token", \.sessionToken, with: request.sessionToken)
        change("upload-limit", \.uploadLimit, to: request.uploadLimit)
        change("download-limit", \.downloadLimit, to: request.downloadLimit)
    }

    fileprivate mutating func changeTier(_ request: ConfigurationRequest) throws {
        guard request.storageClass != nil || request.tag != nil || request.tier != nil else { return }
        let id = request.tier ?? 0
        guard id <= 3 else {
            throw MaintenanceError(
                .refused,
                "change the settings",
                reason: "there is no tier \(id); tiers are 0 to 3"
            )
        }
        if request.tier != nil, request.bucket != nil || request.accessKey != nil || request.secretKey != nil
        {
            throw MaintenanceError(
                .refused,
                "change the settings",
                reason: "tiers of one volume share its bucket and keys"
            )
        }
        var tiers = settings.tiers ?? [0: StorageTier(storageClass: settings.storageClass)]
        let old = tiers[id]
        let new = StorageTier(
            storageClass: request.storageClass ?? old?.storageClass ?? "",
            tag: request.tag ?? old?.tag ?? ""
        )
        guard new != old else { return }
        tiers[id] = new
        settings.tiers = tiers
        if id == 0 { settings.storageClass = new.storageClass }
        changes.append("tier \(id): \(Self.describe(old)) -> \(Self.describe(new))")
        if old != nil, request.tier != nil {
            warnings.append("Tier \(id) exists already and will be overwritten.")
        }
        if request.tier != nil { raiseLeastVersion(to: "1.4.0-A") }
    }

    private static func describe(_ tier: StorageTier?) -> String {
        guard let tier else { return "none" }
        return "class '\(tier.storageClass)', tag '\(tier.tag)'"
    }

    fileprivate mutating func changeLimits(_ request: ConfigurationRequest) {
        change("capacity", \.capacity, to: request.capacity) { $0 == 0 ? "unlimited" : formatBytes($0) }
        change("inodes", \.inodes, to: request.inodes) { $0 == 0 ? "unlimited" : "\($0)" }
        if let days = request.trashDays, days == 0, settings.trashDays > 0 {
            warnings.append(
                "The current trash will be emptied and future removed files will be purged immediately."
            )
        }
        change("trash-days", \.trashDays, to: request.trashDays)
    }

    fileprivate mutating func changeFeatures(_ request: ConfigurationRequest) throws {
        if request.enableACL == false, settings.enableACL {
            throw MaintenanceError(.refused, "change the settings", reason: "ACLs cannot be turned off again")
        }
        change("dir-stats", \.dirStats, to: request.dirStats)
        change("user-group-quota", \.userGroupQuota, to: request.userGroupQuota)
        change("enable-acl", \.enableACL, to: request.enableACL)
        if settings.enableACL { raiseLeastVersion(to: "1.2.0-A") }
        change("ranger-rest-url", \.rangerRestURL, to: request.rangerRestURL)
        change("ranger-service", \.rangerService, to: request.rangerService)
        if !settings.rangerRestURL.isEmpty { raiseLeastVersion(to: "1.3.0-A") }
        change("kerberos-config-file", \.kerberosConfig, to: request.kerberosConfig) {
            $0.isEmpty ? "none" : "set"
        }
        if !settings.kerberosConfig.isEmpty { raiseLeastVersion(to: "1.4.0-A") }
        change("changelog", \.changeLog, to: request.changeLog)
        change("changelog-max-age", \.changeLogMaxAge, to: request.changeLogMaxAge) { "\($0)s" }
        change("changelog-max-lines", \.changeLogMaxLines, to: request.changeLogMaxLines)
        if request.changeLog == true, settings.changeLogMaxAge == 0, request.changeLogMaxAge == nil {
            settings.changeLogMaxAge = 7200
        }
    }

    fileprivate mutating func changeVersions(_ request: ConfigurationRequest) throws {
        if let text = request.minClientVersion {
            guard let version = ClientVersion(text) else {
                throw MaintenanceError(.refused, "change the settings", reason: "'\(text)' is not a version")
            }
            if let old = ClientVersion(settings.minClientVersion), version < old {
                throw MaintenanceError(
                    .refused,
                    "change the settings",
                    reason: "the least client version cannot be lowered from \(old)"
                )
            }
            change("min-client-version", \.minClientVersion, to: text)
        }
        if let text = request.maxClientVersion {
            guard text.isEmpty || ClientVersion(text) != nil else {
                throw MaintenanceError(.refused, "change the settings", reason: "'\(text)' is not a version")
            }
            change("max-client-version", \.maxClientVersion, to: text)
        }
    }

    /// The least version is raised by features that older clients would break, and never lowered.
    private mutating func raiseLeastVersion(to text: String) {
        guard let needed = ClientVersion(text),
            ClientVersion(settings.minClientVersion).map({ $0 < needed }) ?? true
        else { return }
        change("min-client-version", \.minClientVersion, to: text)
    }

    /// Looks at the volume: usage above new limits, quotas that need dir stats, clients that would be shut
    /// out.
    fileprivate mutating func warn(about volume: Volume) throws {
        let old = volume.settings
        let state = try volume.engine.read { reader in
            (
                space: try reader.counter(.usedSpace) ?? 0, inodes: try reader.counter(.totalInodes) ?? 0,
                directoryQuotas: try reader.quotas(.directory), sessions: try reader.sessions()
            )
        }
        if settings.capacity > 0, settings.capacity != old.capacity,
            state.space >= Int64(clamping: settings.capacity)
        {
            warnings.append(
                "New quota is too small (used / quota):"
                    + " \(formatBytes(state.space)) / \(formatBytes(settings.capacity))."
            )
        }
        if settings.inodes > 0, settings.inodes != old.inodes,
            state.inodes >= Int64(clamping: settings.inodes)
        {
            warnings.append(
                "New quota is too small (used / quota): \(state.inodes) / \(settings.inodes) inodes."
            )
        }
        if old.dirStats, !settings.dirStats, !state.directoryQuotas.isEmpty {
            let inodes = state.directoryQuotas.map { String($0.key) }.joined(separator: ", ")
            throw MaintenanceError(
                .refused,
                "turn dir stats off",
                reason: "directory quotas need them (inodes \(inodes))",
                hint: "delete the quotas first"
            )
        }
        guard
            settings.minClientVersion != old.minClientVersion
                || settings.maxClientVersion != old.maxClientVersion
        else { return }
        if let why = settings.incompatibility { warnings.append("This program will be shut out: \(why).") }
        for session in state.sessions {
            guard let info = try? SessionInfo(decoding: session.info), Self.shutsOut(info.version, settings)
            else {
                continue
            }
            warnings.append(
                "A client will be shut out: \(terminalSafe(info.version)),"
                    + " host \(terminalSafe(info.hostName)),"
                    + " pid \(info.processID)."
            )
        }
    }

    private static func shutsOut(_ text: String, _ settings: VolumeSettings) -> Bool {
        guard let version = ClientVersion(text) else { return true }
        if let least = ClientVersion(settings.minClientVersion), version < least { return true }
        if let most = ClientVersion(settings.maxClientVersion), most < version { return true }
        return false
    }
}

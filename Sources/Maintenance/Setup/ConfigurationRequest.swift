// SPDX-License-Identifier: Apache-2.0

package import VolumeModel

/// The settings a user wants changed; nil leaves a setting as it is.
package struct ConfigurationRequest: Hashable, Sendable {
    package var storage: String?
    package var bucket: String?
    package var accessKey: String?
    package var secretKey: String?
    package var sessionToken: String?
    package var storageClass: String?
    package var tag: String?
    /// 0...3; storage class and tag belong to this tier then.
    package var tier: UInt8?
    /// Bytes.
    package var capacity: UInt64?
    package var inodes: UInt64?
    package var trashDays: Int64?
    /// Mbit/s.
    package var uploadLimit: Int64?
    package var downloadLimit: Int64?
    package var minClientVersion: String?
    package var maxClientVersion: String?
    package var dirStats: Bool?
    package var userGroupQuota: Bool?
    package var enableACL: Bool?
    package var changeLog: Bool?
    /// Seconds.
    package var changeLogMaxAge: Int64?
    package var changeLogMaxLines: Int64?
    package var rangerRestURL: String?
    package var rangerService: String?
    package var kerberosConfig: String?
    /// Seals secrets that are stored in clear.
    package var sealsSecrets = false

    package init() {}

    /// Whether nothing was asked for.
    package var isEmpty: Bool { self == ConfigurationRequest() }

    /// Whether objects will go elsewhere or under other credentials.
    package var touchesStorage: Bool {
        storage != nil || bucket != nil || accessKey != nil || secretKey != nil || sessionToken != nil
            || storageClass != nil || tag != nil || tier != nil
    }
}

/// What a request changes and what the user should know before.
package struct ConfigurationPlan: Sendable {
    /// The new settings, secrets in clear.
    package var settings: VolumeSettings
    /// One line per change: `trash-days: 3 -> 0`.
    package var changes: [String] = []
    /// Consequences that need a yes.
    package var warnings: [String] = []

    package var isEmpty: Bool { changes.isEmpty }
}

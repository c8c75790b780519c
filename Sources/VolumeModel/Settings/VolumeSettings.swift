// SPDX-License-Identifier: Apache-2.0
// The volume's settings ("format", metadata-format §1, JuiceFS 1.4.2).

/// Everything that is fixed or configured for a volume.
package struct VolumeSettings: Hashable, Sendable {
    package var name = ""
    package var uuid = ""
    package var storage = "file"
    package var storageClass = ""
    package var bucket = ""
    package var accessKey = ""
    /// Sealed when `keyEncrypted`.
    package var secretKey = ""
    package var sessionToken = ""
    /// KiB.
    package var blockSizeKiB: Int64 = 4096
    package var compression = "none"
    package var shards: Int64 = 0
    package var hashPrefix = false
    /// Bytes; 0 means unlimited.
    package var capacity: UInt64 = 0
    /// 0 means unlimited.
    package var inodes: UInt64 = 0
    /// PEM of an RSA private key; sealed when `keyEncrypted`.
    package var encryptKey = ""
    package var encryptAlgorithm = "aes256gcm-rsa"
    package var keyEncrypted = false
    /// Mbit/s; 0 means unlimited.
    package var uploadLimit: Int64 = 0
    package var downloadLimit: Int64 = 0
    /// 0 means no trash.
    package var trashDays: Int64 = 1
    package var metaVersion: Int64 = 1
    package var minClientVersion = "1.1.0-A"
    package var maxClientVersion = ""
    package var dirStats = true
    package var userGroupQuota = false
    package var enableACL = false

    package init() {}
}

// SPDX-License-Identifier: Apache-2.0
// The volume's settings, which JuiceFS calls its format (metadata-format §1, JuiceFS 1.4.2). The JSON form is
// in VolumeSettings+JSON.swift, the sealing of secrets in VolumeSettings+Secrets.swift.

package import SluiceBase

/// Everything that is fixed or configured for a volume.
package struct VolumeSettings: Hashable, Sendable {
    /// Prefix of all objects.
    package var name = ""
    package var uuid = ""
    /// The object storage driver.
    package var storage = "file"
    package var storageClass = ""
    /// By tier id, 0...3; nil on volumes made before 1.4.
    package var tiers: [UInt8: StorageTier]? = [0: StorageTier()]
    package var bucket = ""
    package var accessKey = ""
    /// Sealed when `keyEncrypted`.
    package var secretKey = ""
    /// Sealed when `keyEncrypted`.
    package var sessionToken = ""
    /// KiB; 64 ...
    ///
    /// 16384.
    package var blockSizeKiB: Int64 = 4096
    /// `none`, `lz4` or `zstd`.
    package var compression = "none"
    /// Number of buckets the objects are spread over; 0 and 1 mean one.
    package var shards: Int64 = 0
    package var hashPrefix = false
    /// Bytes; 0 means unlimited.
    package var capacity: UInt64 = 0
    /// 0 means unlimited.
    package var inodes: UInt64 = 0
    /// PEM of an RSA or SM2 private key; sealed when `keyEncrypted`.
    ///
    /// Empty: objects are not encrypted.
    package var encryptKey = ""
    package var encryptAlgorithm = "aes256gcm-rsa"
    package var keyEncrypted = false
    /// Mbit/s; 0 means unlimited.
    package var uploadLimit: Int64 = 0
    /// Mbit/s; 0 means unlimited.
    package var downloadLimit: Int64 = 0
    /// 0 means no trash.
    package var trashDays: Int64 = 1
    package var metaVersion: Int64 = 1
    package var minClientVersion = "1.1.0-A"
    package var maxClientVersion = ""
    package var dirStats = true
    package var userGroupQuota = false
    package var enableACL = false
    package var rangerRestURL = ""
    package var rangerService = ""
    package var changeLog = false
    /// Seconds; 0 keeps lines of any age.
    package var changeLogMaxAge: Int64 = 0
    /// 0 keeps any number of lines.
    package var changeLogMaxLines: Int64 = 0
    package var kerberosConfig = ""
    /// Fields of newer versions, kept as they are.
    package var unknown = JSONObject()

    package init() {}
}

/// Where the objects of a tier are stored.
package struct StorageTier: Hashable, Sendable {
    package var storageClass: String
    /// `key=value` or empty.
    package var tag: String

    package init(storageClass: String = "", tag: String = "") {
        self.storageClass = storageClass
        self.tag = tag
    }
}

extension VolumeSettings {
    /// How slices are cut into objects.
    /// - Throws: `CodecError` when the stored block size is not one that any version writes.
    package func blockLayout() throws(CodecError) -> BlockLayout {
        guard (64...16384).contains(blockSizeKiB) else {
            throw CodecError("volume settings", "a block size of \(blockSizeKiB) KiB")
        }
        return BlockLayout(blockSize: UInt32(blockSizeKiB) * 1024, hashPrefix: hashPrefix)
    }

    /// How long the trash keeps what was removed, in seconds; 0 without a trash, saturates.
    package var trashSeconds: Int64 {
        let (seconds, overflow) = max(0, trashDays).multipliedReportingOverflow(by: 86400)
        return overflow ? .max : seconds
    }

    /// Whether a text can be a volume's name (metadata-format §0).
    package static func isValidName(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        guard (3...63).contains(bytes.count), let first = bytes.first, let last = bytes.last else {
            return false
        }
        func isAlphanumeric(_ byte: UInt8) -> Bool { (0x30...0x39) ~= byte || (0x61...0x7A) ~= byte }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && bytes.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }
}

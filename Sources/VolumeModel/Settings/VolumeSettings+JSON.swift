// SPDX-License-Identifier: Apache-2.0
// One table says how each field is called, in which order fields stand and which are left out when empty;
// reading and writing both follow it. Unknown fields are kept behind the known ones.

package import SluiceBase

extension VolumeSettings {
    /// Reads stored settings; missing fields keep their defaults of volumes that never had them.
    /// - Throws: `CodecError` when the bytes are not a JSON object or a field has the wrong type.
    package init(decoding bytes: [UInt8]) throws(CodecError) {
        guard let object = try JSONValue.parse(bytes).objectValue else {
            throw CodecError("volume settings", "not a JSON object")
        }
        try self.init(object)
    }

    package init(_ object: JSONObject) throws(CodecError) {
        self.init()
        // What a field means when an older version did not write it.
        tiers = nil
        dirStats = false
        trashDays = 0
        metaVersion = 0
        minClientVersion = ""
        let fields = Dictionary(uniqueKeysWithValues: Self.fields.map { ($0.key, $0) })
        for stored in object.fields {
            guard let field = fields[stored.key] else {
                unknown[stored.key] = stored.value
                continue
            }
            guard stored.value == .null || field.read(&self, stored.value) else {
                throw CodecError("volume settings", "the field \(stored.key) is \(stored.value.compact)")
            }
        }
    }

    /// The stored form: every field on its own line, without indentation, as JuiceFS 1.4.2 writes it.
    package var encoded: [UInt8] {
        Array(JSONValue.object(json).pretty(indent: 0, escapesHTML: true).utf8)
    }

    /// The fields in their stored order, the empty ones left out that JuiceFS leaves out.
    package var json: JSONObject {
        var object = JSONObject()
        for field in Self.fields {
            if let value = field.write(self) { object[field.key] = value }
        }
        for field in unknown.fields { object[field.key] = field.value }
        return object
    }

    /// The settings as they may be shown: without secrets, also none in the address of the bucket.
    package var shown: VolumeSettings {
        var shown = withoutSecrets
        shown.bucket = redactedAddress(bucket)
        return shown
    }

    /// The settings with every secret replaced by `removed`, as a dump has them.
    package var withoutSecrets: VolumeSettings {
        var shown = self
        for secret in Self.secrets where !shown[keyPath: secret].isEmpty {
            shown[keyPath: secret] = Self.removedSecret
        }
        return shown
    }
}

/// How one field is stored.
private struct SettingsField {
    let key: String
    /// Returns false when the value has the wrong type.
    let read: (inout VolumeSettings, JSONValue) -> Bool
    /// Returns nil when the field is left out.
    let write: (VolumeSettings) -> JSONValue?

    static func text(
        _ key: String,
        _ path: WritableKeyPath<VolumeSettings, String>,
        omitted: Bool = true
    ) -> Self {
        Self(
            key: key,
            read: { $0.assign($1.stringValue, to: path) },
            write: { omitted && $0[keyPath: path].isEmpty ? nil : .string($0[keyPath: path]) }
        )
    }

    static func integer(
        _ key: String,
        _ path: WritableKeyPath<VolumeSettings, Int64>,
        omitted: Bool = true
    ) -> Self {
        Self(
            key: key,
            read: { $0.assign($1.int64Value, to: path) },
            write: { omitted && $0[keyPath: path] == 0 ? nil : JSONValue($0[keyPath: path]) }
        )
    }

    static func unsigned(_ key: String, _ path: WritableKeyPath<VolumeSettings, UInt64>) -> Self {
        Self(
            key: key,
            read: { $0.assign($1.uint64Value, to: path) },
            write: { $0[keyPath: path] == 0 ? nil : JSONValue($0[keyPath: path]) }
        )
    }

    static func flag(
        _ key: String,
        _ path: WritableKeyPath<VolumeSettings, Bool>,
        omitted: Bool = true
    ) -> Self {
        Self(
            key: key,
            read: { $0.assign($1.boolValue, to: path) },
            write: { omitted && !$0[keyPath: path] ? nil : .bool($0[keyPath: path]) }
        )
    }
}

extension VolumeSettings {
    fileprivate static var fields: [SettingsField] {
        [
            .text("Name", \.name, omitted: false),
            .text("UUID", \.uuid, omitted: false),
            .text("Storage", \.storage, omitted: false),
            .text("StorageClass", \.storageClass),
            SettingsField(key: "Tiers", read: { $0.readTiers($1) }, write: { $0.tiersJSON }),
            .text("Bucket", \.bucket, omitted: false),
            .text("AccessKey", \.accessKey),
            .text("SecretKey", \.secretKey),
            .text("SessionToken", \.sessionToken),
            .integer("BlockSize", \.blockSizeKiB, omitted: false),
            .text("Compression", \.compression),
            .integer("Shards", \.shards),
            .flag("HashPrefix", \.hashPrefix),
            .unsigned("Capacity", \.capacity),
            .unsigned("Inodes", \.inodes),
            .text("EncryptKey", \.encryptKey),
            .text("EncryptAlgo", \.encryptAlgorithm),
            .flag("KeyEncrypted", \.keyEncrypted),
            .integer("UploadLimit", \.uploadLimit),
            .integer("DownloadLimit", \.downloadLimit),
            .integer("TrashDays", \.trashDays, omitted: false),
            .integer("MetaVersion", \.metaVersion),
            .text("MinClientVersion", \.minClientVersion),
            .text("MaxClientVersion", \.maxClientVersion),
            .flag("DirStats", \.dirStats),
            .flag("UserGroupQuota", \.userGroupQuota),
            .flag("EnableACL", \.enableACL, omitted: false),
            .text("RangerRestUrl", \.rangerRestURL),
            .text("RangerService", \.rangerService),
            .flag("ChangeLog", \.changeLog),
            .integer("ChangeLogMaxAge", \.changeLogMaxAge),
            .integer("ChangeLogMaxLines", \.changeLogMaxLines),
            .text("KerbConf", \.kerberosConfig),
        ]
    }

    /// Stores a decoded value; nil means that the JSON had another type.
    fileprivate mutating func assign<Value>(
        _ value: Value?,
        to path: WritableKeyPath<VolumeSettings, Value>,
    ) -> Bool {
        guard let value else { return false }
        self[keyPath: path] = value
        return true
    }

    fileprivate mutating func readTiers(_ value: JSONValue) -> Bool {
        guard let object = value.objectValue else { return false }
        var read: [UInt8: StorageTier] = [:]
        for field in object.fields {
            guard let id = UInt8(field.key), let tier = field.value.objectValue else { return false }
            read[id] = StorageTier(
                storageClass: tier["StorageClass"]?.stringValue ?? "",
                tag: tier["Tag"]?.stringValue ?? ""
            )
        }
        tiers = read
        return true
    }

    fileprivate var tiersJSON: JSONValue {
        guard let tiers else { return .null }
        return .object(
            JSONObject(
                tiers.sorted { $0.key < $1.key }.map { id, tier in
                    (
                        String(id),
                        [
                            "ID": JSONValue(id), "StorageClass": .string(tier.storageClass),
                            "Tag": .string(tier.tag),
                        ]
                    )
                }
            )
        )
    }
}

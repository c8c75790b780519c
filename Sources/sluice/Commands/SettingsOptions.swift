// SPDX-License-Identifier: Apache-2.0
// Options that `format` and `config` share; each is nil when it was not given, because `config` changes only
// what is named (admin-commands §1, §2, JuiceFS 1.4.2).

import ArgumentParser
import Maintenance
import SluiceBase

struct StorageOptions: ParsableArguments {
    @Option(help: "Object storage driver: \(Wiring.storageNames.joined(separator: ", ")) (default file).")
    var storage: String?

    @Option(
        help:
            "Folder or database that holds the objects, or address of a bucket: https://BUCKET.HOST."
    )
    var bucket: String?

    @Option(
        help: "Access key of the object storage; 'anonymous' signs nothing. Without one the environment's."
    )
    var accessKey: String?

    @Option(help: "Secret key of the object storage.")
    var secretKey: String?

    @Option(help: "Session token of the object storage.")
    var sessionToken: String?

    @Option(help: "Storage class of new objects.")
    var storageClass: String?

    /// The driver has to be one that this program can open, or the volume would be useless to it.
    /// - Parameter current: the driver of a volume that exists.
    func fill(_ request: inout ConfigurationRequest, current: String = "file") throws {
        if let storage, !Wiring.storageNames.contains(storage) {
            let known = Wiring.storageNames.joined(separator: ", ")
            throw ValidationError("there is no object storage '\(storage)' in this version; known: \(known)")
        }
        request.storage = storage
        request.bucket = try bucket.map { try BucketPath.normalized($0, storage: storage ?? current) }
        request.accessKey = accessKey
        request.secretKey = secretKey
        request.sessionToken = sessionToken
        request.storageClass = storageClass
    }
}

struct ManagementOptions: ParsableArguments {
    @Option(help: "Most bytes of the volume, in GiB unless a unit is given; 0 is unlimited.")
    var capacity: String?

    @Option(help: "Most files and directories; 0 is unlimited.")
    var inodes: UInt64?

    @Option(help: "Days that removed files stay in the trash; 0 turns it off (default 1).")
    var trashDays: Int64?

    @Flag(inversion: .prefixedNo, help: "POSIX ACLs; cannot be turned off again.")
    var enableAcl: Bool?

    @Option(help: "Address of an Apache Ranger server.")
    var rangerRestUrl: String?

    @Option(help: "Name of the Ranger service.")
    var rangerService: String?

    @Option(help: "Kerberos configuration file, stored in the settings.")
    var kerberosConfigFile: String?

    func fill(_ request: inout ConfigurationRequest) throws {
        request.capacity = try capacity.map { try parseBytes($0, defaultUnit: .gibi) }
        request.inodes = inodes
        if let days = trashDays, days < 0 { throw ValidationError("--trash-days must not be negative") }
        request.trashDays = trashDays
        request.enableACL = enableAcl
        request.rangerRestURL = rangerRestUrl
        request.rangerService = rangerService
        request.kerberosConfig = try kerberosConfigFile.map { path in
            String(decoding: try Posix.readWholeFile(ByteString(path), limit: 1 << 20), as: UTF8.self)
        }
    }
}

/// Buckets in the spelling that JuiceFS stores and reads.
enum BucketPath {
    static func normalized(_ bucket: String, storage: String) throws -> String {
        switch storage {
        case "file":
            // The address of a bucket stays as it is, also where only the bucket is changed.
            guard !bucket.contains("://") else { return bucket }
            let path = try absolute(bucket)
            return path.hasSuffix("/") ? path : path + "/"
        // Compatibility: 1.4.2 wants no scheme with these, and one with Redis.
        case "sqlite3": return try absolute(withoutScheme(bucket, ["sqlite3://", "sqlite://"]))
        case "postgres": return withoutScheme(bucket, ["postgres://", "postgresql://"])
        case "sftp": return withoutScheme(bucket, ["sftp://"])
        case "redis": return bucket.contains("://") ? bucket : "redis://" + bucket
        default: return bucket
        }
    }

    private static func absolute(_ path: String) throws -> String {
        path.hasPrefix("/") ? path : try Posix.currentDirectory().description + "/" + path
    }

    private static func withoutScheme(_ bucket: String, _ schemes: [String]) -> String {
        schemes.first { bucket.hasPrefix($0) }.map { String(bucket.dropFirst($0.count)) } ?? bucket
    }

    /// Where objects go when no bucket is named.
    static var standard: String {
        guard Posix.effectiveUserID != 0, let home = Posix.environment("HOME") else { return "/var/jfs/" }
        return home + "/.juicefs/local/"
    }
}

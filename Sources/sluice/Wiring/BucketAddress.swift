// SPDX-License-Identifier: Apache-2.0
// Buckets as `sync` is told of them: SCHEME://[KEY[:SECRET[:TOKEN]]@]HOST[/PATH] (data-format §2.7, JuiceFS
// 1.4.2).

import ObjectDrivers
import ObjectStorage
import SluiceBase

/// A bucket, its keys, and a prefix of names in it.
struct BucketAddress: Hashable {
    let scheme: String
    /// As `--bucket` takes it.
    let bucket: String
    let accessKey: String
    let secretKey: String
    let sessionToken: String
    let prefix: ByteString

    init(
        _ scheme: String,
        bucket: String,
        accessKey: String = "",
        secretKey: String = "",
        prefix: ByteString,
    ) {
        self.scheme = scheme
        self.bucket = bucket
        self.accessKey = accessKey
        self.secretKey = secretKey
        sessionToken = ""
        self.prefix = prefix
    }

    /// - Parameters:
    ///   - text: what stands behind `://`.
    ///   - address: all of it, for errors.
    init(scheme: String, _ text: Substring, isPlain: Bool, of address: String) throws {
        let place = text.prefix { $0 != "?" }
        let query = text.dropFirst(place.count)
        let authority = place.prefix { $0 != "/" }
        let path = place.dropFirst(authority.count).drop { $0 == "/" }
        let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        let keys = try authority.dropLast(host.count).dropLast(1).split(
            separator: ":",
            maxSplits: 2,
            omittingEmptySubsequences: false
        ).map { String(decoding: try SyncAddress.decoded($0, of: address).bytes, as: UTF8.self) }
        self.scheme = scheme
        accessKey = keys.first ?? ""
        secretKey = keys.count > 1 ? keys[1] : ""
        sessionToken = keys.count > 2 ? keys[2] : ""
        let isHTTP = isPlain || scheme == "minio" || Self.isNumeric(host.drop { $0 != "." }.dropFirst())
        let start = isHTTP ? "http://" : "https://"
        guard scheme == "minio" || (scheme == "s3" && Self.namesNoBucket(host)) else {
            // Google's buckets are names and no hosts.
            bucket = scheme == "gs" ? "gs://\(host)" : "\(start)\(host)\(query)"
            prefix = try SyncAddress.decoded(path, of: address)
            return
        }
        let name = path.prefix { $0 != "/" }
        guard !name.isEmpty else {
            throw Failure(
                "'\(redactedAddress(address))' names no bucket",
                hint: "this storage is written \(scheme)://HOST/BUCKET/PREFIX",
                status: .usage
            )
        }
        bucket = "\(start)\(host)/\(name)\(query)"
        prefix = try SyncAddress.decoded(path.dropFirst(name.count).drop { $0 == "/" }, of: address)
    }

    /// Whether `sync` makes the place when it is not there, as it makes folders: a table or a folder is
    /// nothing that an administrator would have to decide about.
    var isMadeByUse: Bool { !StorageDriver.s3.names.contains(scheme) }

    /// Whether the host cannot begin with a bucket: `localhost`, an IPv4 address, Amazon's own.
    private static func namesNoBucket(_ host: Substring) -> Bool {
        let name = host.prefix { $0 != ":" }
        if name == "localhost" || isNumeric(name) { return true }
        return name.hasSuffix(".amazonaws.com") && (name.hasPrefix("s3.") || name.hasPrefix("s3-"))
    }

    /// Whether it is an IPv4 address, maybe with a port.
    private static func isNumeric(_ host: Substring) -> Bool {
        let parts = host.prefix { $0 != ":" }.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }

    /// Opens the bucket; nothing is sent yet.
    func open(cancellation: Cancellation? = nil) throws(StorageError) -> any ObjectStore {
        try openStore(
            StorageRequest(
                storage: scheme,
                bucket: bucket,
                accessKey: accessKey,
                secretKey: secretKey,
                sessionToken: sessionToken,
                environment: { Posix.environment($0) },
                cancellation: cancellation
            ),
            drivers: Wiring.storageDrivers
        )
    }
}

// SPDX-License-Identifier: Apache-2.0
// Storages that speak S3, one row each: the scheme, how its addresses are read, and in what it differs from
// Amazon's (data-format §2.1, §2.2, JuiceFS 1.4.2).

import SluiceBase

/// How a storage that speaks S3 differs from others.
struct S3Dialect: Sendable {
    /// How a region follows from the host, when nothing else names it.
    enum Region: Hashable, Sendable {
        case amazon
        case fixed(String)
        /// A label of the host, from 0, without a prefix that is not part of the region.
        case label(Int, dropping: String = "")
    }

    enum Checksum: Hashable, Sendable {
        /// `x-amz-checksum-crc32c` is understood.
        case crc32c
        /// Only Content-MD5, which all of them compare.
        case md5
    }

    var scheme: String
    var region: Region
    var checksum = Checksum.md5
    /// Whether the bucket is the first part of the path and not of the host.
    var usesPathStyle = false
    /// The host of addresses that name only a bucket.
    var standardHost: String?
    var listsVersion1 = false
    /// Whether a listing repeats the marker that it was given.
    var repeatsMarker = false
    var copiesParts = true
    /// Objects that one request removes.
    var deletionBatch = 1000
    var minimumPartSize: UInt64 = 5 << 20
    var maximumPartCount = 10_000
    /// Besides AWS's own.
    var variables: DialectVariables?

    static let all: [S3Dialect] = [
        S3Dialect(scheme: "s3", region: .amazon, checksum: .crc32c),
        S3Dialect(
            scheme: "minio",
            region: .fixed("us-east-1"),
            checksum: .crc32c,
            usesPathStyle: true,
            variables: DialectVariables(accessKey: "MINIO_ACCESS_KEY", secretKey: "MINIO_SECRET_KEY")
        ),
        // The XML interface with HMAC keys, which does not need Google's own tokens.
        S3Dialect(
            scheme: "gs",
            region: .fixed("auto"),
            usesPathStyle: true,
            standardHost: "storage.googleapis.com",
            deletionBatch: 1
        ),
        S3Dialect(
            scheme: "oss",
            region: .label(1),
            minimumPartSize: 4 << 20,
            variables: DialectVariables(
                accessKey: "ALICLOUD_ACCESS_KEY_ID",
                secretKey: "ALICLOUD_ACCESS_KEY_SECRET",
                sessionToken: "SECURITY_TOKEN"
            )
        ),
        S3Dialect(
            scheme: "cos",
            region: .label(2),
            minimumPartSize: 4 << 20,
            variables: DialectVariables(accessKey: "COS_SECRETID", secretKey: "COS_SECRETKEY")
        ),
        S3Dialect(
            scheme: "obs",
            region: .label(2),
            listsVersion1: true,
            minimumPartSize: 4 << 20,
            variables: DialectVariables(
                accessKey: "HWCLOUD_ACCESS_KEY",
                secretKey: "HWCLOUD_SECRET_KEY"
            )
        ),
        S3Dialect(scheme: "tos", region: .label(1, dropping: "tos-"), minimumPartSize: 4 << 20),
        S3Dialect(scheme: "b2", region: .label(2)),
        S3Dialect(scheme: "wasabi", region: .label(2)),
        S3Dialect(scheme: "space", region: .label(1)),
        S3Dialect(
            scheme: "scw",
            region: .label(2),
            maximumPartCount: 1000,
            variables: DialectVariables(accessKey: "SCW_ACCESS_KEY", secretKey: "SCW_SECRET_KEY")
        ),
        S3Dialect(scheme: "ks3", region: .label(1, dropping: "ks3-"), listsVersion1: true),
        S3Dialect(scheme: "jss", region: .label(2)),
        S3Dialect(
            scheme: "eos",
            region: .fixed("us-east-1"),
            variables: DialectVariables(
                accessKey: "EOS_ACCESS_KEY",
                secretKey: "EOS_SECRET_KEY",
                sessionToken: "EOS_TOKEN"
            )
        ),
        S3Dialect(
            scheme: "oos",
            region: .label(1, dropping: "oos-"),
            listsVersion1: true,
            repeatsMarker: true,
            copiesParts: false
        ),
    ]

    static func named(_ scheme: String) -> S3Dialect? {
        all.first { $0.scheme == scheme }
    }
}

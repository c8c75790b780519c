// SPDX-License-Identifier: Apache-2.0

import ObjectDrivers
import ObjectStorage
import SluiceBase
import SluiceTestSupport
import Testing

@Suite("S3 addresses")
struct S3LocationTests {
    private func location(
        _ scheme: String,
        _ bucket: String,
        _ environment: [String: String] = [:],
    ) throws -> S3Location {
        try S3Location(scheme: scheme, bucket: bucket) { environment[$0] }
    }

    @Test("A bucket alone is Amazon's, its region unknown")
    func bare() throws {
        let found = try location("s3", "mybucket")
        #expect(found.isAmazon && found.isSecure && found.bucket == "mybucket" && found.region == nil)
        #expect(try location("s3", "mybucket", ["AWS_REGION": "eu-west-3"]).region == "eu-west-3")
    }

    @Test(
        "Hosts of Amazon's name bucket and region",
        arguments: [
            ("https://b.s3.eu-central-1.amazonaws.com", "b", "eu-central-1"),
            ("https://b.s3-us-west-2.amazonaws.com", "b", "us-west-2"),
            ("https://b.c.s3.dualstack.ap-south-1.amazonaws.com", "b.c", "ap-south-1"),
            ("https://s3.eu-west-1.amazonaws.com/b", "b", "eu-west-1"),
            ("https://b.s3-external-1.amazonaws.com", "b", "us-east-1"),
            ("https://b.s3.cn-north-1.amazonaws.com.cn", "b", "cn-north-1"),
        ]
    )
    func amazon(address: String, bucket: String, region: String) throws {
        let found = try location("s3", address)
        #expect(found.bucket == bucket)
        #expect(found.region == region)
    }

    @Test("Other hosts take the bucket from the path, or from their first label")
    func custom() throws {
        let path = try location("s3", "http://127.0.0.1:9000/bkt/")
        #expect(path.bucket == "bkt" && path.usesPathStyle && !path.isSecure && path.port == 9000)
        let label = try location("s3", "bkt.store.example.com")
        #expect(label.bucket == "bkt" && label.host == "store.example.com" && !label.isSecure)
        let virtual = try location("s3", "http://h.example/bkt", ["JFS_S3_VHOST_STYLE": "1"])
        #expect(!virtual.usesPathStyle)
        let minio = try location("minio", "host:9000/minio/bkt?region=r1")
        #expect(minio.bucket == "bkt" && minio.region == "r1" && !minio.isSecure)
    }

    @Test(
        "Each dialect reads its region from the host",
        arguments: [
            ("oss", "https://b.oss-cn-hangzhou.aliyuncs.com", "oss-cn-hangzhou"),
            ("cos", "https://b-125.cos.ap-beijing.myqcloud.com", "ap-beijing"),
            ("obs", "https://b.obs.cn-north-4.myhuaweicloud.com", "cn-north-4"),
            ("tos", "https://b.tos-cn-beijing.volces.com", "cn-beijing"),
            ("b2", "https://b.s3.us-west-004.backblazeb2.com", "us-west-004"),
            ("wasabi", "https://b.s3.eu-central-1.wasabisys.com", "eu-central-1"),
            ("space", "https://b.nyc3.digitaloceanspaces.com", "nyc3"),
            ("scw", "https://b.s3.fr-par.scw.cloud", "fr-par"),
            ("ks3", "https://b.ks3-cn-beijing.ksyuncs.com", "cn-beijing"),
            ("jss", "https://b.s3.cn-north-1.jdcloud-oss.com", "cn-north-1"),
            ("eos", "https://b.eos-wuxi-1.cmecloud.cn", "us-east-1"),
            ("oos", "https://b.oos-cn.ctyunapi.cn", "cn"),
        ]
    )
    func dialects(scheme: String, address: String, region: String) throws {
        let found = try location(scheme, address)
        #expect(found.bucket.hasPrefix("b"))
        #expect(found.region == region)
        #expect(!found.usesPathStyle)
    }

    @Test("gs is Google's interface for HMAC keys")
    func google() throws {
        let found = try location("gs", "gs://data.europe-west1")
        #expect(found.bucket == "data" && found.host == "storage.googleapis.com" && found.usesPathStyle)
    }

    @Test(
        "What names no bucket is refused",
        arguments: ["", "http://", "https:///x", "a b", "http://h:0/b", "x/"]
    )
    func refused(address: String) {
        #expect(code { try location("minio", address) } == .unsupported)
    }

    @Test("Profiles are read from both kinds of headings")
    func profiles() {
        let text =
            "[default]\naws_access_key_id = A\n# no\n[profile dev]\nregion=r\n  nested = 1\n[dev]\nx = a=b\n"
        let file = SharedFile(Array(text.utf8))
        #expect(file.profile("default") == ["aws_access_key_id": "A"])
        #expect(file.profile("dev") == ["region": "r", "x": "a=b"])
        #expect(file.profile("none") == [:])
    }
}

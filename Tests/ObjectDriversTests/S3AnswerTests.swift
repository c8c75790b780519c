// SPDX-License-Identifier: Apache-2.0

import ObjectDrivers
import ObjectStorage
import SluiceBase
import Testing

@Suite("S3 answers")
struct S3AnswerTests {
    @Test("A listing is decoded once, and only if it says that it is encoded")
    func listing() throws {
        func page(_ encoding: String) -> [UInt8] {
            Array(
                """
                <?xml version="1.0"?><ListBucketResult xmlns="x">\(encoding)<IsTruncated>true</IsTruncated>
                <Contents><Key>a%2520+b</Key><LastModified>2026-01-02T03:04:05.678Z</LastModified>
                <ETag>&quot;e&quot;</ETag><Size>7</Size><Owner><ID>i</ID></Owner></Contents>
                <CommonPrefixes><Prefix>c/</Prefix></CommonPrefixes>
                <NextContinuationToken>t</NextContinuationToken></ListBucketResult>
                """.utf8
            )
        }
        let encoded = try ObjectPage(page("<EncodingType>url</EncodingType>"))
        #expect(encoded.objects.map(\.key) == ["a%20 b", "c/"])
        #expect(encoded.objects[0].tag == "e" && encoded.objects[0].size == 7)
        #expect(encoded.objects[0].modified == (try Timestamp(rfc3339: "2026-01-02T03:04:05Z")))
        #expect(encoded.isTruncated && encoded.token == "t")
        #expect(try ObjectPage(page("")).objects[0].key == "a%2520+b")
    }

    @Test(
        "What is no listing is refused",
        arguments: [
            "", "<", "<Error/>", "<ListBucketResult>", "<ListBucketResult><Contents/></ListBucketResult>",
            "<!DOCTYPE x [<!ENTITY a \"b\">]><ListBucketResult><Prefix>&a;</Prefix></ListBucketResult>",
            "<ListBucketResult><Contents><Key>a\u{1}</Key><Size>1</Size></Contents></ListBucketResult>",
        ]
    )
    func refused(text: String) {
        #expect(throws: CodecError.self) { try ObjectPage(Array(text.utf8)) }
    }

    @Test("Refusals become typed errors")
    func failures() {
        func failure(_ status: Int, _ code: String, _ key: ObjectKey? = "k") -> StorageError {
            let body = code.isEmpty ? "" : "<Error><Code>\(code)</Code><Message>why</Message></Error>"
            let response = HTTPResponse(head: HTTPHead(status: status), body: Array(body.utf8))
            return S3Failure(response, now: .epoch).error("read", key: key, address: "s3://b/")
        }
        #expect(failure(404, "NoSuchKey").code == .notFound)
        #expect(failure(404, "NoSuchBucket").code == .failed)
        #expect(failure(404, "").code == .notFound)
        #expect(failure(404, "", nil).code == .failed)
        #expect(failure(403, "AccessDenied").code == .denied)
        #expect(failure(503, "SlowDown").isTransient)
        #expect(failure(400, "RequestTimeout").isTransient)
        #expect(failure(412, "PreconditionFailed").code == .corrupt)
        #expect(failure(416, "").storeCode == "InvalidRange")
        #expect(failure(403, "AccessDenied").description == "read k in s3://b/: AccessDenied: why")
    }

    @Test("Checksums of two runs combine")
    func combined() {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        for split in [0, 1, 333, 999, 1000] {
            let first = Crc32c.checksum(Array(bytes[..<split]))
            let second = Crc32c.checksum(Array(bytes[split...]))
            let both = Crc32c.combined(first, second, secondLength: UInt64(1000 - split))
            #expect(both == Crc32c.checksum(bytes))
        }
    }

    @Test("Parts are as small as their number allows")
    func partSizes() {
        let limits = MultipartLimits(
            minimumPartSize: 5 << 20,
            maximumPartSize: 5 << 30,
            maximumPartCount: 10_000
        )
        #expect(limits.partSize(for: 0) == 5 << 20)
        #expect(limits.partSize(for: 50_000 << 20) == 5 << 20)
        #expect(limits.partSize(for: (50_000 << 20) + 1) == 6 << 20)
        let large: UInt64 = 5 << 40
        #expect((large - 1) / limits.partSize(for: large) < 10_000)
    }
}

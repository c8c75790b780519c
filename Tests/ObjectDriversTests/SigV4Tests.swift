// SPDX-License-Identifier: Apache-2.0
// The examples of Amazon's documentation of signature version 4 for S3.

import ObjectDrivers
import ObjectStorage
import SluiceBase
import Testing

@Suite("SigV4")
struct SigV4Tests {
    private let credentials = S3Credentials(
        accessKey: "AKIAIOSFODNN7EXAMPLE",
        secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    )
    // 2013-05-24T00:00:00Z
    private let time = Timestamp(seconds: 1_369_353_600)

    private func request(_ method: HTTPMethod, _ path: String, _ query: [HTTPParameter] = []) -> HTTPRequest {
        let target = HTTPTarget(
            isSecure: true,
            host: "examplebucket.s3.amazonaws.com",
            path: Array(path.utf8),
            query: query
        )
        return HTTPRequest(method, target)
    }

    private func signature(_ request: HTTPRequest, body: String = "") -> String {
        var request = request
        SigV4().sign(
            &request,
            credentials,
            region: "us-east-1",
            payload: .sha256(Digest.sha256(Array(body.utf8))),
            time: time
        )
        let authorization = request.headers["authorization"] ?? ""
        return String(authorization.suffix(64))
    }

    @Test("GET of a range")
    func get() {
        var request = request(.get, "/test.txt")
        request.headers["Range"] = "bytes=0-9"
        #expect(
            signature(request) == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        )
    }

    @Test("PUT with a storage class and a key that needs encoding")
    func put() {
        var request = request(.put, "/test$file.text")
        request.headers["Date"] = "Fri, 24 May 2013 00:00:00 GMT"
        request.headers["x-amz-storage-class"] = "REDUCED_REDUNDANCY"
        #expect(
            signature(request, body: "Welcome to Amazon S3.")
                == "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
        )
    }

    @Test("A parameter without value, and parameters in order")
    func queries() {
        #expect(
            signature(request(.get, "/", [HTTPParameter("lifecycle")]))
                == "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
        )
        let list = request(.get, "/", [HTTPParameter("prefix", "J"), HTTPParameter("max-keys", "2")])
        #expect(
            signature(list) == "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        )
    }

    @Test("A presigned address")
    func presigned() {
        let target = SigV4().presign(
            request(.get, "/test.txt"),
            credentials,
            region: "us-east-1",
            seconds: 86400,
            time: time
        )
        let last = target.query.last
        #expect(last?.name == "X-Amz-Signature")
        #expect(
            last?.value
                == Array("aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404".utf8)
        )
    }

    @Test("A session token is sent and signed")
    func token() {
        var request = request(.get, "/")
        var keys = credentials
        keys.sessionToken = "token"
        SigV4().sign(&request, keys, region: "us-east-1", payload: .unsigned, time: time)
        #expect(request.headers["x-amz-security-token"] == "token")
        #expect(request.headers["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD")
        #expect(request.headers["authorization"]?.contains(";x-amz-security-token,") == true)
        #expect("\(keys)" == "key AKIAIOSFODNN7EXAMPLE")
    }
}

// SPDX-License-Identifier: Apache-2.0
// Signatures of AWS, version 4, as S3 wants them: the path is encoded once, and every header that we set is
// signed.

package import SluiceBase
import Synchronization

/// What a signature says of the body.
package enum PayloadHash: Hashable, Sendable {
    /// The body is not signed; TLS or a checksum guards it.
    case unsigned
    /// SHA-256, 32 bytes.
    case sha256([UInt8])

    var text: String {
        switch self {
        case .unsigned: "UNSIGNED-PAYLOAD"
        case .sha256(let digest): Hex.encode(digest)
        }
    }
}

/// Signs requests; safe from any thread.
package final class SigV4: Sendable {
    /// The key derived for a day and region, which holds for many requests.
    private struct DerivedKey {
        let scope: String
        let secret: String
        let key: [UInt8]
    }

    private let service: String
    private let derived = Mutex<DerivedKey?>(nil)

    package init(service: String = "s3") {
        self.service = service
    }

    /// Adds date, payload hash, token and signature to the request's headers.
    package func sign(
        _ request: inout HTTPRequest,
        _ credentials: S3Credentials,
        region: String,
        payload: PayloadHash,
        time: Timestamp,
    ) {
        let date = Self.date(time)
        request.headers["x-amz-date"] = date
        request.headers["x-amz-content-sha256"] = payload.text
        if let token = credentials.sessionToken { request.headers["x-amz-security-token"] = token }
        let headers = signedHeaders(of: request)
        let names = headers.map(\.name).joined(separator: ";")
        let canonical = canonicalRequest(request, headers, payload)
        let scope = "\(date.prefix(8))/\(region)/\(service)/aws4_request"
        let signature = signature(canonical, date: date, scope: scope, secret: credentials.secretKey)
        request.headers["authorization"] =
            "AWS4-HMAC-SHA256 Credential=\(credentials.accessKey)/\(scope), SignedHeaders=\(names)"
            + ", Signature=\(signature)"
    }

    /// The address of a request that whoever holds it may send, for a time.
    /// - Parameter seconds: 1 to 604800.
    package func presign(
        _ request: HTTPRequest,
        _ credentials: S3Credentials,
        region: String,
        seconds: Int,
        time: Timestamp,
    ) -> HTTPTarget {
        let date = Self.date(time)
        let scope = "\(date.prefix(8))/\(region)/\(service)/aws4_request"
        let headers = signedHeaders(of: request)
        var request = request
        request.target.query += [
            HTTPParameter("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            HTTPParameter("X-Amz-Credential", "\(credentials.accessKey)/\(scope)"),
            HTTPParameter("X-Amz-Date", date),
            HTTPParameter("X-Amz-Expires", String(seconds)),
            HTTPParameter("X-Amz-SignedHeaders", headers.map(\.name).joined(separator: ";")),
        ]
        if let token = credentials.sessionToken {
            request.target.query.append(HTTPParameter("X-Amz-Security-Token", token))
        }
        let canonical = canonicalRequest(request, headers, .unsigned)
        let signature = signature(canonical, date: date, scope: scope, secret: credentials.secretKey)
        request.target.query.append(HTTPParameter("X-Amz-Signature", signature))
        return request.target
    }

    private func signedHeaders(of request: HTTPRequest) -> [HTTPHeaders.Field] {
        var headers = request.headers
        headers["host"] = request.target.authority
        headers["authorization"] = nil
        return headers.fields.sorted { $0.name < $1.name }
    }

    private func canonicalRequest(
        _ request: HTTPRequest,
        _ headers: [HTTPHeaders.Field],
        _ payload: PayloadHash,
    ) -> String {
        let query = request.target.query.map { Array($0.encoded.utf8) }.sorted {
            $0.lexicographicallyPrecedes($1)
        }
        var text = "\(request.method.rawValue)\n\(request.target.encodedPath)\n"
        text += query.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "&") + "\n"
        for field in headers { text += "\(field.name):\(Self.squeezed(field.value))\n" }
        text += "\n\(headers.map(\.name).joined(separator: ";"))\n\(payload.text)"
        return text
    }

    private func signature(_ canonical: String, date: String, scope: String, secret: String) -> String {
        let digest = Hex.encode(Digest.sha256(Array(canonical.utf8)))
        let text = "AWS4-HMAC-SHA256\n\(date)\n\(scope)\n\(digest)"
        return Hex.encode(Digest.hmacSHA256(key: key(scope, secret), Array(text.utf8)))
    }

    private func key(_ scope: String, _ secret: String) -> [UInt8] {
        let known = derived.withLock { $0 }
        if let known, known.scope == scope, known.secret == secret { return known.key }
        var key = Array("AWS4\(secret)".utf8)
        for part in scope.split(separator: "/") { key = Digest.hmacSHA256(key: key, Array(part.utf8)) }
        let fresh = DerivedKey(scope: scope, secret: secret, key: key)
        derived.withLock { $0 = fresh }
        return key
    }

    /// `20130524T000000Z`.
    private static func date(_ time: Timestamp) -> String {
        String(Timestamp(seconds: time.seconds).rfc3339.filter { $0 != "-" && $0 != ":" })
    }

    /// Runs of blanks inside a value become one.
    private static func squeezed(_ value: String) -> String {
        value.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
    }
}

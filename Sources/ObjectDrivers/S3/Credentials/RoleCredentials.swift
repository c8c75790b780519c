// SPDX-License-Identifier: Apache-2.0
// Keys that are given for a time: to containers, to instances, and for a web identity.

import ObjectStorage
import SluiceBase

/// The endpoint that container services name in the environment (ECS, EKS pod identity).
struct ContainerCredentials: CredentialSource {
    let environment: Environment
    let transport: HTTPTransport

    func credentials() throws(StorageError) -> S3Credentials? {
        let relative = environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").map {
            "http://169.254.170.2\($0)"
        }
        guard let address = relative ?? environment("AWS_CONTAINER_CREDENTIALS_FULL_URI") else { return nil }
        guard let target = HTTPTarget(url: address) else {
            throw StorageError(
                .denied,
                "get keys from",
                address: "the container's endpoint",
                reason: "bad URL"
            )
        }
        var request = HTTPRequest(.get, target)
        request.headers["authorization"] = try token()
        return try RoleAnswer.fetch(request, transport, "the container's endpoint")
    }

    private func token() throws(StorageError) -> String? {
        if let token = environment("AWS_CONTAINER_AUTHORIZATION_TOKEN") { return token }
        guard let path = environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") else { return nil }
        return try RoleAnswer.file(path)
    }
}

/// The metadata service of an instance, version 2.
struct InstanceCredentials: CredentialSource {
    let environment: Environment
    let transport: HTTPTransport

    func credentials() throws(StorageError) -> S3Credentials? {
        guard environment("AWS_EC2_METADATA_DISABLED")?.lowercased() != "true" else { return nil }
        let base = environment("AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? "http://169.254.169.254"
        var root = base
        while root.hasSuffix("/") { root.removeLast() }
        guard let tokenTarget = HTTPTarget(url: "\(root)/latest/api/token") else { return nil }
        var ask = HTTPRequest(.put, tokenTarget, body: ArraySource([]))
        ask.headers["x-aws-ec2-metadata-token-ttl-seconds"] = "300"
        // Where there is no such service, nothing answers: not an instance, so no keys of this kind.
        guard let token = try? transport.send(ask), token.head.isSuccess else { return nil }
        let role = "\(root)/latest/meta-data/iam/security-credentials/"
        guard let list = HTTPTarget(url: role) else { return nil }
        var request = HTTPRequest(.get, list)
        request.headers["x-aws-ec2-metadata-token"] = String(decoding: token.body, as: UTF8.self)
        guard let names = try? transport.send(request), names.head.isSuccess,
            let name = names.body.split(separator: 0x0A).first,
            let target = HTTPTarget(url: role + PercentEncoding.encode(name))
        else { return nil }
        request.target = target
        return try RoleAnswer.fetch(request, transport, "the instance's metadata service")
    }
}

/// AssumeRoleWithWebIdentity of the token service (Kubernetes service accounts).
struct WebIdentityCredentials: CredentialSource {
    let environment: Environment
    let transport: HTTPTransport

    func credentials() throws(StorageError) -> S3Credentials? {
        guard let path = environment("AWS_WEB_IDENTITY_TOKEN_FILE"),
            let role = environment("AWS_ROLE_ARN")
        else { return nil }
        let region = environment("AWS_REGION") ?? environment("AWS_DEFAULT_REGION")
        let standard = region.map { "https://sts.\($0).amazonaws.com/" } ?? "https://sts.amazonaws.com/"
        guard var target = HTTPTarget(url: environment("AWS_ENDPOINT_URL_STS") ?? standard) else {
            return nil
        }
        target.query = [
            HTTPParameter("Action", "AssumeRoleWithWebIdentity"), HTTPParameter("Version", "2011-06-15"),
            HTTPParameter("RoleArn", role),
            HTTPParameter("RoleSessionName", environment("AWS_ROLE_SESSION_NAME") ?? "sluice"),
            HTTPParameter("WebIdentityToken", try RoleAnswer.file(path)),
        ]
        let response: HTTPResponse
        do throws(TransportError) {
            response = try transport.send(HTTPRequest(.get, target))
        } catch {
            throw StorageError(error, "get keys from", address: "the token service")
        }
        guard response.head.isSuccess, let keys = RoleAnswer.parse(xml: response.body) else {
            throw RoleAnswer.refusal(response, "the token service")
        }
        return keys
    }
}

/// What these services answer.
package enum RoleAnswer {
    /// Sends the request and reads the keys from JSON.
    static func fetch(
        _ request: HTTPRequest,
        _ transport: HTTPTransport,
        _ service: String,
    ) throws(StorageError) -> S3Credentials {
        let response: HTTPResponse
        do throws(TransportError) {
            response = try transport.send(request)
        } catch {
            throw StorageError(error, "get keys from", address: service)
        }
        guard response.head.isSuccess, let keys = parse(json: response.body) else {
            throw refusal(response, service)
        }
        return keys
    }

    static func refusal(_ response: HTTPResponse, _ service: String) -> StorageError {
        StorageError(
            .denied,
            "get keys from",
            address: service,
            reason: "it answered with status \(response.head.status)",
            isTransient: response.head.status >= 500
        )
    }

    static func file(_ path: String) throws(StorageError) -> String {
        do throws(SystemError) {
            var bytes = try Posix.readWholeFile(ByteString(path), limit: 64 << 10)
            while let last = bytes.last, last == 0x0A || last == 0x0D || last == 0x20 { bytes.removeLast() }
            return String(decoding: bytes, as: UTF8.self)
        } catch {
            throw StorageError(.denied, "read the token", address: path, reason: "\(error)")
        }
    }

    /// Nil when a field is wanting.
    package static func parse(json body: [UInt8]) -> S3Credentials? {
        guard let answer = try? JSONValue.parse(String(decoding: body, as: UTF8.self)),
            let key = answer["AccessKeyId"]?.stringValue,
            let secret = answer["SecretAccessKey"]?.stringValue
        else { return nil }
        return S3Credentials(
            accessKey: key,
            secretKey: secret,
            sessionToken: answer["Token"]?.stringValue,
            expires: answer["Expiration"]?.stringValue.flatMap { try? Timestamp(rfc3339: $0) }
        )
    }

    /// Nil when a field is wanting.
    package static func parse(xml body: [UInt8]) -> S3Credentials? {
        guard let fields = try? XMLFields(body), let key = fields["AccessKeyId"],
            let secret = fields["SecretAccessKey"]
        else { return nil }
        return S3Credentials(
            accessKey: key,
            secretKey: secret,
            sessionToken: fields["SessionToken"],
            expires: fields["Expiration"].flatMap { try? Timestamp(rfc3339: $0) }
        )
    }
}

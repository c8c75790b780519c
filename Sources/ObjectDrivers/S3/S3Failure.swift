// SPDX-License-Identifier: Apache-2.0
// What a store says when it refuses: a status, and usually an XML document with a code.

package import ObjectStorage
package import SluiceBase

/// An answer that is no success.
package struct S3Failure: Hashable, Sendable {
    package var status: Int
    /// The store's own word, as `NoSuchKey`; empty when it gave none.
    package var code: String
    package var message: String
    package var requestID: String
    /// The region that the store says the bucket is in.
    package var region: String?
    package var retryAfterSeconds: Double?

    package init(_ response: HTTPResponse, now: Timestamp) {
        status = response.head.status
        retryAfterSeconds = response.head.retryAfterSeconds(now: now)
        region = response.head.headers["x-amz-bucket-region"]
        let fields = response.body.isEmpty ? nil : try? XMLFields(response.body)
        code = fields?["Code"] ?? ""
        message = fields?["Message"] ?? ""
        requestID = fields?["RequestId"] ?? response.head.headers["x-amz-request-id"] ?? ""
        region = region ?? fields?["Region"]
    }

    /// The failure as an error of an operation.
    package func error(_ operation: String, key: ObjectKey?, address: String) -> StorageError {
        let (kind, isTransient) = kind(hasKey: key != nil)
        var error = StorageError(
            kind,
            operation,
            key: key,
            address: address,
            reason: sentence(kind),
            isTransient: isTransient,
            retryAfterSeconds: retryAfterSeconds
        )
        // A HEAD has no body to hold the word, and some stores send none with this status.
        error.storeCode = code.isEmpty && status == 416 ? "InvalidRange" : code
        return error
    }

    private func kind(hasKey: Bool) -> (StorageError.Code, isTransient: Bool) {
        switch code {
        case "NoSuchKey", "NoSuchUpload": return (.notFound, false)
        // Not "no such object": whoever lost a bucket must not take its objects for deleted one by one.
        case "NoSuchBucket": return (.failed, false)
        case "SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "OperationAborted",
            "Throttling", "ThrottlingException", "TooManyRequests", "RequestLimitExceeded", "ServerBusy":
            return (.unreachable, true)
        case "BadDigest", "XAmzContentChecksumMismatch", "InvalidDigest", "IncompleteBody":
            return (.corrupt, true)
        case "EntityTooLarge": return (.tooLarge, false)
        case "KeyTooLongError", "InvalidObjectName", "XMinioInvalidObjectName": return (.invalidKey, false)
        case "XMinioStorageFull", "QuotaExceeded", "InsufficientCapacity": return (.noSpace, false)
        case "InvalidObjectState": return (.failed, false)
        default: break
        }
        return switch status {
        case 401, 403: (.denied, false)
        case 404: hasKey ? (.notFound, false) : (.failed, false)
        case 412: (.corrupt, false)
        case 408, 429, 500, 502, 503, 504: (.unreachable, true)
        case 501, 405: (.unsupported, false)
        case 507: (.noSpace, false)
        default: (.failed, false)
        }
    }

    private func sentence(_ kind: StorageError.Code) -> String {
        if kind == .notFound { return "" }
        if status == 412 { return "the object was replaced meanwhile" }
        let words = message.isEmpty ? code : code.isEmpty ? message : "\(code): \(message)"
        let shown = words.isEmpty ? "the store answered with status \(status)" : String(words.prefix(300))
        let request = requestID.isEmpty ? "" : " (request \(requestID.prefix(80)))"
        return terminalSafe(shown + request)
    }
}

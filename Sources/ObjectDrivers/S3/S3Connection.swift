// SPDX-License-Identifier: Apache-2.0
// One bucket as a partner of signed requests. It learns from answers what has to be known before a request
// can succeed at all: the bucket's region, how far our clock is off, keys that have expired. Such an answer
// is followed by the right request; that is no retry of a failure, which only RetryingStore does.

import ObjectStorage
import SluiceBase
import Synchronization

/// Sends signed requests to a bucket.
final class S3Connection: Sendable {
    private struct Learned {
        var region: String
        /// Seconds to add to our clock.
        var skew: Int64 = 0
    }

    let location: S3Location
    let dialect: S3Dialect
    let address: String
    private let transport: HTTPTransport
    private let credentials: CredentialChain
    private let signer = SigV4()
    private let clock: any TimeSource
    private let learned: Mutex<Learned>

    init(
        _ location: S3Location,
        _ dialect: S3Dialect,
        _ transport: HTTPTransport,
        _ credentials: CredentialChain,
        clock: any TimeSource = SystemClock(),
    ) {
        self.location = location
        self.dialect = dialect
        self.transport = transport
        self.credentials = credentials
        self.clock = clock
        address = location.address(scheme: dialect.scheme)
        learned = Mutex(Learned(region: location.region ?? "us-east-1"))
    }

    var region: String { learned.withLock { $0.region } }

    /// A request as the driver says it, before it has a host and a signature.
    struct Call {
        var method: HTTPMethod
        /// Nil is the bucket itself.
        var key: ObjectKey?
        var query: [HTTPParameter] = []
        var headers = HTTPHeaders()
        var body: (any ByteSource)?
        var answerLimit = 1 << 20

        init(_ method: HTTPMethod, _ key: ObjectKey? = nil, query: [HTTPParameter] = []) {
            self.method = method
            self.key = key
            self.query = query
        }
    }

    /// Sends a call whose answer is kept in memory.
    func send(_ call: Call, _ operation: String) throws(StorageError) -> HTTPResponse {
        try unsafe send(call, operation, sink: nil)
    }

    /// Sends a call.
    /// - Throws: what the store or the connection says; a success of any status is returned.
    func send(_ call: Call, _ operation: String, sink: HTTPSink?) throws(StorageError) -> HTTPResponse {
        for _ in 0..<3 {
            let response = try unsafe sendOnce(call, operation, sink: sink)
            guard !response.head.isSuccess else { return response }
            let failure = S3Failure(response, now: clock.now())
            guard learn(from: failure, response) else {
                throw failure.error(operation, key: call.key, address: address)
            }
        }
        throw StorageError(
            .failed,
            operation,
            key: call.key,
            address: address,
            reason: "the store sends requests from one region to the other"
        )
    }

    private func sendOnce(
        _ call: Call,
        _ operation: String,
        sink: HTTPSink?,
    ) throws(StorageError) -> HTTPResponse {
        let (region, skew) = learned.withLock { ($0.region, $0.skew) }
        var request = HTTPRequest(
            call.method,
            location.target(call.key, region: region, query: call.query),
            headers: call.headers,
            body: call.body,
            answerLimit: call.answerLimit
        )
        if let keys = try credentials.current() {
            let time = clock.now().advanced(bySeconds: skew)
            signer.sign(&request, keys, region: region, payload: .unsigned, time: time)
        }
        do throws(TransportError) {
            return try unsafe transport.send(request, sink: sink)
        } catch {
            throw StorageError(error, operation, key: call.key, address: address)
        }
    }

    /// Takes up what an answer says about region, clock or keys.
    /// - Returns: whether the next request will be another one.
    private func learn(from failure: S3Failure, _ response: HTTPResponse) -> Bool {
        switch failure.code {
        case "RequestTimeTooSkewed":
            guard let date = response.head.headers["date"].flatMap(HTTPDate.parse) else { return false }
            let skew = date.seconds.subtractingReportingOverflow(clock.now().seconds).partialValue
            return learned.withLock { learned in
                guard abs(skew.subtractingReportingOverflow(learned.skew).partialValue) > 1 else {
                    return false
                }
                learned.skew = skew
                return true
            }
        case "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired": return credentials.renew()
        default: break
        }
        let isMisdirected =
            [301, 307].contains(failure.status)
            || ["AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocationConstraintException"]
                .contains(failure.code)
            || (failure.status == 400 && failure.code.isEmpty)
        guard isMisdirected, let region = failure.region, Self.isRegion(region) else { return false }
        return learned.withLock { learned in
            guard learned.region != region else { return false }
            learned.region = region
            return true
        }
    }

    /// A region becomes part of a host, so nothing else may pass for one.
    private static func isRegion(_ text: String) -> Bool {
        (1...40).contains(text.utf8.count)
            && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
    }

    /// An address by which others may read or write an object for a time.
    func presigned(
        _ method: HTTPMethod,
        _ key: ObjectKey,
        seconds: Int,
    ) throws(StorageError) -> HTTPTarget {
        let (region, skew) = learned.withLock { ($0.region, $0.skew) }
        let target = location.target(key, region: region)
        guard let keys = try credentials.current() else { return target }
        return signer.presign(
            HTTPRequest(method, target),
            keys,
            region: region,
            seconds: seconds,
            time: clock.now().advanced(bySeconds: skew)
        )
    }
}

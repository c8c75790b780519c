// SPDX-License-Identifier: Apache-2.0
// The only caller of libcurl. It sends one request and gives one answer; it follows no redirect and repeats
// nothing: what an answer means is the driver's business, whether to try again RetryingStore's.

import CCurl
package import ObjectStorage
import SluiceBase

/// Sends requests to one endpoint, from any number of threads.
///
/// SIGPIPE: sockets are written with MSG_NOSIGNAL, and the command ignores the signal from its start.
package final class HTTPTransport: Sendable {
    package let settings: HTTPSettings
    private let pool = CurlPool()
    private let reading: AdaptiveLimit
    private let writing: AdaptiveLimit
    /// Paces of the endpoint: requests per second count as bytes of this bucket.
    private let requests: TokenBucket?
    private let observer: HTTPObserver?

    /// - Parameter requests: tokens are requests; nil is no limit.
    package init(
        _ settings: HTTPSettings = HTTPSettings(),
        requests: TokenBucket? = nil,
        observer: HTTPObserver? = nil,
    ) {
        self.settings = settings
        self.requests = requests
        self.observer = observer
        reading = AdaptiveLimit(maximum: settings.concurrency)
        writing = AdaptiveLimit(maximum: settings.concurrency)
    }

    /// Requests without and with body that may run at a time now.
    package var concurrency: (reading: Int, writing: Int) { (reading.limit, writing.limit) }

    /// Sends a request and waits for the answer, whose body is kept in memory.
    /// - Throws: `TransportError` when there is no whole answer. An answer of any status is none.
    package func send(_ request: HTTPRequest) throws(TransportError) -> HTTPResponse {
        try unsafe send(request, sink: nil)
    }

    /// Sends a request and waits for the answer.
    /// - Parameter sink: gets the body of a successful answer; nil keeps it in memory.
    /// - Throws: `TransportError` when there is no whole answer. An answer of any status is none.
    package func send(
        _ request: HTTPRequest,
        sink: HTTPSink?,
    ) throws(TransportError) -> HTTPResponse {
        let slots = request.body == nil ? reading : writing
        requests?.take(1)
        slots.enter()
        let began = MonotonicTime.now
        let result: Result<HTTPResponse, TransportError>
        let transfer = unsafe Transfer(request, settings, sink)
        do throws(TransportError) {
            result = .success(try perform(request, transfer))
        } catch {
            result = .failure(error)
        }
        slots.leave(Self.outcome(result), began: began)
        if let observer {
            var failure: TransportError.Kind?
            if case .failure(let error) = result { failure = error.kind }
            observer(
                HTTPMeasurement(
                    method: request.method,
                    status: transfer.head.status,
                    sentBytes: transfer.sent,
                    receivedBytes: transfer.delivered + UInt64(transfer.collected.count),
                    duration: .now - began,
                    failure: failure
                )
            )
        }
        return try result.get()
    }

    private static func outcome(_ result: Result<HTTPResponse, TransportError>) -> AdaptiveLimit.Outcome {
        switch result {
        case .success(let answer):
            switch answer.head.status {
            case 503, 429: .overloaded
            case 200..<500: .good
            default: .other
            }
        case .failure(let error): error.kind == .timedOut ? .overloaded : .other
        }
    }

    private func perform(
        _ request: HTTPRequest,
        _ transfer: Transfer,
    ) throws(TransportError) -> HTTPResponse {
        guard let handle = pool.take() else {
            let missing = CurlHandle.missing.map { "\($0) is missing" }
            throw TransportError(.invalid, missing ?? "libcurl cannot be started")
        }
        var isClean = false
        // A handle whose transfer we broke off is dropped, and with it its connection.
        defer { if isClean { pool.give(handle) } }
        guard transfer.rewind() else {
            throw transfer.failure ?? TransportError(.ended, "the source failed")
        }
        handle.reset()
        handle.apply(settings)
        try handle.apply(request)
        handle.connect(to: transfer)
        let (code, text) = handle.perform(try HeaderList(request.headers))
        if let failure = transfer.failure { throw failure }
        guard code == CURLE_OK else { throw TransportError(code, text) }
        isClean = true
        return HTTPResponse(
            head: transfer.head,
            body: transfer.collected,
            delivered: transfer.delivered
        )
    }
}

/// libcurl's list of header lines.
@safe private final class HeaderList {
    private(set) var first: UnsafeMutablePointer<curl_slist>?

    /// - Throws: `.invalid` for a value that would end its line.
    init(_ headers: HTTPHeaders) throws(TransportError) {
        unsafe first = nil
        // Bodies are sent at once: waiting for "100 Continue" costs a round trip for every object.
        append("Expect:")
        for field in headers.fields {
            guard (field.name + field.value).utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
                throw TransportError(
                    .invalid,
                    "the header \(terminalSafe(field.name)) holds a control character"
                )
            }
            append(field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)")
        }
    }

    deinit {
        unsafe curl_slist_free_all(first)
    }

    private func append(_ line: String) {
        guard let longer = unsafe curl_slist_append(first, line) else { return }
        unsafe first = unsafe longer
    }
}

extension CurlHandle {
    fileprivate func apply(_ settings: HTTPSettings) {
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_TCP_NODELAY, 1)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_PATH_AS_IS, 1)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        set(CURLOPT_USERAGENT, "sluice")
        let version = settings.usesHTTP2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1
        set(CURLOPT_HTTP_VERSION, Int(version))
        set(CURLOPT_CONNECTTIMEOUT_MS, max(1, Int(settings.connectSeconds * 1000)))
        if !settings.verifiesPeer {
            set(CURLOPT_SSL_VERIFYPEER, 0)
            set(CURLOPT_SSL_VERIFYHOST, 0)
        }
        if let file = settings.authorities { set(CURLOPT_CAINFO, file) }
        if let file = settings.certificate { set(CURLOPT_SSLCERT, file) }
        if let file = settings.certificateKey { set(CURLOPT_SSLKEY, file) }
        if let proxy = settings.proxy { set(CURLOPT_PROXY, proxy) }
        if let path = settings.unixSocket { set(CURLOPT_UNIX_SOCKET_PATH, path) }
    }

    fileprivate func apply(_ request: HTTPRequest) throws(TransportError) {
        let url = request.target.url
        guard !request.target.host.isEmpty, !url.utf8.contains(0) else {
            throw TransportError(.invalid, "the address has no host")
        }
        set(CURLOPT_URL, url)
        set(CURLOPT_BUFFERSIZE, request.method == .get ? 512 << 10 : 16 << 10)
        if let body = request.body {
            set(CURLOPT_UPLOAD, 1)
            set(CURLOPT_INFILESIZE_LARGE, offset: body.length)
            set(CURLOPT_UPLOAD_BUFFERSIZE, body.length > 64 << 10 ? 2 << 20 : 64 << 10)
        }
        switch request.method {
        case .get: break
        case .head: set(CURLOPT_NOBODY, 1)
        case .put, .post, .delete, .propfind, .mkcol: set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        }
    }

    /// - Returns: libcurl's code and its words about a failure.
    fileprivate func perform(_ headers: HeaderList) -> (CURLcode, String) {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(CURL_ERROR_SIZE)) { words in
            unsafe words.initialize(repeating: 0)
            unsafe set(CURLOPT_ERRORBUFFER, pointer: UnsafeMutableRawPointer(words.baseAddress))
            unsafe set(CURLOPT_HTTPHEADER, pointer: UnsafeMutableRawPointer(headers.first))
            let code = unsafe curl_easy_perform(raw)
            unsafe set(CURLOPT_ERRORBUFFER, pointer: nil)
            unsafe set(CURLOPT_HTTPHEADER, pointer: nil)
            guard code != CURLE_OK else { return (code, "") }
            let own = unsafe words.baseAddress.map { unsafe String(cString: $0) } ?? ""
            let general = unsafe curl_easy_strerror(code).map { unsafe String(cString: $0) } ?? ""
            return (code, terminalSafe(own.isEmpty ? general : own))
        }
    }
}

extension TransportError {
    fileprivate init(_ code: CURLcode, _ text: String) {
        let kind: Kind =
            switch code {
            case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .unresolved
            case CURLE_COULDNT_CONNECT: .refused
            case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CERTPROBLEM,
                CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR:
                .tls
            case CURLE_OPERATION_TIMEDOUT: .timedOut
            case CURLE_PARTIAL_FILE: .short
            case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: .invalid
            // Everything else happens to a connection that stood.
            default: .broken
            }
        self.init(kind, text)
    }
}

extension StorageError {
    /// A request without answer as the failure of an operation.
    package init(_ error: TransportError, _ operation: String, key: ObjectKey? = nil, address: String) {
        if let cause = error.cause {
            if let ended = cause as? SourceEnded {
                self.init(.corrupt, operation, key: key, address: address, reason: "\(ended)")
            } else {
                self.init(endedBy: cause, operation, key: key ?? "", address: address)
            }
            return
        }
        let (code, isTransient): (Code, Bool) =
            switch error.kind {
            case .unresolved, .refused, .broken: (.unreachable, true)
            case .tls: (.unreachable, false)
            case .timedOut: (.timedOut, true)
            case .short: (.corrupt, true)
            case .tooLarge: (.tooLarge, false)
            case .ended, .cancelled: (.cancelled, false)
            case .invalid: (.unsupported, false)
            }
        self.init(
            code,
            operation,
            key: key,
            address: address,
            reason: error.reason,
            isTransient: isTransient
        )
    }
}

// SPDX-License-Identifier: Apache-2.0

import ObjectStorage
import SluiceBase

/// Sends requests about one folder of a server.
struct WebDAVConnection: Sendable {
    let location: WebDAVLocation
    private let transport: HTTPTransport
    /// The `Authorization` header; nil without user.
    private let authorization: String?

    /// What we say of an answer that may be about a collection.
    ///
    /// Some servers send a page about one, others say that there is nothing to get.
    static let noFile = "NoFile"

    /// The most bytes of the listing of one collection.
    private static let listingLimit = 256 << 20

    var address: String { location.address }

    init(_ location: WebDAVLocation, _ transport: HTTPTransport, user: String, password: String) {
        self.location = location
        self.transport = transport
        authorization =
            user.isEmpty && password.isEmpty
            ? nil : "Basic " + Base64.encode(Array("\(user):\(password)".utf8))
    }

    /// Sends a request; an answer that is no success is an error, except for the given statuses.
    func send(
        _ method: HTTPMethod,
        _ target: HTTPTarget,
        _ operation: String,
        key: ObjectKey?,
        headers: HTTPHeaders = HTTPHeaders(),
        body: (any ByteSource)? = nil,
        answerLimit: Int = 1 << 20,
        accepting statuses: Set<Int> = [],
    ) throws(StorageError) -> HTTPResponse {
        let request = HTTPRequest(method, target, headers: headers, body: body, answerLimit: answerLimit)
        let response = try unsafe send(request, operation, key, sink: nil)
        guard response.head.isSuccess || statuses.contains(response.head.status) else {
            throw StorageError(of: response.head, operation, key: key, address: address)
        }
        return response
    }

    /// Asks for an object, or a part of it.
    func get(_ key: ObjectKey, headers: HTTPHeaders, sink: HTTPSink) throws(StorageError) -> HTTPResponse {
        // The request does not keep the sink beyond this call.
        let response = try unsafe withoutActuallyEscaping(sink) { sink throws(StorageError) in
            let request = HTTPRequest(.get, location.target(key), headers: headers)
            return try unsafe send(request, "read", key, sink: sink)
        }
        guard response.head.isSuccess else {
            var error = StorageError(of: response.head, "read", key: key, address: address)
            let isOfCollection = response.head.status == 405 || response.head.sends(to: location.target(key))
            if isOfCollection { error.storeCode = Self.noFile }
            throw error
        }
        return response
    }

    private func send(
        _ request: HTTPRequest,
        _ operation: String,
        _ key: ObjectKey?,
        sink: HTTPSink?,
    ) throws(StorageError) -> HTTPResponse {
        var request = request
        if let authorization { request.headers["authorization"] = authorization }
        do throws(TransportError) {
            return try unsafe transport.send(request, sink: sink)
        } catch {
            throw StorageError(error, operation, key: key, address: address)
        }
    }

    /// What a server tells of a path; nil when there is nothing.
    /// - Parameter depth: 0 for the resource itself, 1 for the members of a collection too.
    func properties(
        of key: ObjectKey,
        depth: Int,
        _ operation: String,
    ) throws(StorageError) -> PropfindPage? {
        var headers = HTTPHeaders()
        headers["depth"] = "\(depth)"
        headers["content-type"] = "application/xml; charset=utf-8"
        let target = location.target(key)
        let response = try send(
            .propfind,
            target,
            operation,
            key: key.isEmpty ? nil : key,
            headers: headers,
            body: ArraySource(Array(Self.question.utf8)),
            answerLimit: depth == 0 ? 1 << 20 : Self.listingLimit,
            // A part of the path that is a file says conflict, not found or bad request.
            accepting: [301, 302, 307, 308, 400, 404, 409, 410]
        )
        guard response.head.isSuccess else {
            let isMissing =
                switch response.head.status {
                case 300..<400: response.head.sends(to: target)
                case 400: try leadsThroughFile(key)
                default: true
                }
            guard !isMissing else { return nil }
            throw StorageError(of: response.head, operation, key: key, address: address)
        }
        do throws(CodecError) {
            return try PropfindPage(response.body)
        } catch {
            throw answered(error, operation, key)
        }
    }

    /// Whether a directory of the path is a file: Apache says that such a request is bad, as of any other.
    private func leadsThroughFile(_ key: ObjectKey) throws(StorageError) -> Bool {
        for directory in key.parents + (key.hasSuffix(UInt8(ascii: "/")) ? [key] : []) {
            let name = ObjectKey(Array(directory.bytes.dropLast()))
            if try properties(of: name, depth: 0, "look up")?.own?.isCollection == false { return true }
        }
        return false
    }

    /// An answer that cannot be true, as an error.
    func answered(_ error: CodecError, _ operation: String, _ key: ObjectKey) -> StorageError {
        StorageError(.failed, operation, key: key, address: address, reason: "\(error)")
    }

    private static let question = """
        <?xml version="1.0" encoding="utf-8"?>\
        <D:propfind xmlns:D="DAV:"><D:prop><D:resourcetype/><D:getcontentlength/><D:getlastmodified/>\
        <D:getetag/></D:prop></D:propfind>
        """
}

extension HTTPHead {
    /// Whether the answer sends a request for `target` on to the same path with a slash at its end.
    ///
    /// So say Apache and nginx that it is a collection.
    fileprivate func sends(to target: HTTPTarget) -> Bool {
        guard 300..<400 ~= status, let place = headers["location"],
            let path = try? PercentEncoding.decode(place.utf8)
        else { return false }
        return path.suffix(target.path.count + 1) == target.path + [UInt8(ascii: "/")]
    }
}

extension StorageError {
    /// What an answer that is no success means.
    fileprivate init(of head: HTTPHead, _ operation: String, key: ObjectKey?, address: String) {
        let (code, isTransient, words): (Code, Bool, String) =
            switch head.status {
            case 300..<400: (.failed, false, "the server sends the request elsewhere: \(Self.place(head))")
            case 401: (.denied, false, Self.refusal(head))
            case 403: (.denied, false, "")
            case 404, 410: (.notFound, false, "")
            case 405, 501: (.unsupported, false, "the server does not do this here")
            case 412: (.corrupt, false, "the object was replaced meanwhile")
            case 413, 414: (.tooLarge, false, "")
            case 408, 423, 429, 500, 502, 503, 504: (.unreachable, true, "")
            case 507: (.noSpace, false, "")
            default: (.failed, false, "")
            }
        let status = "the server answered with status \(head.status)"
        self.init(
            code,
            operation,
            key: key,
            address: address,
            reason: code == .notFound ? "" : words.isEmpty ? status : "\(words) (status \(head.status))",
            isTransient: isTransient,
            retryAfterSeconds: head.retryAfterSeconds(now: SystemClock().now())
        )
        if head.status == 416 { storeCode = "InvalidRange" }
    }

    private static func place(_ head: HTTPHead) -> String {
        terminalSafe(redactedAddress(String((head.headers["location"] ?? "nowhere").prefix(200))))
    }

    private static func refusal(_ head: HTTPHead) -> String {
        let challenges = head.headers.fields.filter { $0.name == "www-authenticate" }.map(\.value)
        let isBasic = challenges.isEmpty || challenges.contains { $0.lowercased().hasPrefix("basic") }
        guard !isBasic else { return "user or password are wrong or missing" }
        let wanted = challenges.compactMap { $0.split(separator: " ").first }.joined(separator: ", ")
        return "the server wants a login by \(terminalSafe(String(wanted.prefix(80)))), Basic is supported"
    }
}

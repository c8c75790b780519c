// SPDX-License-Identifier: Apache-2.0
// Requests and answers as values; nothing here knows libcurl.

package import ObjectStorage
package import SluiceBase

package enum HTTPMethod: String, Sendable {
    case get = "GET"
    case head = "HEAD"
    case put = "PUT"
    case post = "POST"
    case delete = "DELETE"
    case propfind = "PROPFIND"
    case mkcol = "MKCOL"
}

/// Where a request goes, in parts, so that nothing has to be taken apart again for a signature.
package struct HTTPTarget: Hashable, Sendable {
    package var isSecure: Bool
    /// A name or an address, IPv6 without brackets.
    package var host: String
    /// Nil is the scheme's own.
    package var port: UInt16?
    /// Raw bytes from the first `/` on; encoded when it is sent.
    package var path: [UInt8]
    /// Raw names and values, in the order in which they are sent.
    package var query: [HTTPParameter]

    package init(
        isSecure: Bool,
        host: String,
        port: UInt16? = nil,
        path: [UInt8] = [UInt8(ascii: "/")],
        query: [HTTPParameter] = [],
    ) {
        self.isSecure = isSecure
        self.host = host
        self.port = port
        self.path = path
        self.query = query
    }

    /// Host and port as the `Host` header has them.
    package var authority: String {
        let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        guard let port, port != (isSecure ? 443 : 80) else { return name }
        return "\(name):\(port)"
    }

    package var encodedPath: String { PercentEncoding.encode(path, keepsSlash: true) }

    package var encodedQuery: String { query.map(\.encoded).joined(separator: "&") }

    package var url: String {
        let tail = query.isEmpty ? "" : "?\(encodedQuery)"
        return "\(isSecure ? "https" : "http")://\(authority)\(encodedPath)\(tail)"
    }
}

/// One `name=value` of a query.
package struct HTTPParameter: Hashable, Sendable {
    package var name: String
    package var value: [UInt8]

    package init(_ name: String, _ value: String = "") {
        self.name = name
        self.value = Array(value.utf8)
    }

    package init(_ name: String, bytes value: [UInt8]) {
        self.name = name
        self.value = value
    }

    /// A parameter without value has its `=` too, as signatures want it.
    var encoded: String { "\(PercentEncoding.encode(name.utf8))=\(PercentEncoding.encode(value))" }
}

/// Header fields in the order in which they came or go.
package struct HTTPHeaders: Hashable, Sendable {
    package private(set) var fields: [Field] = []

    package struct Field: Hashable, Sendable {
        /// In lower case.
        package let name: String
        package let value: String
    }

    package init() {}

    /// The first value of that name, in any case; setting replaces all of them.
    package subscript(name: String) -> String? {
        get {
            let lower = name.lowercased()
            return fields.first { $0.name == lower }?.value
        }
        set {
            let lower = name.lowercased()
            fields.removeAll { $0.name == lower }
            if let newValue { fields.append(Field(name: lower, value: newValue)) }
        }
    }

    /// Takes a line of an answer, without its line end; what is no field is passed over.
    package mutating func append(line: some Collection<UInt8>) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return }
        let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
        guard !name.isEmpty else { return }
        let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        var value = Array(line[line.index(after: colon)...].drop(while: isBlank))
        while let last = value.last, isBlank(last) { value.removeLast() }
        fields.append(Field(name: name, value: String(decoding: value, as: UTF8.self)))
    }
}

/// What is asked.
package struct HTTPRequest {
    package var method: HTTPMethod
    package var target: HTTPTarget
    package var headers: HTTPHeaders
    /// Nil sends none; rewound before it is sent.
    package var body: (any ByteSource)?
    /// The most bytes of an answer that are kept in memory.
    package var answerLimit: Int

    package init(
        _ method: HTTPMethod,
        _ target: HTTPTarget,
        headers: HTTPHeaders = HTTPHeaders(),
        body: (any ByteSource)? = nil,
        answerLimit: Int = 1 << 20,
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.answerLimit = answerLimit
    }
}

/// The head of an answer.
package struct HTTPHead: Hashable, Sendable {
    package var status: Int
    package var headers: HTTPHeaders

    package init(status: Int, headers: HTTPHeaders = HTTPHeaders()) {
        self.status = status
        self.headers = headers
    }

    package var isSuccess: Bool { (200..<300).contains(status) }

    /// Bytes of the body as announced; nil when the answer does not say.
    package var contentLength: UInt64? { headers["content-length"].flatMap { UInt64($0) } }

    /// Seconds that the store asks to wait: a number, or a date.
    package func retryAfterSeconds(now: Timestamp) -> Double? {
        guard let text = headers["retry-after"] else { return nil }
        if let seconds = Double(text), seconds >= 0, seconds.isFinite { return seconds }
        guard let date = HTTPDate.parse(text) else { return nil }
        return max(0, Double(date.seconds) - Double(now.seconds))
    }
}

/// An answer whose body is in memory, or went to the sink.
package struct HTTPResponse: Hashable, Sendable {
    package var head: HTTPHead
    /// Empty when a sink took the body.
    package var body: [UInt8]
    /// Bytes that the sink got.
    package var delivered: UInt64

    package init(head: HTTPHead, body: [UInt8] = [], delivered: UInt64 = 0) {
        self.head = head
        self.body = body
        self.delivered = delivered
    }
}

/// Receives the body of a successful answer, run by run; the memory is valid during the call.
package typealias HTTPSink = (HTTPHead, UnsafeRawBufferPointer) throws -> Void

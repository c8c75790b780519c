// SPDX-License-Identifier: Apache-2.0
// What a server answers to PROPFIND: a `multistatus` with a `response` for each resource, each with its
// `href` and properties grouped by status (RFC 4918 §14.16). Prefixes of namespaces differ from server to
// server, so elements count by their local names.

package import SluiceBase

/// The resources that an answer names.
package struct PropfindPage: Hashable, Sendable {
    /// A file or collection.
    package struct Resource: Hashable, Sendable {
        /// The components of its path, percent-decoded, without empty ones.
        package var path: [[UInt8]]
        package var isCollection = false
        /// Bytes; nil where the server does not say.
        package var size: UInt64?
        package var modified: Timestamp?
        /// Nil also for weak tags, which tell no two contents apart for sure.
        package var tag: String?
    }

    package private(set) var resources: [Resource] = []

    /// - Throws: `CodecError` for what is no such document.
    package init(_ document: [UInt8]) throws(CodecError) {
        let reader = try XMLReader(document)
        var parser = ResourceParser()
        while let event = try reader.next() {
            if let resource = try parser.take(event) { resources.append(resource) }
        }
        guard parser.isMultistatus else { throw CodecError("WebDAV answer", "no multistatus") }
    }

    /// The resource that was asked about; the one with the shortest path, because servers behind others may
    /// write other paths than those that were asked for.
    package var own: Resource? {
        resources.min { $0.path.count < $1.path.count }
    }

    /// The members of the collection that was asked about.
    /// - Throws: `CodecError` when it does not stand among them, or others stand there.
    package func members() throws(CodecError) -> [Resource] {
        guard let own, own.isCollection else { throw CodecError("WebDAV answer", "no collection") }
        var members: [Resource] = []
        var hasOwn = false
        for resource in resources {
            if resource.path == own.path {
                hasOwn = true
                continue
            }
            guard resource.path.count == own.path.count + 1, resource.path.starts(with: own.path) else {
                throw CodecError("WebDAV answer", "a path that is not in the collection")
            }
            members.append(resource)
        }
        guard hasOwn else { throw CodecError("WebDAV answer", "the collection itself is missing") }
        return members
    }
}

/// Puts resources together, element by element.
private struct ResourceParser {
    private(set) var isMultistatus = false
    private var elements: [String] = []
    private var text: [UInt8] = []
    private var resource: PropfindPage.Resource?
    /// The properties of one status, until that is known.
    private var properties: [String: String] = [:]
    private var isCollection = false
    private var status = ""

    private static let depthLimit = 64
    private static let textLimit = 64 << 10

    /// - Returns: a resource when its last element has come.
    mutating func take(_ event: XMLEvent) throws(CodecError) -> PropfindPage.Resource? {
        switch event {
        case .start(let name):
            guard elements.count < Self.depthLimit else { throw CodecError("WebDAV answer", "too deep") }
            if elements.isEmpty { isMultistatus = name == "multistatus" }
            elements.append(name)
            text = []
            start(name)
        case .text(let run):
            guard text.count + run.count <= Self.textLimit else {
                throw CodecError("WebDAV answer", "a text of more than \(Self.textLimit) bytes")
            }
            text += run
        case .end(let name):
            elements = elements.dropLast()
            defer { text = [] }
            return try end(name)
        }
        return nil
    }

    private mutating func start(_ name: String) {
        switch (name, elements.count) {
        case ("response", 2): resource = PropfindPage.Resource(path: [])
        case ("propstat", 3): (properties, isCollection, status) = ([:], false, "")
        // multistatus, response, propstat, prop, resourcetype, collection.
        case ("collection", 6): isCollection = isCollection || elements[4] == "resourcetype"
        default: break
        }
    }

    private mutating func end(_ name: String) throws(CodecError) -> PropfindPage.Resource? {
        switch (name, elements.count) {
        case ("href", 2): resource?.path = try Self.path(text)
        case ("status", 3): status = String(decoding: text, as: UTF8.self)
        case (_, 4): properties[name] = String(decoding: text, as: UTF8.self)
        case ("propstat", 2): takeProperties()
        case ("response", 1):
            defer { resource = nil }
            return resource
        default: break
        }
        return nil
    }

    private mutating func takeProperties() {
        // `HTTP/1.1 200 OK`; the others are properties that the resource does not have.
        guard status.split(separator: " ").dropFirst().first == "200" else { return }
        resource?.isCollection = isCollection
        resource?.size = properties["getcontentlength"].flatMap { UInt64($0) }
        resource?.modified = properties["getlastmodified"].flatMap(HTTPDate.parse)
        resource?.tag = properties["getetag"].flatMap { $0.hasPrefix("W/") ? nil : HTTPHead.tag($0) }
    }

    /// The components of an absolute path or a whole address.
    private static func path(_ href: [UInt8]) throws(CodecError) -> [[UInt8]] {
        let blanks: Set<UInt8> = [0x09, 0x0A, 0x0D, 0x20]
        var rest = href.drop { blanks.contains($0) }
        while let last = rest.last, blanks.contains(last) { rest.removeLast() }
        for scheme in ["http://", "https://"] where rest.starts(with: scheme.utf8) {
            rest = rest.dropFirst(scheme.utf8.count).drop { $0 != UInt8(ascii: "/") }
        }
        var path: [[UInt8]] = []
        for component in rest.split(separator: UInt8(ascii: "/")) {
            let decoded = try PercentEncoding.decode(component)
            guard !decoded.contains(0), !decoded.contains(UInt8(ascii: "/")) else {
                throw CodecError("WebDAV answer", "a name with a slash or a zero byte in it")
            }
            guard !decoded.elementsEqual(".".utf8), !decoded.elementsEqual("..".utf8) else {
                throw CodecError("WebDAV answer", "a path with . or .. in it")
            }
            path.append(decoded)
        }
        return path
    }
}

// SPDX-License-Identifier: Apache-2.0
// The WebDAV driver against real servers: rclone's and Apache's, over folders, and the real program's, over a
// volume.

import ObjectDrivers
import ObjectStorage
import SluiceBase
import SluiceTestSupport
import Testing

@Suite("WebDAV", .serialized)
struct WebDAVTests {
    private static let hasServer = ObjectServer.isInstalled(.webdav)

    /// A folder of its own on a server, which is not there yet.
    static func store(
        _ kind: ObjectServer.Kind = .webdav,
        at endpoint: String? = nil,
        folder: String = "f\(UUID.random())",
        password: String = ObjectServer.secretKey,
    ) throws -> WebDAVStore {
        let server = try SharedServers.server(kind)
        return try WebDAVStore.open(
            StorageRequest(
                storage: "webdav",
                bucket: "\(endpoint ?? server.endpoint)/\(folder)",
                accessKey: ObjectServer.accessKey,
                secretKey: password
            )
        )
    }

    /// Both servers let a reader see an object while it is being written.
    private static let brokenByAll = "puts from several threads do not disturb each other"

    /// The real program's server says that a file whose name holds a line feed is not there, and lists none
    /// that comes after it.
    private static let brokenByPeer: Set<String> = [brokenByAll, "keys are listed in byte order"]

    @Test("Names that addresses have to escape are listed in byte order", .enabled(if: Self.hasServer))
    func order() throws {
        let store = try Self.store()
        try store.create()
        var all: [ObjectKey] = [
            "a", "a-b", "ab/c", "ab-/x", "ab.", "ab0", "é", "e\u{301}", "\u{FF5E}", "\u{1F600}", "a b", "a+b",
            "a%2Bb", "a&<b>", "a?b#c", "*~", "b/long/er", "b/long-er", ".hidden", "'\"`", "a;b=c,d",
            "[x]:@!$()",
        ]
        for key in all { try store.put(key, Array(key.bytes)) }
        all.sort()
        #expect(try keys(store) == all)
        for key in all { #expect(try store.bytes(of: key) == key.bytes) }
    }

    @Test(
        "rclone's server keeps the promises that it can keep",
        .enabled(if: Self.hasServer, "rclone is not installed"),
        arguments: ObjectStorageConformance.cases.filter { $0.testDescription != Self.brokenByAll }
    )
    func rclone(promise: ObjectStorageCase) throws {
        try promise.check(RetryingStore(try Self.store()))
    }

    @Test(
        "The real program's server keeps the promises that it can keep",
        .enabled(if: ObjectServer.isInstalled(.peerWebdav), "juicefs is not installed"),
        arguments: ObjectStorageConformance.cases.filter { !Self.brokenByPeer.contains($0.testDescription) }
    )
    func peer(promise: ObjectStorageCase) throws {
        try promise.check(RetryingStore(try Self.store(.peerWebdav)))
    }

    @Test(
        "Apache's server keeps every promise",
        .enabled(if: ObjectServer.isInstalled(.apache), "apache2 is not installed"),
        arguments: ObjectStorageConformance.cases
    )
    func apache(promise: ObjectStorageCase) throws {
        try promise.check(RetryingStore(try Self.store(.apache)))
    }

    @Test(
        "A folder with objects in it is no object, and is never deleted",
        .enabled(if: Self.hasServer && ObjectServer.isInstalled(.apache)),
        arguments: [ObjectServer.Kind.webdav, .apache]
    )
    func folders(_ server: ObjectServer.Kind) throws {
        let store = try Self.store(server)
        try store.create()
        try store.put("d/e/o", [1, 2, 3])
        for key: ObjectKey in ["d", "d/e"] {
            #expect(code { try store.head(key) } == .notFound)
            #expect(code { try store.bytes(of: key) } == .notFound)
            try store.delete(key)
        }
        #expect(code { try store.delete("d/") } == .failed)
        #expect(code { try store.put("d", [1]) } != nil)
        #expect(try store.bytes(of: "d/e/o") == [1, 2, 3])
        try store.put("empty/", [])
        #expect(try store.head("empty/").kind == .directory)
        #expect(try keys(store) == ["d/e/o"])
        #expect(try keys(store, ListRequest(includesDirectories: true)) == ["d/", "d/e/", "d/e/o", "empty/"])
        try store.delete("empty/")
        #expect(code { try store.head("empty/") } == .notFound)
    }

    @Test("Keys that are no paths are refused, not moved elsewhere", .enabled(if: Self.hasServer))
    func impossibleKeys() throws {
        let store = try Self.store()
        try store.create()
        for key: ObjectKey in [
            "", "/", "a//b", "/a", "a/../b", "..", "a/.", ObjectKey([0x61, 0]), ObjectKey([0xFF]), "a//",
        ] {
            #expect(code { try store.put(key, [1]) } == .invalidKey, "\(key)")
            #expect(code { try store.head(key) } == .notFound, "\(key)")
            try store.delete(key)
        }
        #expect(code { try store.put("d/", [1]) } == .invalidKey)
        #expect(try keys(store).isEmpty)
    }

    @Test(
        "Large objects come back, and a read is held to the object that it began with",
        .enabled(if: Self.hasServer)
    )
    func large() throws {
        let store = try Self.store()
        try store.create()
        let bytes = pattern(17 << 20 + 5, seed: 3)
        let receipt = try store.put("big", bytes)
        #expect(receipt.size == UInt64(bytes.count))
        #expect(try store.bytes(of: "big") == bytes)
        let tag = try #require(try store.head("big").tag)
        try store.put("big", [4, 5, 6])
        #expect(
            code { try store.bytes(of: "big", range: ByteRange(offset: 1, length: 1, tag: tag)) } == .corrupt
        )
        #expect(
            code {
                try store.put(
                    "ended",
                    from: EndingSource(length: 20 << 20, after: 1 << 20),
                    options: PutOptions()
                )
            } == .cancelled
        )
    }

    @Test(
        "Wrong passwords are denied, and a server or folder that is not there is no empty one",
        .enabled(if: Self.hasServer)
    )
    func refusals() throws {
        let wrong = try Self.store(password: "geheim")
        let error = #expect(throws: StorageError.self) { try wrong.put("x", [1]) }
        #expect(error?.code == .denied)
        #expect(error?.description.contains("geheim") == false)
        #expect(code { try keys(Self.store()) } == .notFound)
        let nobody = try Self.store(at: "127.0.0.1:\(try LoopbackPort.free())")
        #expect(code { try nobody.head("x") } == .unreachable)
        for bucket in ["", "ftp://h/", "http://u:geheim@h/", "http://h:x/", "//"] {
            let refused = #expect(throws: StorageError.self) {
                try WebDAVStore.open(StorageRequest(storage: "webdav", bucket: bucket))
            }
            #expect(refused?.code == .unsupported)
            #expect(refused?.description.contains("geheim") == false)
        }
    }

    @Test(
        "What fails in passing is done again; what a server cannot mean is an error",
        .enabled(if: Self.hasServer)
    )
    func faults() throws {
        let server = try SharedServers.server(.webdav)
        let bytes = pattern(300_000, seed: 1)
        for fault in [ProxyFault.refuse(status: 503), .resetBefore, .loseAnswer, .refuse(status: 423)] {
            for method in ["PUT", "GET", "PROPFIND", "DELETE", "MKCOL"] {
                let proxy = try FaultProxy(
                    to: server.port,
                    plan: FaultTests.once(fault) { $0.method == method }
                )
                let store = RetryingStore(try Self.store(at: proxy.endpoint), waiting: TestTime())
                try store.create()
                try store.put("d/o", bytes)
                #expect(try store.bytes(of: "d/o") == bytes)
                #expect(try keys(store) == ["d/o"])
                try store.delete("d/o")
                #expect(try keys(store).isEmpty)
            }
        }
        let folder = "f\(UUID.random())"
        let plain = try Self.store(folder: folder)
        try plain.create()
        try plain.put("o", bytes)
        for answer in ["", "<a/>", "<multistatus xmlns='DAV:'/>", "<html>hello</html>"] {
            let proxy = try FaultProxy(to: server.port) {
                $0.method == "PROPFIND" ? .answer(body: answer) : nil
            }
            let store = try Self.store(at: proxy.endpoint, folder: folder)
            #expect(code { try keys(store) } == .failed || code { try keys(store) } == .notFound, "\(answer)")
            #expect(code { try store.delete("o") } != nil || answer.contains("multistatus"), "\(answer)")
        }
        #expect(try plain.bytes(of: "o") == bytes)
        let short = try FaultProxy(to: server.port) { $0.method == "PUT" ? .flipRequest(at: 7) : nil }
        #expect(try Self.store(at: short.endpoint, folder: folder).put("p", bytes).crc32c == nil)
    }
}

@Suite("WebDAV answers")
struct PropfindTests {
    private func page(_ body: String) throws -> PropfindPage {
        try PropfindPage(
            Array("<?xml version=\"1.0\"?><x:multistatus xmlns:x=\"DAV:\">\(body)</x:multistatus>".utf8)
        )
    }

    private func resource(_ href: String, _ properties: String = "", status: String = "200 OK") -> String {
        """
        <x:response><x:href>\(href)</x:href><x:propstat><x:prop>\(properties)</x:prop>
        <x:status>HTTP/1.1 \(status)</x:status></x:propstat></x:response>
        """
    }

    private let folder = "<x:resourcetype><x:collection/></x:resourcetype>"

    @Test("Names are decoded once, also behind another server's path")
    func members() throws {
        let page = try page(
            resource("/pre/fix/d/", folder)
                + resource(
                    " http://h:1/pre/fix/d/a%2520%C3%A9 ",
                    "<x:getcontentlength>7</x:getcontentlength><x:getetag>\"e\"</x:getetag>"
                )
                + resource("/pre/fix/d/sub", folder)
        )
        let members = try page.members()
        #expect(members.map { $0.path.last } == [Array("a%20é".utf8), Array("sub".utf8)])
        #expect(members.map(\.isCollection) == [false, true])
        #expect(members[0].size == 7 && members[0].tag == "e")
    }

    @Test("Properties that a resource does not have count for nothing, weak tags are none")
    func missing() throws {
        let body = """
            <x:response><x:href>/a</x:href><x:propstat><x:prop><x:getetag>W/"e"</x:getetag></x:prop>
            <x:status>HTTP/1.1 200 OK</x:status></x:propstat><x:propstat><x:prop>
            <x:getcontentlength>5</x:getcontentlength>
            <x:resourcetype><x:collection/></x:resourcetype></x:prop>
            <x:status>HTTP/1.1 404 Not Found</x:status></x:propstat></x:response>
            """
        let found = try #require(try page(body).own)
        #expect(found.path == [Array("a".utf8)])
        #expect(!found.isCollection && found.size == nil && found.tag == nil)
    }

    @Test("Paths outside of the collection, and ways out of it, are refused")
    func refused() throws {
        for other in ["/e/a", "/d/a/b", "/"] {
            #expect(throws: CodecError.self) {
                try page(resource("/d/", folder) + resource(other)).members()
            }
        }
        for href in ["/d/..", "/d/%2e%2e/x", "/d/a%2Fb", "/d/%00", "/d/%zz"] {
            #expect(throws: CodecError.self) { try page(resource(href)) }
        }
        for text in [
            "", "<", "<multistatus>", "<!DOCTYPE a [<!ENTITY b \"c\">]><multistatus>&b;</multistatus>",
        ] {
            #expect(throws: CodecError.self) { try PropfindPage(Array(text.utf8)) }
        }
    }
}

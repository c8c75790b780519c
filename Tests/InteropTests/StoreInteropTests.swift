// SPDX-License-Identifier: Apache-2.0
// Volumes whose objects are in databases, or on servers of files: one program writes, the other reads,
// changes and checks.

import SluiceBase
import SluiceTestSupport
import Testing

/// A place for objects, empty when it is made.
struct InteropStore {
    enum Kind: String, CaseIterable, CustomTestStringConvertible {
        case redis, sqlite3, postgres, webdav, sftp

        var testDescription: String { rawValue }
    }

    static let areInstalled =
        RedisServer.program != nil && PostgresServer.programs != nil && ObjectServer.isInstalled(.webdav)

    let kind: Kind
    /// As `--bucket` takes it.
    let bucket: String
    /// As `sync` takes it, with a prefix `p/`.
    let address: String
    /// What has to live as long as the place.
    private let server: (any AnyObject & Sendable)?

    init(_ kind: Kind, _ place: Workplace) throws {
        self.kind = kind
        switch kind {
        case .redis:
            var options = RedisServer.Options()
            options.hasPort = true
            let server = try RedisServer(options)
            self.server = server
            bucket = "redis://127.0.0.1:\(server.port)/2"
            address = "\(bucket)/p/"
        case .sqlite3:
            server = nil
            bucket = place.path("blobs.db")
            address = "sqlite3://\(bucket)/p/"
        case .postgres:
            server = nil
            let postgres = try PostgresServer.shared
            let database = try postgres.makeDatabase()
            bucket = "127.0.0.1:\(postgres.port)/\(database)?sslmode=disable"
            address = "postgres://postgres@127.0.0.1:\(postgres.port)/\(database)/p/?sslmode=disable"
        case .webdav:
            let webdav = try ObjectServer(.webdav)
            server = webdav
            bucket = "http://\(webdav.endpoint)/"
            address = "webdav://\(Self.login)@\(webdav.endpoint)/p/"
        case .sftp:
            let sftp = try ObjectServer(.sftp)
            server = sftp
            bucket = "127.0.0.1:\(sftp.port):/"
            address = "\(Self.login)@127.0.0.1:\(sftp.port):/p/"
        }
    }

    /// User and password of the servers of files, as addresses have them.
    private static let login = "\(ObjectServer.accessKey):\(escapedPassword)"

    private static let escapedPassword =
        ObjectServer.secretKey.split(separator: "/").joined(separator: "%2F")
        .split(separator: "+").joined(separator: "%2B")

    /// rclone takes some 40 ms for a request: small blocks are for the others.
    var blockSize: String { kind == .webdav || kind == .sftp ? "1M" : "64K" }

    /// What `format` needs beside names.
    var options: [String] {
        let place = ["--storage", kind.rawValue, "--bucket", bucket]
        switch kind {
        case .redis, .sqlite3: return place
        case .postgres: return place + ["--access-key", "postgres", "--secret-key", "none"]
        case .webdav:
            return place + ["--access-key", ObjectServer.accessKey, "--secret-key", ObjectServer.secretKey]
        case .sftp:
            // The real program takes a + in it for a blank.
            return place + ["--access-key", ObjectServer.accessKey, "--secret-key", Self.escapedPassword]
        }
    }
}

@Suite(
    "Interoperability on other storages",
    .serialized,
    .enabled(if: Interop.isPossible, Interop.reason),
    .enabled(if: InteropStore.areInstalled, "needs redis-server, PostgreSQL and rclone")
)
struct StoreInteropTests {
    let volume: PeerVolume

    init() throws {
        volume = try PeerVolume()
    }

    @Test(
        "A volume that sluice formats and fills is read and written by a real mount",
        arguments: InteropStore.Kind.allCases
    )
    func filledByUs(_ kind: InteropStore.Kind) throws {
        let store = try InteropStore(kind, volume.place)
        let words = [
            "format", "--quiet", volume.address, "vol", "--block-size", store.blockSize, "--compress", "lz4",
        ]
        let format = try volume.place.program(words + store.options).run()
        #expect(format.status == 0, "\(format.story)")
        try volume.makeTree("source")
        let into = try volume.sluice("sync", "-a", "--quiet", volume.place.path("source/"), "jfs://V/in/")
        #expect(into.status == 0, "\(into.story)")
        let source = try volume.manifest(of: "source")
        var written = ""
        try volume.withMount {
            #expect(try volume.manifest(of: "mnt/in") == source)
            try volume.place.script("cd mnt/in; head -c 300000 /dev/urandom > more; rm zeros")
            written = try volume.manifest(of: "mnt/in")
        }
        try volume.expectClean("\(kind)", knowsTimes: kind != .redis)
        try volume.expectCopyOut(equals: written, of: "in/", into: "out")
    }

    @Test(
        "A volume that the real program formats and fills is checked and read by sluice",
        arguments: InteropStore.Kind.allCases
    )
    func filledByPeer(_ kind: InteropStore.Kind) throws {
        let store = try InteropStore(kind, volume.place)
        let words = ["format", "--no-agent", volume.address, "vol", "--block-size", store.blockSize]
        let format = try volume.peerProgram(words + store.options).run()
        #expect(format.status == 0, "\(format.story)")
        var written = ""
        try volume.withMount {
            try volume.makeTree("mnt/data")
            written = try volume.manifest(of: "mnt/data")
        }
        try volume.expectClean("\(kind)", knowsTimes: kind != .redis)
        try volume.expectCopyOut(equals: written, of: "data/", into: "out")
        let destroy = try volume.sluice("destroy", "--yes", "--force", volume.address, try uuid())
        #expect(destroy.status == 0, "\(destroy.story)")
    }

    private func uuid() throws -> String {
        let setting = try volume.place.sql("SELECT value FROM jfs_setting WHERE name = 'format'")
        return try JSONValue.parse(setting.trimmed)["UUID"]?.stringValue ?? ""
    }

    @Test(
        "sync copies a folder into the storage, and out again; a second run has nothing to do",
        arguments: InteropStore.Kind.allCases
    )
    func copies(_ kind: InteropStore.Kind) throws {
        let store = try InteropStore(kind, volume.place)
        try volume.place.script(
            """
            mkdir -p source/deep/er
            for size in 1 4095 1048576 6000000; do head -c $size /dev/urandom > source/f$size; done
            printf odd > 'source/deep/er/a b+c%20&é'; : > source/empty
            """
        )
        // Servers of files report no checksums: what they have is read back.
        let into = try volume.sluice(
            "sync",
            "--no-https",
            "--verify",
            kind == .webdav || kind == .sftp ? "full" : "stream",
            volume.place.path("source/"),
            store.address
        )
        #expect(into.status == 0, "\(into.story)")
        let again = try volume.sluice(
            "sync",
            "--no-https",
            "--json",
            volume.place.path("source/"),
            store.address
        )
        #expect(again.status == 0, "\(again.story)")
        #expect(try again.jsonLines().last?["copied_count"]?.int64Value == 0, "\(again.story)")
        let back = try volume.sluice("sync", "--no-https", store.address, volume.place.path("back/"))
        #expect(back.status == 0, "\(back.story)")
        try volume.place.script("diff --recursive source back; test \"$(date -r back/f1 +%Y)\" != 1970")
    }
}

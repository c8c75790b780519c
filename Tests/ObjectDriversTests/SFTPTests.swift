// SPDX-License-Identifier: Apache-2.0
// The SFTP driver against OpenSSH and against rclone's server, which knows a password and fewer extensions.
// libssh may write to a connection that broke: SIGPIPE is ignored, as the command does from its start.

import Glibc
import ObjectDrivers
import ObjectStorage
import SluiceBase
import SluiceTestSupport
import Synchronization
import Testing

@Suite("SFTP", .serialized, .enabled(if: SSHServer.program != nil, "there is no sshd"))
struct SFTPTests {
    /// The server that the tests share.
    private static let shared = Result {
        signal(SIGPIPE, SIG_IGN)
        return try SSHServer()
    }

    static func store(
        _ folder: String = "f\(UUID.random())/",
        user: String? = nil,
        password: String = "",
        stall: Double = 60,
        cancellation: Cancellation? = nil,
        _ variables: [String: String] = [:],
    ) throws -> any ObjectStore {
        let server = try shared.get()
        let environment = ["SSH_PRIVATE_KEY_PATH": server.keyFile, "HOME": server.path("home")]
            .merging(variables) { $1 }
        return try SFTPStore.open(
            StorageRequest(
                storage: "sftp",
                bucket: "127.0.0.1:\(server.port):\(server.path(folder))",
                accessKey: user ?? server.user,
                secretKey: password,
                environment: { environment[$0] },
                cancellation: cancellation
            ),
            stallSeconds: stall
        )
    }

    @Test("OpenSSH keeps every promise", arguments: ObjectStorageConformance.cases)
    func openSSH(promise: ObjectStorageCase) throws {
        try promise.check(RetryingStore(try Self.store()))
    }

    /// rclone 1.75 writes some bytes of names as others, and removes the old file before it renames.
    private static let brokenByRclone: Set<String> = [
        "keys are listed in byte order", "puts from several threads do not disturb each other",
    ]

    @Test(
        "rclone's server keeps the promises that it can keep",
        .enabled(if: ObjectServer.isInstalled(.sftp), "rclone is not installed"),
        arguments: ObjectStorageConformance.cases.filter { !Self.brokenByRclone.contains($0.testDescription) }
    )
    func rclone(promise: ObjectStorageCase) throws {
        try promise.check(RetryingStore(try Self.rcloneStore()))
    }

    private static func rcloneStore() throws -> any ObjectStore {
        let server = try SharedServers.server(.sftp)
        return try StorageDriver.sftp.open(
            StorageRequest(
                storage: "sftp",
                bucket: "127.0.0.1:\(server.port):/f\(UUID.random())/",
                accessKey: ObjectServer.accessKey,
                secretKey: ObjectServer.secretKey
            )
        )
    }

    @Test(
        "Several threads put objects into a folder that none of them finds",
        .enabled(if: ObjectServer.isInstalled(.sftp), "rclone is not installed")
    )
    func sharedFolders() throws {
        let store = RetryingStore(try Self.rcloneStore())
        try store.create()
        @Sendable func key(_ round: Int, _ thread: Int) -> ObjectKey {
            ObjectKey("\(round)/a/b/\(thread)")
        }
        let failures = Mutex<[String]>([])
        try runThreads(8) { thread in
            for round in 0..<20 {
                do {
                    try store.put(key(round, thread), [7])
                } catch {
                    failures.withLock { $0.append("\(error)") }
                }
            }
        }
        #expect(failures.withLock { $0 } == [])
        for round in 0..<20 {
            for thread in 0..<8 { #expect(try store.bytes(of: key(round, thread)) == [7]) }
        }
    }

    @Test("Files lie as those of the file driver, with the times that were asked for")
    func layout() throws {
        let server = try Self.shared.get()
        let store = try Self.store("layout/")
        var options = PutOptions()
        options.modified = Timestamp(seconds: 1_000_000_000)
        try store.put("a/b/c", [1, 2, 3], options: options)
        let local = FileStore(root: ByteString(server.path("layout/")))
        #expect(try local.bytes(of: "a/b/c") == [1, 2, 3])
        #expect(try local.head("a/b/c").modified == options.modified)
        #expect(try store.head("a/b/c").modified == options.modified)
        let objects = try Posix.listDirectory(ByteString(server.path("layout/a/b"))).map { "\($0.name)" }
        #expect(objects == ["c"])
    }

    @Test(
        "Temporary files are no objects; links are followed; folders are never deleted with what is in them"
    )
    func foreignFiles() throws {
        let server = try Self.shared.get()
        let store = try Self.store("foreign/")
        try store.put("d/o", [1])
        let folder = server.path("foreign")
        for (name, target) in [("link", "d/o"), ("folder", "d"), ("nowhere", "none")] {
            try Posix.makeSymbolicLink(ByteString("\(folder)/\(name)"), to: ByteString(target))
        }
        try Posix.replaceFile(ByteString("\(folder)/.jfs.o.tmp.12"), with: [1])
        #expect(try keys(store) == ["d/o", "folder/o", "link", "nowhere"])
        #expect(try objects(store, ListRequest()).map(\.kind) == [.object, .object, .object, .symlink])
        #expect(try store.bytes(of: "link") == [1])
        for key: ObjectKey in ["d", "folder"] {
            #expect(code { try store.head(key) } == .notFound)
            #expect(code { try store.bytes(of: key) } == .notFound)
        }
        try store.delete("d")
        #expect(code { try store.delete("d/") } == .failed)
        #expect(code { try store.put("d", [1]) } == .failed)
        #expect(code { try store.put("d/o/x", [1]) } != nil)
        #expect(try store.bytes(of: "d/o") == [1])
        for key: ObjectKey in ["", "/a", "a//b", "../a", "a/.", ObjectKey([0x61, 0])] {
            #expect(code { try store.put(key, [1]) } == .invalidKey)
            #expect(code { try store.head(key) } == .notFound)
        }
    }

    @Test("A path without slash at its end is a prefix of names")
    func prefix() throws {
        let store = try Self.store("pre/fix-")
        try store.create()
        try store.put("a", [1])
        #expect(try keys(try Self.store("pre/")) == ["fix-a"])
        #expect(try keys(store) == ["a"])
    }

    @Test("Wrong keys, passwords and hosts are denied; what is not there is no empty folder")
    func refusals() throws {
        let server = try Self.shared.get()
        let other = ["SSH_PRIVATE_KEY_PATH": server.path("other")]
        #expect(code { try Self.store("x/", other).create() } == .denied)
        #expect(code { try Self.store("x/", ["SSH_PRIVATE_KEY_PATH": "/nowhere"]).create() } == .denied)
        let wrong = #expect(throws: StorageError.self) {
            try Self.store("x/", user: "nobody", password: "geheim").create()
        }
        #expect(wrong?.code == .denied)
        #expect(wrong?.description.contains("geheim") == false)
        #expect(throws: Never.self) { try Self.store("x/", ["SSH_KNOWN_HOSTS": server.knownHosts]).create() }
        let foreign = server.path("known-other")
        let changed = #expect(throws: StorageError.self) {
            try Self.store("x/", ["SSH_KNOWN_HOSTS": foreign]).create()
        }
        #expect(changed?.code == .denied)
        #expect(changed?.reason.contains("somebody else") == true)
        #expect(code { try Self.store("x/", ["SSH_KNOWN_HOSTS": "/nowhere"]).create() } == .denied)
        #expect(code { try keys(try Self.store("not/there/")) } == .notFound)
        let nobody = try StorageDriver.sftp.open(
            StorageRequest(storage: "sftp", bucket: "127.0.0.1:\(try LoopbackPort.free()):/x/")
        )
        #expect(code { try nobody.head("x") } == .unreachable)
    }

    @Test("A connection that broke is an error in passing, and the next one is new")
    func broken() throws {
        let server = try Self.shared.get()
        let store = try Self.store()
        let bytes = pattern(3 << 20, seed: 1)
        try store.put("o", bytes)
        try server.breakConnections()
        #expect(try RetryingStore(store, waiting: TestTime()).bytes(of: "o") == bytes)
        var hasBroken = false
        let ended = code {
            try unsafe store.read("o", range: .whole) { (_: UnsafeRawBufferPointer) throws -> Void in
                guard !hasBroken else { return }
                hasBroken = true
                try server.breakConnections()
            }
        }
        // What was on its way already may be the whole object.
        #expect(ended == nil || ended == .unreachable)
        #expect(try store.bytes(of: "o") == bytes)
    }

    @Test("Where SFTP ended on a connection that stands, no object is called missing, and the next is new")
    func endedSubsystem() throws {
        let store = try Self.store()
        try store.put("o", [1, 2, 3])
        // What libssh would say again of a call without answer.
        #expect(code { try store.head("none") } == .notFound)
        try Self.shared.get().endSubsystems()
        #expect([nil, .unreachable].contains(code { try store.head("o") }))
        #expect(try RetryingStore(store, waiting: TestTime()).bytes(of: "o") == [1, 2, 3])
    }

    @Test("A sink that takes longer than a server may be silent is no failure")
    func slow() throws {
        let store = try Self.store(stall: 0.5)
        let bytes = pattern(8 << 20, seed: 2)
        try store.put("o", bytes)
        var delivered = 0
        try unsafe store.read("o", range: .whole) { (run: UnsafeRawBufferPointer) throws -> Void in
            if delivered == 0 { _ = poll(nil, 0, 1500) }
            delivered += run.count
        }
        #expect(delivered == bytes.count)
    }

    @Test("A server that falls silent, and a cancellation, end the call that waits")
    func silent() throws {
        let server = try Self.shared.get()
        let store = try Self.store(stall: 1)
        try store.put("o", [1, 2, 3])
        try server.silenceConnections()
        #expect(code { try store.bytes(of: "o") } == .unreachable)
        #expect(try store.bytes(of: "o") == [1, 2, 3])

        let cancellation = Cancellation()
        let cancelled = try Self.store(cancellation: cancellation)
        try cancelled.put("o", [1])
        try server.silenceConnections()
        cancellation.cancel()
        #expect(code { try cancelled.bytes(of: "o") } == .cancelled)
        try server.breakConnections()
    }
}

@Suite("SFTP addresses")
struct SFTPLocationTests {
    @Test("Hosts, ports and paths are told apart as the real program does")
    func parsing() throws {
        for (text, host, port, folder, prefix) in [
            ("h:/a/b/", "h", 22, "/a/b/", ""), ("h:2022:/a/b", "h", 2022, "/a/", "b"),
            ("h:", "h", 22, "./", ""),
            ("h:a/b/", "h", 22, "a/b/", ""), ("h:x", "h", 22, "./", "x"), ("[::1]:/a/", "::1", 22, "/a/", ""),
            ("[::1]:2022:a/", "::1", 2022, "a/", ""), ("h:/a/./b/../c//d/", "h", 22, "/a/c/d/", ""),
            ("h:/../..", "h", 22, "/", ""), ("h:../a/", "h", 22, "../a/", ""),
            ("sftp://h:22:/a/", "h", 22, "/a/", ""),
            ("h:2022:", "h", 2022, "./", ""),
        ] as [(String, String, UInt16, String, String)] {
            let location = try SFTPLocation(text)
            #expect(location.host == host && location.port == port, "\(text)")
            #expect(location.folder == Array(folder.utf8), "\(text): \(ByteString(location.folder))")
            #expect(location.prefix == Array(prefix.utf8), "\(text)")
        }
        for text in [
            "", "h", "h/a", ":/a", "h:22/a", "u@h:/a", "h:0:/a", "h:99999:/a", "[::1:/a", "h\u{1}:/a",
        ] {
            #expect(code { try SFTPLocation(text) } == .unsupported, "\(text)")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Glibc
import SluiceBase
import Testing

@Suite("System calls")
struct PosixTests {
    @Test("An error names the call, the file and the reason")
    func errorText() {
        let error = #expect(throws: SystemError.self) {
            _ = try FileDescriptor.open("/no\u{1B}where/x").release()
        }
        #expect(error == SystemError(ENOENT, "open", "/no\u{1B}where/x"))
        #expect(error?.description == "open /no\\x1bwhere/x: No such file or directory")
        #expect(error?.isNotFound == true)
        #expect(error?.isTransient == false)
        #expect(SystemError(EAGAIN, "read").description == "read: Resource temporarily unavailable")
    }

    @Test("A path with a NUL is refused instead of cut")
    func embeddedNull() {
        #expect(throws: SystemError(EINVAL, "lstat", ByteString([47, 0, 97]))) {
            try Posix.status(ByteString([47, 0, 97]))
        }
        #expect(throws: SystemError.self) { try Posix.rename("/nowhere", to: ByteString([47, 0])) }
    }

    @Test("Bytes written are bytes read, at positions and at offsets")
    func readAndWrite() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/file"
            let file = try FileDescriptor.open(path, [.readWrite, .create, .exclusive], mode: 0o600)
            try file.write(Array("hello world".utf8))
            try file.write(Array("J".utf8), at: 0)
            #expect(try file.read(count: 5, at: 0) == Array("Jello".utf8))
            #expect(try file.read(count: 100, at: 6) == Array("world".utf8))
            #expect(try file.read(count: 10) == [])
            #expect(try file.read(count: 10, at: 1 << 40) == [])
            try file.truncate(to: 5)
            try file.synchronize()
            try file.synchronizeData()
            #expect(try file.status().size == 5)
            try file.close()
            #expect(try Posix.readWholeFile(path, limit: 5) == Array("Jello".utf8))
            #expect(throws: SystemError(EFBIG, "read", path)) { try Posix.readWholeFile(path, limit: 4) }
            #expect(try !Posix.readWholeFile("/proc/self/status", limit: 1 << 20).isEmpty)
        }
    }

    @Test("A descriptor is closed when its owner goes away, and only once")
    func ownership() throws {
        var number: Int32 = -1
        do {
            let file = try FileDescriptor.open("/dev/null")
            number = file.raw
            #expect(fcntl(number, F_GETFD) == FD_CLOEXEC)
        }
        let released = try FileDescriptor.open("/dev/null").release()
        #expect(fcntl(released, F_GETFD) >= 0)
        let failing = FileDescriptor(adopting: released)
        try failing.close()
        #expect(throws: SystemError(EBADF, "close")) { try FileDescriptor(adopting: 1 << 20).close() }
    }

    @Test("A full device is an out-of-space error")
    func outOfSpace() throws {
        let full = try FileDescriptor.open("/dev/full", .writeOnly)
        let error = #expect(throws: SystemError.self) { try full.write([1]) }
        #expect(error?.isOutOfSpace == true)
    }

    @Test("Attributes tell kind, mode, size, links and times to the nanosecond, links are not followed")
    func attributes() throws {
        try withTemporaryDirectory { directory in
            let file = directory + "/file"
            let link = directory + "/link"
            try Posix.replaceFile(file, with: [1, 2, 3], mode: 0o640)
            try Posix.makeSymbolicLink(link, to: "file")
            try Posix.link(file, as: directory + "/second")
            let old = Timestamp(seconds: -5, nanoseconds: 123_456_789)
            try Posix.setTimes(link, accessed: old, modified: old)
            try Posix.setTimes(file, accessed: nil, modified: Timestamp(seconds: 7, nanoseconds: 1))
            try Posix.setMode(file, 0o4755)
            let status = try Posix.status(file)
            #expect((status.kind, status.mode, status.size, status.linkCount) == (.regular, 0o4755, 3, 2))
            #expect(status.modified == Timestamp(seconds: 7, nanoseconds: 1))
            #expect(status.accessed > status.modified)
            #expect(try Posix.status(link).kind == .symbolicLink)
            #expect(try Posix.status(link).modified == old)
            #expect(try Posix.status(link, follow: true) == Posix.status(file))
            #expect(try Posix.readLink(link) == "file")
            try Posix.setModeWithoutFollowing(file, 0o600)
            #expect(try Posix.status(file).mode == 0o600)
            #expect(throws: SystemError.self) { try Posix.setModeWithoutFollowing(link, 0o600) }
            #expect(try Posix.statusIfPresent(directory + "/none") == nil)
            #expect(try Posix.statusIfPresent(file + "/below") == nil)
        }
    }

    @Test("Long link targets are read whole")
    func longLink() throws {
        try withTemporaryDirectory { directory in
            for length in [255, 256, 257, 4000] {
                let target = ByteString([UInt8](repeating: 0xFE, count: length))
                let name = directory + ByteString("/\(length)")
                try Posix.makeSymbolicLink(name, to: target)
                #expect(try Posix.readLink(name) == target)
            }
        }
    }

    @Test("Special files are created with their kinds")
    func specialFiles() throws {
        try withTemporaryDirectory { directory in
            try Posix.makeFIFO(directory + "/fifo", mode: 0o600)
            try Posix.makeNode(directory + "/socket", mode: UInt32(S_IFSOCK) | 0o600)
            let kinds = Dictionary(
                uniqueKeysWithValues: try Posix.listDirectory(directory).map { ($0.name, $0.kindHint) }
            )
            #expect(kinds == ["fifo": .fifo, "socket": .socket])
            #expect(try Posix.status("/dev/null").kind == .characterDevice)
            #expect(try Posix.status("/dev/null").specialDevice == 0x103)
        }
    }

    @Test("Renaming replaces, refuses to replace, or exchanges")
    func renaming() throws {
        try withTemporaryDirectory { path in
            let directory = try DirectoryHandle(path)
            for name in ["a", "b", "c"] as [ByteString] {
                try Posix.replaceFile(path + "/" + name, with: name.bytes)
            }
            #expect(throws: SystemError(EEXIST, "renameat2", "a")) {
                try Posix.renameWithoutReplacing("a", to: "b", at: directory)
            }
            try Posix.rename("a", to: "b", at: directory)
            try Posix.exchange("b", "c", at: directory)
            #expect(try Posix.readWholeFile(path + "/b", limit: 9) == Array("c".utf8))
            #expect(try Posix.readWholeFile(path + "/c", limit: 9) == Array("a".utf8))
            try Posix.unlink("b", at: directory)
            #expect(try directory.items().map(\.name) == ["c"])
        }
    }

    @Test("Extended attributes are bytes of any length")
    func extendedAttributes() throws {
        try withTemporaryDirectory { directory in
            let file = directory + "/file"
            try Posix.replaceFile(file, with: [])
            do {
                try Posix.setAttribute(file, "user.small", to: [0, 1, 255])
            } catch let error as SystemError where error.code == EOPNOTSUPP {
                print("skipped: the temporary directory's file system has no user attributes")
                return
            }
            try Posix.setAttribute(file, "user.empty", to: [])
            let large = [UInt8](repeating: 7, count: 2000)
            try Posix.setAttribute(file, "user.large", to: large)
            #expect(try Posix.attributeNames(file).sorted() == ["user.empty", "user.large", "user.small"])
            #expect(try Posix.attribute(file, "user.small") == [0, 1, 255])
            #expect(try Posix.attribute(file, "user.empty") == [])
            #expect(try Posix.attribute(file, "user.large") == large)
            try Posix.removeAttribute(file, "user.large")
            #expect(throws: SystemError(ENODATA, "getxattr", file)) {
                try Posix.attribute(file, "user.large")
            }
        }
    }

    @Test("A listing of many entries is complete, streams, stops when told, and starts anew each time")
    func listing() throws {
        try withTemporaryDirectory { path in
            let directory = try DirectoryHandle(path)
            let names = (0..<3000).map {
                ByteString("entry-\($0)-" + String(repeating: "x", count: $0 % 200))
            }
            for name in names { try directory.open(name, [.writeOnly, .create]).close() }
            #expect(try Set(directory.items().map(\.name)) == Set(names))
            var seenCount = 0
            try directory.forEachItem { _ in
                seenCount += 1
                return seenCount < 10
            }
            #expect(seenCount == 10)
            #expect(try Posix.listDirectory(path).count == 3000)
        }
    }

    @Test("Names that are not UTF-8 survive")
    func foreignNames() throws {
        try withTemporaryDirectory { path in
            let name = ByteString([0x66, 0xFF, 0xFE])
            try Posix.makeDirectory(path + "/" + name)
            #expect(try Posix.listDirectory(path).map(\.name) == [name])
            #expect(try DirectoryHandle(path).directory(name).items() == [])
        }
    }

    @Test("A replaced file has the new content and leaves nothing beside it")
    func replacing() throws {
        try withTemporaryDirectory { directory in
            let file = directory + "/settings"
            try Posix.replaceFile(file, with: [1])
            try Posix.replaceFile(file, with: [2, 3], mode: 0o600)
            #expect(try Posix.readWholeFile(file, limit: 9) == [2, 3])
            #expect(try Posix.status(file).mode == 0o600)
            try Posix.makeDirectory(directory + "/taken")
            #expect(throws: SystemError.self) { try Posix.replaceFile(directory + "/taken", with: [1]) }
            #expect(try Set(Posix.listDirectory(directory).map(\.name)) == ["settings", "taken"])
        }
    }

    @Test("Removing a tree leaves what its links point to")
    func removingTrees() throws {
        try withTemporaryDirectory { directory in
            try Posix.makeDirectories(directory + "/tree/a/b/c")
            try Posix.makeDirectories(directory + "/tree/a/b/c")
            try Posix.makeDirectory(directory + "/kept")
            try Posix.replaceFile(directory + "/kept/file", with: [1])
            try Posix.makeSymbolicLink(directory + "/tree/a/link", to: "../../kept")
            for number in 0..<500 {
                try Posix.replaceFile(directory + ByteString("/tree/a/b/\(number)"), with: [])
            }
            try Posix.removeTree(directory + "/tree")
            try Posix.removeTree(directory + "/tree")
            #expect(try Posix.listDirectory(directory).map(\.name) == ["kept"])
            #expect(try Posix.listDirectory(directory + "/kept").map(\.name) == ["file"])
            #expect(throws: SystemError.self) { try Posix.removeTree("/proc/self/status") }
        }
    }

    @Test("A directory handle does not follow a link unless told")
    func handlesDoNotFollow() throws {
        try withTemporaryDirectory { path in
            try Posix.makeDirectory(path + "/real")
            try Posix.makeSymbolicLink(path + "/link", to: "real")
            let directory = try DirectoryHandle(path)
            #expect(throws: SystemError.self) { try directory.directory("link") }
            #expect(try directory.directory("link", follow: true).items() == [])
            #expect(try directory.status("link").kind == .symbolicLink)
            #expect(try directory.status("link", follow: true).kind == .directory)
        }
    }

    @Test("Bytes are copied between files inside the kernel")
    func copying() throws {
        try withTemporaryDirectory { path in
            try Posix.replaceFile(path + "/from", with: Array(0..<100))
            let source = try FileDescriptor.open(path + "/from")
            let target = try FileDescriptor.open(path + "/to", [.readWrite, .create])
            #expect(try source.copy(count: 50, from: 10, to: target, at: 5) == 50)
            #expect(try source.copy(count: 50, from: 100, to: target, at: 0) == 0)
            #expect(try target.read(count: 100, at: 0) == [0, 0, 0, 0, 0] + Array(10..<60))
        }
    }

    @Test(
        "The parent of a path",
        arguments: [
            ("/", nil), ("/a", "/"), ("/a/b", "/a"), ("/a/b/", "/a"), ("a", nil), ("a/b", "a"), ("", nil),
        ] as [(ByteString, ByteString?)]
    )
    func parents(path: ByteString, parent: ByteString?) {
        #expect(Posix.parent(of: path) == parent)
    }

    @Test("The surroundings are known")
    func surroundings() throws {
        #expect(Posix.processID == getpid())
        #expect(Posix.threadID > 0)
        #expect(!Posix.hostname.isEmpty)
        #expect(Posix.processorCount > 0)
        #expect(Posix.environment("SLUICE_SURELY_NOT_SET") == nil)
        let file = try FileDescriptor.open("/dev/null")
        #expect(!Posix.isTerminal(file.raw))
        #expect(Posix.terminalWidth(file.raw) == nil)
        let space = try Posix.space("/")
        #expect(space.totalBytes > 0)
        #expect(space.availableBytes <= space.freeBytes)
    }
}

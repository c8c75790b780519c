// SPDX-License-Identifier: Apache-2.0

import BlockStore
import Metadata
import ObjectStorage
import SluiceBase
import SluiceTestSupport
import Synchronization
import Testing
import VolumeModel

@testable import VirtualFS

@Suite("A volume as an object store")
struct VolumeTreeTests {
    @Test("It keeps the promises of an object store", arguments: ObjectStorageConformance.cases)
    func conformance(_ promise: ObjectStorageCase) throws {
        try promise.check(TestTree().tree)
    }

    @Test("Odd names come back, in byte order")
    func oddNames() throws {
        let tree = try TestTree().tree
        let names: [ObjectKey] = [
            " ", "\n", "-", "a b", "a", "a!b/c", "a/b", "a!", ObjectKey([0xFF, 0xFE]), ObjectKey([0x80]), "é",
            "e\u{301}",
            "*", "?x", "\\", ObjectKey(String(repeating: "n", count: 255)), "...", "..a", ".a.",
        ]
        let keys = names.filter { $0 != "a" && $0 != "a!" }
        for key in keys { try tree.put(key, key.bytes) }
        #expect(try SluiceTestSupport.keys(tree) == keys.sorted())
        for key in keys { #expect(try tree.bytes(of: key) == key.bytes) }
        for key: ObjectKey in [
            "..", ".", "a//b", "a/../b", "/a", "x\0y", ObjectKey(String(repeating: "n", count: 256)),
        ] {
            #expect(code { try tree.put(key, [1]) } == .invalidKey)
        }
    }

    @Test("A file of several chunks comes back, whole and in parts")
    func largeFile() throws {
        let test = try TestTree(blockSize: 1 << 20, compression: .lz4)
        let bytes = noise(70 << 20, seed: 3)
        try test.tree.put("big", bytes)
        #expect(try test.tree.bytes(of: "big", limit: 128 << 20) == bytes)
        let border = 64 << 20
        let range = ByteRange(offset: UInt64(border - 5), length: 10)
        #expect(try test.tree.bytes(of: "big", range: range) == Array(bytes[border - 5..<border + 5]))
        let inode = try test.volume.resolve("big").inode
        let chunks = try test.engine.read { try $0.chunks(of: inode) }
        #expect(chunks.map(\.index) == [0, 1])
        #expect(
            try chunks.map { try Slice.list(decoding: $0.slices).map(\.length) } == [[64 << 20], [6 << 20]]
        )
    }

    @Test("Holes read as zeros")
    func sparse() throws {
        let test = try TestTree()
        try test.tree.put("f", [1, 2, 3])
        let inode = try test.volume.resolve("f").inode
        _ = try test.volume.perform { try $0.truncate(inode, to: 300_000) }
        #expect(try test.tree.bytes(of: "f") == [1, 2, 3] + [UInt8](repeating: 0, count: 299_997))
        #expect(try test.tree.head("f").size == 300_000)
    }

    @Test("A replaced file is in the trash with its bytes")
    func replacement() throws {
        let test = try TestTree()
        try test.tree.put("d/f", [1])
        let old = try test.volume.resolve("d/f").inode
        try test.tree.put("d/f", [2, 2])
        #expect(try test.tree.bytes(of: "d/f") == [2, 2])
        #expect(try test.volume.resolve("d/f").inode != old)
        let paths = try test.volume.paths(of: old)
        #expect(paths.count == 1)
        #expect(paths.first?.hasPrefix("/.trash/") == true)
        #expect(try keys(test.objects).count == 2)
    }

    @Test("Without trash a replaced file's data go")
    func replacementWithoutTrash() throws {
        let test = try TestTree(trashDays: 0)
        try test.tree.put("f", [1])
        try test.tree.put("f", [2, 2])
        try test.tree.put("g", [3])
        try test.tree.delete("g")
        #expect(try keys(test.objects).map { $0.bytes.last } == [UInt8(ascii: "2")])
    }

    @Test("A put that is refused leaves no objects")
    func refusedPut() throws {
        let test = try TestTree()
        try test.tree.put("d/f", [1])
        let before = try keys(test.objects)
        #expect(code { try test.tree.put("d", [1, 2, 3]) } == .exists)
        #expect(code { try test.tree.put("d/f/below", [1, 2, 3]) } == .exists)
        #expect(try keys(test.objects) == before)
        #expect(try test.tree.bytes(of: "d/f") == [1])
    }

    @Test("Mode, owner and time are kept")
    func facts() throws {
        let tree = try TestTree().tree
        let time = Timestamp(seconds: 1_234_567_890, nanoseconds: 987_654_321)
        let facts = FileFacts(mode: 0o4751, uid: 1000, gid: 1001)
        var options = PutOptions(modified: time, file: facts)
        try tree.put("empty", [], options: options)
        try tree.put("full", [1], options: options)
        for key: ObjectKey in ["empty", "full"] {
            let info = try tree.head(key)
            #expect(info.file == facts)
            #expect(info.modified == time)
        }
        try tree.makeDirectory("d/", facts: FileFacts(mode: 0o1770, uid: 5, gid: 6), modified: time)
        let directory = try tree.head("d/")
        #expect(directory.kind == .directory)
        #expect(directory.file == FileFacts(mode: 0o1770, uid: 5, gid: 6))
        #expect(directory.modified == time)
        options.file = nil
        try tree.put("plain", [1])
        #expect(try tree.head("plain").file?.mode == 0o644)
        try tree.setFacts("plain", FileFacts(mode: 0o600, uid: 1, gid: 2), modified: time)
        #expect(try tree.head("plain").file == FileFacts(mode: 0o600, uid: 1, gid: 2))
        #expect(code { try tree.setFacts("absent", facts, modified: nil) } == .notFound)
    }

    @Test("Links, hard links and special files are kept")
    func links() throws {
        let test = try TestTree()
        let tree = test.tree
        try tree.put("d/f", [1, 2])
        try tree.makeLink("d/g", to: "d/f")
        try tree.makeLink("d/g", to: "d/f")
        try tree.makeSymlink("d/s", target: "f", facts: nil, modified: Timestamp(seconds: 99))
        try tree.makeSymlink("nowhere", target: "x/y", facts: nil, modified: nil)
        try tree.makeSymlink("loop", target: "loop", facts: nil, modified: nil)
        try tree.makeSymlink("up", target: "d", facts: nil, modified: nil)
        try tree.makeSymlink("d/back", target: "../d", facts: nil, modified: nil)
        try tree.makeSpecial("pipe", SpecialFile(.fifo), facts: nil, modified: nil)
        try tree.makeSpecial("null", SpecialFile(.characterDevice, device: 0x103), facts: nil, modified: nil)
        #expect(try tree.head("d/f").file?.linkIdentity == tree.head("d/g").file?.linkIdentity)
        #expect(try tree.head("d/f").file?.linkIdentity != nil)
        #expect(try tree.bytes(of: "d/s") == [1, 2])
        #expect(try tree.head("null").file?.special == SpecialFile(.characterDevice, device: 0x103))
        let asLinks = ListRequest(followsLinks: false)
        #expect(
            try objects(tree, asLinks).map { "\($0.key) \($0.kind)" } == [
                "d/back symlink", "d/f object", "d/g object", "d/s symlink", "loop symlink",
                "nowhere symlink",
                "null special", "pipe special", "up symlink",
            ]
        )
        #expect(
            try objects(tree, ListRequest()).map { "\($0.key) \($0.kind)" } == [
                "d/back symlink", "d/f object", "d/g object", "d/s object", "loop symlink", "nowhere symlink",
                "null special", "pipe special", "up/back symlink", "up/f object", "up/g object",
                "up/s object",
            ]
        )
        #expect(code { try tree.bytes(of: "pipe") } == .unsupported)
        try tree.put("d/s", [9])
        #expect(try tree.bytes(of: "d/f") == [1, 2])
        #expect(try tree.head("d/s").kind == .object)
    }

    @Test("Extended attributes are added, replaced and removed")
    func extendedAttributes() throws {
        let tree = try TestTree().tree
        try tree.put("f", [1])
        let first = [
            ExtendedAttribute(name: "user.a", value: [1]), ExtendedAttribute(name: "user.b", value: []),
        ]
        try tree.setExtendedAttributes("f", first)
        #expect(try tree.extendedAttributes("f") == first)
        let second = [ExtendedAttribute(name: "user.b", value: [0, 255])]
        try tree.setExtendedAttributes("f", second)
        #expect(try tree.extendedAttributes("f") == second)
    }

    @Test("Directories are listed before what they hold, and go when they are empty")
    func directories() throws {
        let tree = try TestTree().tree
        try tree.makeDirectory("a/b/", facts: nil, modified: nil)
        try tree.put("a-", [1])
        try tree.put("a/b0", [1])
        let all = ListRequest(includesDirectories: true)
        #expect(try keys(tree, all) == ["a-", "a/", "a/b/", "a/b0"])
        #expect(
            try keys(tree, ListRequest(prefix: "a/", includesDirectories: true)) == ["a/", "a/b/", "a/b0"]
        )
        #expect(code { try tree.delete("a/") } == .exists)
        try tree.delete("a/b/")
        try tree.delete("a/b0")
        try tree.delete("a/")
        #expect(try keys(tree, all) == ["a-"])
    }

    @Test("A tree may begin at a directory")
    func subdirectory() throws {
        let test = try TestTree()
        try test.tree.put("a/b/c", [1])
        let part = try VolumeTree(test.volume, test.slices, path: "/a/b", address: "part:")
        #expect(try keys(part) == ["c"])
        try part.put("d/e", [2])
        #expect(try test.tree.bytes(of: "a/b/d/e") == [2])
        #expect(code { try VolumeTree(test.volume, test.slices, path: "a/b/c", address: "") } == .notFound)
    }

    @Test("A damaged entry is listed, its read fails, and its neighbours are there")
    func danglingEntry() throws {
        let test = try TestTree()
        try test.tree.put("a", [1])
        try test.tree.put("b", [2])
        let inode = try test.volume.resolve("a").inode
        try test.engine.write { try $0.deleteNode(inode) }
        #expect(try keys(test.tree) == ["a", "b"])
        #expect(code { try test.tree.bytes(of: "a") } == .corrupt)
        #expect(code { try test.tree.head("a") } == .corrupt)
    }

    @Test("A missing block is damage, not a missing object")
    func missingBlock() throws {
        let test = try TestTree()
        try test.tree.put("f", noise(200_000, seed: 1))
        for key in try keys(test.objects) { test.objects.delete(key) }
        #expect(code { try test.tree.bytes(of: "f") } == .corrupt)
    }
}

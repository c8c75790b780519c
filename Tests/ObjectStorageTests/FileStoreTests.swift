// SPDX-License-Identifier: Apache-2.0

import ObjectStorage
import SluiceBase
import SluiceTestSupport
import Testing

@Suite("File store")
struct FileStoreTests {
    private func withStore(_ body: (FileStore, ByteString) throws -> Void) throws {
        try withFolder { folder in
            let store = FileStore(root: folder + "/root/")
            try store.create()
            try body(store, folder)
        }
    }

    @Test("A key is the path below the root, and nothing else is left there")
    func layout() throws {
        try withStore { store, folder in
            let name = ByteString([UInt8](repeating: UInt8(ascii: "n"), count: 255))
            try store.put("d/" + name, [1, 2, 3])
            #expect(try FileStore(root: folder + "/").bytes(of: "root/d/" + name) == [1, 2, 3])
            let everything = ListRequest(includesDirectories: true)
            #expect(try keys(store, everything) == ["d/", "d/" + name])
            #expect(code { try store.put("d/x" + name, [1]) } == .invalidKey)
        }
    }

    @Test(
        "Keys that lead out of the root are refused",
        arguments: ["../x", "a/../../x", "..", "a/./../../x", "a/../..", "/../x", "a\0b", ""]
    )
    func escaping(key: String) throws {
        try withStore { store, _ in
            let key = ObjectKey(key)
            #expect(code { try store.put(key, [1]) } == .invalidKey)
            #expect(code { try store.delete(key) } == .invalidKey)
            if !key.isEmpty { #expect(code { try store.head(key) } == .invalidKey) }
        }
    }

    @Test("Behind a plain prefix no .. is taken at all")
    func escapingPrefix() throws {
        try withFolder { folder in
            let store = FileStore(root: folder + "/root/name")
            try store.create()
            #expect(code { try store.put("x/../y", [1]) } == .invalidKey)
            try store.put("-1/x", [1])
            #expect(try keys(FileStore(root: folder + "/root/")) == ["name-1/x"])
        }
    }

    @Test("A key that ends in a slash is a directory")
    func directories() throws {
        try withStore { store, _ in
            try store.put("d/e/", [])
            #expect(try store.head("d/e/").kind == .directory)
            #expect(try store.bytes(of: "d/e/") == [])
            #expect(try store.bytes(of: "d/e") == [])
            #expect(code { try store.put("d/f/", [1]) } == .invalidKey)
            #expect(try keys(store).isEmpty)
            #expect(try keys(store, ListRequest(includesDirectories: true)) == ["d/", "d/e/"])
            #expect(try keys(store, ListRequest(prefix: "d/", includesDirectories: true)) == ["d/", "d/e/"])
            #expect(
                try keys(store, ListRequest(prefix: "d/", after: "d/", includesDirectories: true)) == ["d/e/"]
            )
            #expect(code { try store.delete("d/") } == .exists)
            try store.delete("d/e/")
            try store.delete("d")
            #expect(code { try store.head("d/") } == .notFound)
        }
    }

    @Test("A file in the place of a directory is said to be there")
    func fileForDirectory() throws {
        try withStore { store, _ in
            try store.put("a", [1])
            #expect(code { try store.put("a/b", [1]) } == .exists)
            #expect(code { try store.put("a/b/c", [1]) } == .exists)
            #expect(try keys(store) == ["a"])
            try store.put("d/x", [1])
            #expect(code { try store.put("d", [1]) } == .exists)
            #expect(try keys(store) == ["a", "d/x"])
        }
    }

    @Test("Leftovers of unfinished puts are not objects, names like them are")
    func leftovers() throws {
        try withStore { store, _ in
            let kept: [ObjectKey] = [
                ".jfs.", ".jfs..tmp.1", ".jfs.a.tmp.", ".jfs.a.tmp.1x", ".jfs.a.tmp1", ".jfs.tmp.1",
            ]
            for key in kept + [".jfs.a.tmp.1", "d/.jfs.1_0_4.tmp.8674665223082153551"] {
                try store.put(key, [1])
            }
            #expect(try keys(store) == kept.sorted())
        }
    }

    @Test("A root that is not there is an error of the listing, a prefix that is not there is empty")
    func missingRoot() throws {
        try withFolder { folder in
            let store = FileStore(root: folder + "/root/")
            #expect(code { try store.list(ListRequest()) } == .notFound)
            #expect(code { try store.list(ListRequest(prefix: "vol/")) } == .notFound)
            try store.create()
            #expect(try keys(store, ListRequest(prefix: "vol/x")).isEmpty)
        }
    }

    @Test("Mode, owner and time are set before the file gets its name")
    func facts() throws {
        try withStore { store, _ in
            let time = Timestamp(seconds: -12345, nanoseconds: 678_901_234)
            let own = try #require(try store.head("").file)
            let facts = FileFacts(mode: 0o4751, uid: own.uid, gid: own.gid)
            try store.put("o", [1], options: PutOptions(modified: time, file: facts))
            let expected = ObjectInfo(key: "o", size: 1, modified: time, kind: .object, file: facts)
            #expect(try store.head("o") == expected)
            #expect(try objects(store, ListRequest()) == [expected])
            let later = Timestamp(seconds: 99, nanoseconds: 5)
            let other = FileFacts(mode: 0o600, uid: own.uid, gid: own.gid)
            try store.setFacts("o", other, modified: later)
            #expect(try store.head("o") == ObjectInfo(key: "o", size: 1, modified: later, file: other))
        }
    }

    @Test("Links are followed or listed as links")
    func links() throws {
        try withStore { store, _ in
            try store.put("d/f", [1, 2])
            try store.makeSymlink("to-d", target: "d", facts: nil, modified: Timestamp(seconds: 7))
            try store.makeSymlink("to-f", target: "d/f")
            try store.makeSymlink("to-nothing", target: "x/y")
            try store.makeSymlink("d/up", target: "..")
            let unfollowed = try objects(store, ListRequest(followsLinks: false))
            #expect(unfollowed.map(\.key) == ["d/f", "d/up", "to-d", "to-f", "to-nothing"])
            #expect(unfollowed.map(\.file?.target) == [nil, "..", "d", "d/f", "x/y"])
            #expect(unfollowed[2].modified == Timestamp(seconds: 7))
            let followed = try objects(store, ListRequest())
            #expect(followed.map(\.key) == ["d/f", "d/up", "to-d/f", "to-d/up", "to-f", "to-nothing"])
            #expect(followed.map(\.kind) == [.object, .symlink, .object, .symlink, .object, .symlink])
            #expect(try store.head("to-f").size == 2)
            #expect(try store.head("to-f").file?.target == "d/f")
            #expect(try store.head("to-nothing").kind == .symlink)
            #expect(try store.bytes(of: "to-f") == [1, 2])
            try store.delete("to-d")
            #expect(try store.bytes(of: "d/f") == [1, 2])
        }
    }

    @Test("Hard links share their identity and replace what has the name")
    func hardLinks() throws {
        try withStore { store, _ in
            try store.put("a", [1])
            try store.put("b", [2])
            #expect(try store.head("a").file?.linkIdentity == nil)
            try store.makeLink("b", to: "a")
            try store.makeLink("b", to: "a")
            try store.makeLink("new/c", to: "a")
            #expect(try store.bytes(of: "b") == [1])
            let identities = try objects(store, ListRequest()).map(\.file?.linkIdentity)
            #expect(identities.count == 3)
            #expect(identities[0] != nil)
            #expect(Set(identities).count == 1)
            #expect(code { try store.makeLink("d", to: "absent") } == .notFound)
        }
    }

    @Test("A fifo is listed as what it is and never read")
    func special() throws {
        try withStore { store, _ in
            try store.makeSpecial("f", SpecialFile(.fifo))
            let info = try store.head("f")
            #expect(info.kind == .special)
            #expect(info.file?.special == SpecialFile(.fifo))
            #expect(code { try store.bytes(of: "f") } == .unsupported)
            #expect(try objects(store, ListRequest()) == [info])
        }
    }

    @Test("Extended attributes are replaced as a set")
    func attributes() throws {
        try withStore { store, _ in
            try store.put("o", [1])
            let first = [
                ExtendedAttribute(name: "user.a", value: [1, 0, 255]),
                ExtendedAttribute(name: "user.b", value: []),
            ]
            do {
                try store.setExtendedAttributes("o", first)
            } catch let error as StorageError where error.code == .unsupported {
                // The folder for temporary files lies on a file system without attributes.
                #expect(try store.extendedAttributes("o") == [])
                return
            }
            #expect(try store.extendedAttributes("o") == first)
            let second = [ExtendedAttribute(name: "user.b", value: [9])]
            try store.setExtendedAttributes("o", second)
            #expect(try store.extendedAttributes("o") == second)
        }
    }

    @Test("A listing goes on when names disappear under it")
    func disappearing() throws {
        try withStore { store, _ in
            for directory in 0..<3 {
                for file in 0..<600 { try store.put(ObjectKey("\(directory)/\(file)"), [1]) }
            }
            let listing = try store.list(ListRequest())
            let first = try listing.next()
            for info in try objects(store, ListRequest()) { try store.delete(info.key) }
            try store.delete("2/")
            #expect(first.count == 1000)
            #expect(try listing.next().isEmpty)
        }
    }
}

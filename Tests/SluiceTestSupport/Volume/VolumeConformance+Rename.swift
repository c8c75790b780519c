// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase
import Testing
import VolumeModel

extension VolumeConformance {
    static let renameCases = [
        VolumeCase("a rename moves the name and the link counts (§8)", moves),
        VolumeCase("a rename that would mix or lose nodes is refused", refusedRenames),
        VolumeCase("a directory cannot be moved into itself, however deep (§5.11)", intoItself),
        VolumeCase("what is overwritten goes to the trash (§5.7)", overTrash),
        VolumeCase("without trash what is overwritten is gone (§5.3)", settings: noTrash, overDeleted),
        VolumeCase("an exchange swaps names, parents and link counts (§8)", exchanging),
        VolumeCase("two names of one file leave each other alone (§5.11)", sameFile),
    ]

    private static func moves(_ test: VolumeBench) throws {
        let volume = test.volume
        let a = try volume.makeDirectory("a", in: .root).inode
        let d = try volume.makeDirectory("d", in: .root).inode
        _ = try volume.createFile("f", in: d)
        test.clock.advance(seconds: 5)
        let moved = try volume.rename("d", in: .root, to: "e", in: a)
        #expect((moved.inode, moved.attributes.parent) == (d, a))
        #expect(try volume.attributes(of: d).changeTime == test.clock.now())
        #expect(try volume.attributes(of: .root).linkCount == 3)
        #expect(try volume.attributes(of: a).linkCount == 3)
        #expect(try volume.attributes(of: a).modifyTime == test.clock.now())
        #expect(try volume.resolve("/a/e/f").attributes.type == .file)
        try volume.rename("e", in: a, to: "g", in: a)
        #expect(try test.names(in: a) == ["g"])
        #expect(try volume.attributes(of: a).linkCount == 3)
        try volume.rename("g", in: a, to: "g", in: a)
        #expect(try test.trashed().isEmpty)
    }

    private static func refusedRenames(_ test: VolumeBench) throws {
        let volume = test.volume
        let d = try volume.makeDirectory("d", in: .root).inode
        _ = try volume.makeDirectory("e", in: .root)
        _ = try volume.createFile("f", in: .root)
        _ = try volume.createFile("x", in: d)
        let cases: [(FileName, FileName, RenameFlags, VolumeError.Code)] = [
            ("nothing", "x", [], .noEntry), ("f", "d", [], .isDirectory), ("d", "f", [], .notDirectory),
            ("e", "d", [], .notEmpty), ("f", "e", .noReplace, .exists), ("f", "n", .exchange, .noEntry),
            ("f", "n", .whiteout, .notSupported), ("f", "n", [.exchange, .noReplace], .invalid),
            ("f", "n", .restore, .invalid), ("f", ".trash", [], .notPermitted),
            (".trash", "n", [], .notPermitted),
            ("f", "a/b", [], .invalid),
        ]
        for (name, newName, flags, code) in cases {
            let refusal = try test.refusal {
                try $0.rename(name, in: .root, to: newName, in: .root, flags: flags)
            }
            #expect(refusal == code, "\(name) to \(newName)")
        }
        #expect(try test.refusal { try $0.rename("f", in: .root, to: "f", in: .trash) } == .notPermitted)
        #expect(try test.names(in: .root) == ["d", "e", "f"])
        try volume.rename("f", in: .root, to: "n", in: .root, flags: .noReplace)
    }

    private static func intoItself(_ test: VolumeBench) throws {
        var deepest = Inode.root
        for name: FileName in ["a", "b", "c", "d"] {
            deepest = try test.volume.makeDirectory(name, in: deepest).inode
        }
        for path: ByteString in ["/a", "/a/b", "/a/b/c", "/a/b/c/d"] {
            let target = try test.volume.resolve(path).inode
            #expect(
                try test.refusal { try $0.rename("a", in: .root, to: "x", in: target) } == .invalid,
                "\(path)"
            )
        }
        let b = try test.volume.resolve("/a/b").inode
        let exchange = try test.refusal {
            try $0.rename("a", in: .root, to: "c", in: b, flags: .exchange)
        }
        #expect(exchange == .invalid)
        let back = try test.refusal { try $0.rename("c", in: b, to: "a", in: .root, flags: .exchange) }
        #expect(back == .invalid)
    }

    private static func overTrash(_ test: VolumeBench) throws {
        let volume = test.volume
        let d = try volume.makeDirectory("d", in: .root).inode
        let new = try volume.createFile("new", in: .root).inode
        let old = try volume.createFile("old", in: d).inode
        try volume.rename("new", in: .root, to: "old", in: d)
        #expect(try volume.lookup("old", in: d).inode == new)
        #expect(try test.trashed() == ["\(d)-\(old)-old".name])
        #expect(try volume.attributes(of: old).linkCount == 1)
        let e = try volume.makeDirectory("e", in: .root).inode
        let f = try volume.makeDirectory("f", in: .root).inode
        try volume.rename("e", in: .root, to: "f", in: .root)
        #expect(try volume.lookup("f", in: .root).inode == e)
        #expect(try volume.attributes(of: f).parent.isTrash)
        #expect(try volume.attributes(of: .root).linkCount == 4)
    }

    private static func overDeleted(_ test: VolumeBench) throws {
        let volume = test.volume
        let d = try volume.makeDirectory("d", in: .root).inode
        _ = try volume.createFile("new", in: .root)
        let old = try volume.createFile("old", in: d).inode
        let result = try volume.rename("new", in: .root, to: "old", in: d)
        #expect(result.deletedFiles.map(\.inode) == [old])
        let e = try volume.makeDirectory("e", in: d).inode
        let f = try volume.makeDirectory("f", in: .root).inode
        try volume.rename("e", in: d, to: "f", in: .root)
        #expect(try volume.lookup("f", in: .root).inode == e)
        #expect(try test.engine.read { try $0.node(f) } == nil)
        #expect(try volume.attributes(of: d).linkCount == 2)
        #expect(try volume.attributes(of: .root).linkCount == 4)
    }

    private static func exchanging(_ test: VolumeBench) throws {
        let volume = test.volume
        let a = try volume.makeDirectory("a", in: .root).inode
        let file = try volume.createFile("f", in: a).inode
        try test.setLength(of: file, to: 9000)
        let d = try volume.makeDirectory("d", in: .root).inode
        _ = try volume.createFile("inner", in: d)
        try volume.rename("f", in: a, to: "d", in: .root, flags: .exchange)
        #expect(try volume.lookup("d", in: .root).inode == file)
        #expect(try volume.lookup("f", in: a).inode == d)
        #expect(try volume.attributes(of: d).parent == a)
        #expect(try volume.attributes(of: file).parent == .root)
        #expect(try volume.attributes(of: .root).linkCount == 3)
        #expect(try volume.attributes(of: a).linkCount == 3)
        try volume.rename("a", in: .root, to: "d", in: .root, flags: .exchange)
        #expect(try volume.resolve("/d/f/inner").attributes.type == .file)
        // A file with two names keeps count of its parents.
        try volume.link(file, to: "g", in: d)
        try volume.rename("a", in: .root, to: "inner", in: d, flags: .exchange)
        #expect(try test.engine.read { try $0.parents(of: file) } == [ParentLink(parent: d, count: 2)])
    }

    private static func sameFile(_ test: VolumeBench) throws {
        let file = try test.volume.createFile("f", in: .root).inode
        try test.volume.link(file, to: "g", in: .root)
        try test.volume.rename("f", in: .root, to: "g", in: .root)
        #expect(try test.names(in: .root) == ["f", "g"])
        try test.volume.rename("f", in: .root, to: "g", in: .root, flags: .exchange)
        #expect(try test.volume.attributes(of: file).linkCount == 2)
    }
}

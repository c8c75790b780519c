// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase
import Testing
import VolumeModel

extension VolumeConformance {
    static let pathCases = [
        VolumeCase("paths are walked as Linux walks them", resolving),
        VolumeCase("links are followed 40 times, not more", linkDepth),
        VolumeCase("a base is the top of its paths (§5.11)", subdirectory),
        VolumeCase("every path of a node is found, and none for an orphan (§5.6, §5.7)", paths),
        VolumeCase("directories that contain each other end no walk in a loop", cycles),
        VolumeCase("a tree adds up to its entries (§5.8)", summary),
    ]

    private static func resolving(_ test: VolumeBench) throws {
        let volume = test.volume
        let a = try volume.makeDirectory("a", in: .root).inode
        let b = try volume.makeDirectory("b", in: a).inode
        let file = try volume.createFile("f", in: b).inode
        _ = try volume.makeSymlink("up", in: b, target: "../../a/b/f")
        let link = try volume.makeSymlink("dir", in: .root, target: "/a/b/").inode
        let answers: [(ByteString, Inode)] = [
            ("/", .root), ("", .root), ("/a/b/f", file), ("a//b/./f", file), ("/a/b/", b), ("/a/b/..", a),
            ("/../../a", a), ("/a/b/up", file), ("/dir", b), ("/dir/../b/f", file), ("/dir/up", file),
            ("/.trash", .trash),
        ]
        for (path, inode) in answers { #expect(try volume.resolve(path).inode == inode, "\(path)") }
        #expect(try volume.resolve("/dir", followLinks: false).inode == link)
        #expect(try volume.resolve("/dir/", followLinks: false).inode == b)
        let refusals: [(ByteString, VolumeError.Code)] = [
            ("/x", .noEntry), ("/a/x/y", .noEntry), ("/a/b/f/", .notDirectory), ("/a/b/f/x", .notDirectory),
            ("/a/.trash", .noEntry), ("/a/b/f/..", .notDirectory),
        ]
        for (path, code) in refusals {
            #expect(try test.refusal { _ = try $0.resolve(path) } == code, "\(path)")
        }
        #expect(try volume.resolveParent("/a/b/new/") == (b, "new"))
        #expect(try volume.resolveParent("new") == (.root, "new"))
        #expect(try test.refusal { _ = try $0.resolveParent("/a/..") } == .invalid)
        #expect(try test.refusal { _ = try $0.resolveParent("/") } == .invalid)
    }

    private static func linkDepth(_ test: VolumeBench) throws {
        _ = try test.volume.makeSymlink("loop", in: .root, target: "loop")
        #expect(try test.refusal { _ = try $0.resolve("loop") } == .linkLoop)
        let end = try test.volume.createFile("l0", in: .root).inode
        for number in 1...41 {
            _ = try test.volume.makeSymlink("l\(number)".name, in: .root, target: "l\(number - 1)".name)
        }
        #expect(try test.volume.resolve("l40").inode == end)
        #expect(try test.refusal { _ = try $0.resolve("l41") } == .linkLoop)
    }

    private static func subdirectory(_ test: VolumeBench) throws {
        let a = try test.volume.makeDirectory("a", in: .root).inode
        let b = try test.volume.makeDirectory("b", in: a).inode
        _ = try test.volume.makeSymlink("s", in: b, target: "/b")
        #expect(try test.volume.resolve("/b/s", base: a).inode == b)
        #expect(try test.volume.resolve("/../..", base: a).inode == a)
        #expect(try test.refusal { _ = try $0.resolve("/.trash", base: a) } == .noEntry)
    }

    private static func paths(_ test: VolumeBench) throws {
        let volume = test.volume
        let a = try volume.makeDirectory("a", in: .root).inode
        let file = try volume.createFile("f", in: a).inode
        try volume.link(file, to: "g", in: a)
        try volume.link(file, to: "h", in: .root)
        #expect(try volume.paths(of: file) == ["/a/f", "/a/g", "/h"])
        #expect(try volume.paths(of: .root) == ["/"])
        try volume.unlink("g", in: a)
        let hour = TrashHour(containing: test.clock.now()).name
        let entry = FileName("\(a)-\(file)-g")
        #expect(try volume.paths(of: file) == ["/.trash/" + hour + "/" + entry, "/a/f", "/h"])
        #expect(try volume.paths(of: file, limit: 1).count == 1)
        #expect(try volume.paths(of: Inode(12_345)).isEmpty)
        #expect(try volume.paths(of: .trash) == ["/.trash"])
    }

    /// Builds /x/y and moves it away, so that x lies in y and y in x; then restores what was.
    private static func cycles(_ test: VolumeBench) throws {
        let volume = test.volume
        let x = try volume.makeDirectory("x", in: .root)
        let y = try volume.makeDirectory("y", in: x.inode)
        var broken = x.attributes
        broken.parent = y.inode
        broken.linkCount = 3
        try test.engine.write { transaction in
            try transaction.deleteEntry(named: "x", in: .root)
            try transaction.insertEntry(NamedEntry(name: "x", inode: x.inode, type: .directory), in: y.inode)
            try transaction.updateNode(x.inode, broken)
        }
        #expect(try volume.paths(of: y.inode).isEmpty)
        #expect(try volume.treeSummary(of: x.inode).directories == 3)
        let other = try volume.makeDirectory("z", in: .root).inode
        #expect(try test.refusal { try $0.rename("z", in: .root, to: "z", in: y.inode) } == .damaged)
        #expect(try volume.lookup("z", in: .root).inode == other)
        broken.parent = .root
        try test.engine.write { transaction in
            try transaction.deleteEntry(named: "x", in: y.inode)
            try transaction.insertEntry(NamedEntry(name: "x", inode: x.inode, type: .directory), in: .root)
            try transaction.updateNode(x.inode, broken)
        }
    }

    private static func summary(_ test: VolumeBench) throws {
        let volume = test.volume
        let a = try volume.makeDirectory("a", in: .root).inode
        let b = try volume.makeDirectory("b", in: a).inode
        let file = try volume.createFile("f", in: b).inode
        try test.setLength(of: file, to: 5000)
        try volume.link(file, to: "g", in: a)
        _ = try volume.makeSymlink("s", in: a, target: "x")
        let sum = try volume.treeSummary(of: a)
        #expect((sum.files, sum.directories, sum.length) == (3, 2, 10_000))
        #expect(sum.size == 2 * 8192 + 4096 + 2 * 4096)
        #expect(try volume.treeSummary(of: file).size == 8192)
    }
}

extension String {
    /// The text as a name.
    var name: FileName { FileName(self) }
}

// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase
import Testing
import VolumeModel

extension VolumeConformance {
    static let nameCases = [
        VolumeCase("new nodes are as metadata-format §3.2 and §8 say", newNodes),
        VolumeCase("names that are none are refused (§0)", badNames),
        VolumeCase("a taken name is refused and nothing changes", takenName),
        VolumeCase("a set-gid directory passes its group on (§5.11)", setGroupDirectory),
        VolumeCase("flags, tier and umask: what new nodes inherit (§5.7, §5.11)", inheritance),
        VolumeCase(
            "a directory's times change at most every 100 ms, unless its link count does (§5.11)",
            parentTimes
        ),
        VolumeCase("a directory is listed in pages in byte order (§5.11)", listing),
        VolumeCase("only empty directories can be removed (§8)", removeDirectory),
        VolumeCase("an entry without a node can be unlinked", danglingEntry),
        VolumeCase("immutable and append-only directories keep their entries (§5.11)", lockedDirectories),
    ]

    private static func newNodes(_ test: VolumeBench) throws {
        let volume = test.volume
        let time = test.clock.now()
        let directory = try volume.makeDirectory("d", in: .root, mode: 0o755, caller: VolumeBench.alice)
        var expected = Attributes(
            type: .directory,
            mode: 0o755,
            uid: 1000,
            gid: 1000,
            time: time,
            linkCount: 2,
            length: 4096,
            parent: .root
        )
        #expect(directory.attributes == expected)
        #expect(directory.inode == Inode(2))
        #expect(try volume.attributes(of: directory.inode) == expected)
        let link = try volume.makeSymlink("s", in: directory.inode, target: "../x")
        expected = Attributes(type: .symlink, mode: 0o777, time: time, length: 4, parent: directory.inode)
        #expect(link.attributes == expected)
        #expect(try volume.readLink(link.inode) == "../x")
        #expect(try test.refusal { _ = try $0.readLink(directory.inode) } == .invalid)
        let disk = try volume.makeNode("b", in: .root, type: .blockDevice, device: 2065)
        #expect((disk.attributes.device, disk.attributes.type) == (2065, .blockDevice))
        #expect(try volume.makeNode("p", in: .root, type: .fifo, device: 9).attributes.device == 0)
        #expect(try test.refusal { _ = try $0.makeNode("x", in: .root, type: .symlink) } == .invalid)
        #expect(try volume.attributes(of: .root).linkCount == 3)
        #expect(try volume.lookup("d", in: .root).inode == directory.inode)
        #expect(try volume.lookup("..", in: directory.inode).inode == .root)
    }

    private static func badNames(_ test: VolumeBench) throws {
        let long = FileName([UInt8](repeating: 65, count: 256))
        let bad: [(FileName, VolumeError.Code)] = [
            ("", .noEntry), (".", .invalid), ("..", .invalid), ("a/b", .invalid), ("a\0b", .invalid),
            (long, .nameTooLong), (".trash", .notPermitted),
        ]
        for (name, code) in bad {
            #expect(try test.refusal { _ = try $0.createFile(name, in: .root) } == code, "\(name)")
            #expect(try test.refusal { _ = try $0.unlink(name, in: .root) } == code, "\(name)")
        }
        let file = try test.volume.createFile(long.prefix(255), in: .root)
        #expect(try test.volume.lookup(long.prefix(255), in: .root).inode == file.inode)
        // Bytes that are no text, and two spellings of one letter, are names of their own.
        let names = [FileName([0x66, 0xFF, 0xFE]), FileName("e\u{301}"), FileName("\u{e9}")]
        for name in names { _ = try test.volume.createFile(name, in: .root) }
        #expect(Set(try test.names(in: .root)) == Set(names + [long.prefix(255)]))
        #expect(try test.refusal { _ = try $0.createFile("x", in: file.inode) } == .notDirectory)
        #expect(try test.refusal { _ = try $0.createFile("x", in: Inode(99_999)) } == .noEntry)
        #expect(try test.refusal { _ = try $0.makeSymlink("x", in: .root, target: "") } == .invalid)
        let target = ByteString([UInt8](repeating: 65, count: 4097))
        #expect(try test.refusal { _ = try $0.makeSymlink("x", in: .root, target: target) } == .nameTooLong)
    }

    private static func takenName(_ test: VolumeBench) throws {
        _ = try test.volume.createFile("a", in: .root)
        let before = try test.volume.attributes(of: .root)
        #expect(try test.refusal { _ = try $0.makeDirectory("a", in: .root) } == .exists)
        #expect(try test.refusal { _ = try $0.createFile("a", in: .root) } == .exists)
        #expect(try test.volume.attributes(of: .root) == before)
        #expect(test.volume.usage.pendingTotals.inodes <= 1)
    }

    private static func setGroupDirectory(_ test: VolumeBench) throws {
        let volume = test.volume
        let shared = try volume.makeDirectory("shared", in: .root, mode: 0o777).inode
        try volume.setAttributes(of: shared, AttributeChange(mode: 0o2777, gid: 50))
        let caller = Caller(uid: 1000, gid: 1000, umask: 0)
        let directory = try volume.makeDirectory("d", in: shared, mode: 0o755, caller: caller).attributes
        #expect((directory.gid, directory.mode) == (50, 0o2755))
        // Who is not in the group cannot make programs that run as it.
        let program = try volume.createFile("f", in: shared, mode: 0o2755, caller: caller).attributes
        #expect((program.gid, program.mode) == (50, 0o755))
        let member = Caller(uid: 1000, gid: 1000, groups: [50], umask: 0)
        #expect(
            try volume.createFile("g", in: shared, mode: 0o2755, caller: member).attributes.mode == 0o2755
        )
    }

    private static func inheritance(_ test: VolumeBench) throws {
        let volume = test.volume
        let top = try volume.makeDirectory("top", in: .root).inode
        try volume.setAttributes(of: top, AttributeChange(flags: [.skipTrash, .windowsHidden], tier: 2))
        let caller = Caller(uid: 0, gid: 0, umask: 0o027)
        let file = try volume.createFile("f", in: top, mode: 0o666, caller: caller).attributes
        #expect((file.flags, file.tier, file.mode) == (.skipTrash, 2, 0o640))
        let link = try volume.makeSymlink("l", in: top, target: "f", caller: caller).attributes
        #expect((link.flags, link.mode) == (.skipTrash, 0o777))
    }

    private static func parentTimes(_ test: VolumeBench) throws {
        let volume = test.volume
        let directory = try volume.makeDirectory("d", in: .root).inode
        let start = test.clock.now()
        test.clock.set(Timestamp(seconds: start.seconds, nanoseconds: start.nanoseconds + 99_999_999))
        _ = try volume.createFile("a", in: directory)
        #expect(try volume.attributes(of: directory).modifyTime == start)
        _ = try volume.makeDirectory("b", in: directory)
        #expect(try volume.attributes(of: directory).modifyTime == test.clock.now())
        let second = test.clock.now()
        test.clock.set(Timestamp(seconds: second.seconds, nanoseconds: second.nanoseconds + 100_000_000))
        try volume.unlink("a", in: directory)
        let node = try volume.attributes(of: directory)
        #expect((node.modifyTime, node.changeTime) == (test.clock.now(), test.clock.now()))
        #expect(node.linkCount == 3)
    }

    private static func listing(_ test: VolumeBench) throws {
        let directory = try test.volume.makeDirectory("d", in: .root).inode
        let names = (0..<25).map { FileName("n\($0)") }
        try test.volume.perform(inodes: 25) { operation in
            for name in names { _ = try operation.createFile(name, in: directory) }
        }
        var listed: [FileName] = []
        while true {
            let page = try test.volume.readDirectory(
                directory,
                after: listed.last,
                limit: 10,
                withAttributes: true
            )
            #expect(page.allSatisfy { $0.attributes?.type == .file })
            listed += page.map(\.name)
            if page.count < 10 { break }
        }
        #expect(listed == names.sorted())
        #expect(try test.volume.readDirectory(.root, limit: 10).map(\.name) == ["d"])
        let file = try test.volume.lookup("n1", in: directory).inode
        #expect(try test.refusal { _ = try $0.readDirectory(file, limit: 1) } == .notDirectory)
    }

    private static func removeDirectory(_ test: VolumeBench) throws {
        let volume = test.volume
        let directory = try volume.makeDirectory("d", in: .root).inode
        _ = try volume.createFile("f", in: directory)
        #expect(try test.refusal { try $0.removeDirectory("d", in: .root) } == .notEmpty)
        #expect(try test.refusal { try $0.removeDirectory("f", in: directory) } == .notDirectory)
        #expect(try test.refusal { try $0.unlink("d", in: .root) } == .isDirectory)
        #expect(try test.refusal { try $0.removeDirectory("x", in: .root) } == .noEntry)
        try volume.unlink("f", in: directory)
        try volume.removeDirectory("d", in: .root)
        #expect(try volume.attributes(of: .root).linkCount == 2)
        #expect(try test.names(in: .root).isEmpty)
    }

    private static func danglingEntry(_ test: VolumeBench) throws {
        try test.engine.write { transaction in
            try transaction.insertEntry(NamedEntry(name: "x", inode: Inode(77), type: .file), in: .root)
        }
        #expect(try test.refusal { _ = try $0.lookup("x", in: .root) } == .damaged)
        try test.volume.unlink("x", in: .root)
        #expect(try test.names(in: .root).isEmpty)
    }

    private static func lockedDirectories(_ test: VolumeBench) throws {
        let volume = test.volume
        let directory = try volume.makeDirectory("d", in: .root).inode
        _ = try volume.createFile("a", in: directory)
        try volume.setAttributes(of: directory, AttributeChange(flags: .append))
        _ = try volume.createFile("b", in: directory)
        #expect(try test.refusal { try $0.unlink("a", in: directory) } == .notPermitted)
        #expect(try test.refusal { try $0.rename("a", in: directory, to: "x", in: .root) } == .notPermitted)
        try volume.setAttributes(of: directory, AttributeChange(flags: .immutable))
        #expect(try test.refusal { _ = try $0.createFile("c", in: directory) } == .notPermitted)
        try volume.setAttributes(of: directory, AttributeChange(flags: []))
        try volume.unlink("a", in: directory)
    }
}

extension FileName {
    fileprivate func prefix(_ count: Int) -> FileName { FileName(bytes.prefix(count)) }
}

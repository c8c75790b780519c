// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase
import Testing
import VolumeModel

extension VolumeConformance {
    static let linkCases = [
        VolumeCase("a second name makes the parent 0 forever (§5.6)", settings: noTrash, secondName),
        VolumeCase("directories, the trash and locked nodes cannot be linked (§5.6, §5.7)", refusedLinks),
        VolumeCase(
            "the last name takes the node with it when there is no trash (§5.3)",
            settings: noTrash,
            lastName
        ),
        VolumeCase("an open file outlives its last name (§5.3)", settings: noTrash, openFile),
    ]

    static func noTrash(_ settings: inout VolumeSettings) { settings.trashDays = 0 }

    private static func secondName(_ test: VolumeBench) throws {
        let volume = test.volume
        let d = try volume.makeDirectory("d", in: .root).inode
        let file = try volume.createFile("f", in: .root).inode
        test.clock.advance(seconds: 1)
        let linked = try volume.link(file, to: "g", in: d)
        #expect((linked.linkCount, linked.parent, linked.changeTime) == (2, Inode(0), test.clock.now()))
        #expect(try test.engine.read { try $0.parents(of: file) }.map(\.parent) == [.root, d])
        #expect(try test.refusal { try $0.link(file, to: "g", in: d) } == .exists)
        try volume.rename("g", in: d, to: "h", in: .root)
        #expect(
            try test.engine.read { try $0.parents(of: file) } == [ParentLink(parent: .root, count: 2)]
        )
        #expect(try volume.unlink("f", in: .root).deletedFiles.isEmpty)
        let left = try volume.attributes(of: file)
        #expect((left.linkCount, left.parent) == (1, Inode(0)))
        // Symlinks can have two names as well.
        let link = try volume.makeSymlink("s", in: .root, target: "x").inode
        try volume.link(link, to: "t", in: d)
        try volume.unlink("s", in: .root)
        #expect(try volume.readLink(link) == "x")
    }

    private static func refusedLinks(_ test: VolumeBench) throws {
        let volume = test.volume
        let d = try volume.makeDirectory("d", in: .root).inode
        let file = try volume.createFile("f", in: .root).inode
        #expect(try test.refusal { try $0.link(d, to: "x", in: .root) } == .notPermitted)
        #expect(try test.refusal { try $0.link(.trash, to: "x", in: .root) } == .notPermitted)
        #expect(try test.refusal { try $0.link(file, to: "x", in: .trash) } == .notPermitted)
        #expect(try test.refusal { try $0.link(Inode(999), to: "x", in: .root) } == .noEntry)
        try volume.setAttributes(of: file, AttributeChange(flags: .append))
        #expect(try test.refusal { try $0.link(file, to: "x", in: .root) } == .notPermitted)
        try volume.setAttributes(of: file, AttributeChange(flags: []))
        try volume.unlink("f", in: .root)
        #expect(try test.refusal { try $0.link(file, to: "x", in: .root) } == .notPermitted)
    }

    private static func lastName(_ test: VolumeBench) throws {
        let volume = test.volume
        let file = try volume.createFile("f", in: .root).inode
        try test.setLength(of: file, to: 10_000)
        try volume.setExtendedAttribute("user.a", of: file, to: [1])
        let gone = try volume.unlink("f", in: .root)
        let record = DeletedFile(inode: file, length: 10_000, deleted: test.clock.now().seconds)
        #expect(gone.deletedFiles == [record])
        let link = try volume.makeSymlink("s", in: .root, target: "x").inode
        #expect(try volume.unlink("s", in: .root).deletedFiles.isEmpty)
        try test.engine.read { reader throws in
            #expect(try reader.node(file) == nil)
            #expect(try reader.deletedFile(file) == record)
            #expect(try reader.extendedAttributes(of: file).isEmpty)
            #expect(try reader.symlinkTarget(of: link) == nil)
            #expect(try reader.deletedFile(link) == nil)
        }
    }

    private static func openFile(_ test: VolumeBench) throws {
        let volume = test.volume
        let file = try volume.createFile("f", in: .root).inode
        try test.setLength(of: file, to: 4097)
        try volume.setExtendedAttribute("user.a", of: file, to: [1])
        try test.engine.write { try $0.setSession(SessionRecord(id: 7, expires: .max >> 1, info: [])) }
        #expect(try volume.unlink("f", in: .root, openedBy: 7).deletedFiles.isEmpty)
        #expect(try volume.attributes(of: file).linkCount == 0)
        #expect(try test.engine.read { try $0.sustainingSessions(of: file) } == [7])
        #expect(try test.engine.read { try $0.extendedAttributes(of: file) }.isEmpty)
        try volume.flushUsage()
        // Still counted, until the session lets go.
        #expect(try test.engine.read { try $0.counter(.usedSpace) } == 8192)
        #expect(try test.refusal { try $0.link(file, to: "x", in: .root) } == .noEntry)
        try volume.perform { try $0.releaseSustained(file, by: 7) }
        #expect(try test.engine.read { try $0.node(file) } == nil)
    }
}

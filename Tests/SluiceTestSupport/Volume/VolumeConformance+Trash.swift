// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase
import Testing
import VolumeModel

extension VolumeConformance {
    static let trashCases = [
        VolumeCase("the trash keeps what is removed, by the hour (§5.7)", keeping),
        VolumeCase("nodes with skip-trash bypass the trash, whatever their directory has (§5.7)", skipping),
        VolumeCase("a long name is cut in the trash (§5.7)", longName),
        VolumeCase("a file with several names is in the trash once for each (§5.7)", severalNames),
        VolumeCase("only root removes from the trash, and nobody makes anything there (§5.7)", insideTrash),
        VolumeCase("a restore moves an entry back (§5.7)", restoring),
        VolumeCase("an emptied hour can be removed (§5.7)", emptyHour),
        VolumeCase(
            "a volume formatted without trash gets a trash root with the first removal",
            settings: noTrash,
            late
        ),
    ]

    private static func keeping(_ test: VolumeBench) throws {
        let volume = test.volume
        let d = try volume.makeDirectory("d", in: .root).inode
        let file = try volume.createFile("f", in: d).inode
        let trashRoot = try volume.attributes(of: .trash)
        // 2027-01-15 08:00 UTC is 1 800 000 000.
        try volume.unlink("f", in: d)
        #expect(try test.names(in: .trash) == ["2027-01-15-08"])
        let hour = try volume.lookup("2027-01-15-08", in: .trash)
        #expect(hour.inode == Inode(Inode.trash.number + 1))
        let node = hour.attributes
        #expect((node.mode, node.uid, node.parent, node.linkCount) == (0o555, 0, .trash, 2))
        #expect(try volume.attributes(of: .trash) == trashRoot)
        #expect(try volume.attributes(of: file).parent == hour.inode)
        #expect(try test.names(in: hour.inode) == ["\(d)-\(file)-f".name])
        #expect(try test.engine.read { try $0.counter(.nextTrash) } == 1)
        test.clock.advance(seconds: 3600)
        try volume.removeDirectory("d", in: .root)
        #expect(try test.names(in: .trash) == ["2027-01-15-08", "2027-01-15-09"])
        let gone = try volume.attributes(of: d)
        #expect((gone.parent, gone.linkCount) == (Inode(Inode.trash.number + 2), 2))
        #expect(gone.changeTime == test.clock.now())
        #expect(try test.engine.read { try $0.directoryStat(of: d) } == nil)
        #expect(try volume.attributes(of: Inode(Inode.trash.number + 2)).linkCount == 2)
    }

    private static func skipping(_ test: VolumeBench) throws {
        let volume = test.volume
        let d = try volume.makeDirectory("d", in: .root).inode
        let old = try volume.createFile("old", in: d).inode
        try volume.setAttributes(of: d, AttributeChange(flags: .skipTrash))
        let new = try volume.createFile("new", in: d).inode
        #expect(try volume.unlink("new", in: d).deletedFiles.map(\.inode) == [new])
        #expect(try volume.unlink("old", in: d).deletedFiles.isEmpty)
        #expect(try test.trashed() == ["\(d)-\(old)-old".name])
        try volume.removeDirectory("d", in: .root)
        #expect(try test.engine.read { try $0.node(d) } == nil)
        let file = try volume.createFile("f", in: .root).inode
        #expect(try volume.unlink("f", in: .root, skipTrash: true).deletedFiles.map(\.inode) == [file])
    }

    private static func longName(_ test: VolumeBench) throws {
        let name = FileName([UInt8](repeating: 120, count: 255))
        let file = try test.volume.createFile(name, in: .root).inode
        try test.volume.unlink(name, in: .root)
        let entry = try #require(try test.trashed().first)
        #expect(entry.count == 255)
        #expect(TrashEntryName(parsing: entry)?.inode == file)
    }

    private static func severalNames(_ test: VolumeBench) throws {
        let volume = test.volume
        let file = try volume.createFile("f", in: .root).inode
        for name: FileName in ["g", "h"] { try volume.link(file, to: name, in: .root) }
        try volume.unlink("f", in: .root)
        let left = try volume.attributes(of: file)
        #expect((left.linkCount, left.parent) == (3, Inode(0)))
        // The same name of the same file again, in the same hour: this one is removed for good.
        try volume.rename("g", in: .root, to: "f", in: .root)
        #expect(try volume.unlink("f", in: .root).deletedFiles.isEmpty)
        #expect(try volume.attributes(of: file).linkCount == 2)
        #expect(try test.trashed() == ["1-\(file)-f".name])
        try volume.unlink("h", in: .root)
        #expect(try test.trashed().count == 2)
        let hour = Inode(Inode.trash.number + 1)
        try volume.unlink("1-\(file)-f".name, in: hour)
        #expect(try volume.unlink("1-\(file)-h".name, in: hour).deletedFiles.map(\.inode) == [file])
    }

    private static func insideTrash(_ test: VolumeBench) throws {
        let volume = test.volume
        let file = try volume.createFile("f", in: .root, caller: VolumeBench.alice).inode
        try volume.unlink("f", in: .root)
        let hour = Inode(Inode.trash.number + 1)
        let entry = "1-\(file)-f".name
        let caller = VolumeBench.alice
        #expect(try test.refusal { try $0.unlink(entry, in: hour, caller: caller) } == .notPermitted)
        #expect(try test.refusal { _ = try $0.createFile("x", in: hour) } == .notPermitted)
        #expect(try test.refusal { _ = try $0.makeDirectory("x", in: .trash) } == .notPermitted)
        #expect(
            try test.refusal { try $0.setAttributes(of: file, AttributeChange(mode: 0)) } == .notPermitted
        )
        #expect(try test.refusal { try $0.setExtendedAttribute("user.x", of: file, to: []) } == .notPermitted)
        let move = try test.refusal { try $0.rename(entry, in: hour, to: "x", in: .root, caller: caller) }
        #expect(move == .notPermitted)
        #expect(try volume.unlink(entry, in: hour).deletedFiles.map(\.inode) == [file])
        #expect(try test.trashed().isEmpty)
    }

    private static func restoring(_ test: VolumeBench) throws {
        let volume = test.volume
        let d = try volume.makeDirectory("d", in: .root).inode
        let file = try volume.createFile("f", in: d).inode
        try test.setLength(of: file, to: 5000)
        try volume.unlink("f", in: d)
        try volume.removeDirectory("d", in: .root)
        let hour = Inode(Inode.trash.number + 1)
        let flags: RenameFlags = [.noReplace, .restore]
        // First the file into its directory, which is still in the trash itself; then the directory.
        try volume.rename("\(d)-\(file)-f".name, in: hour, to: "f", in: d, flags: flags)
        try volume.rename("1-\(d)-d".name, in: hour, to: "d", in: .root, flags: flags)
        #expect(try volume.resolve("/d/f").inode == file)
        #expect(try volume.attributes(of: d).parent == .root)
        #expect(try volume.attributes(of: .root).linkCount == 3)
        #expect(try volume.attributes(of: hour).linkCount == 2)
        #expect(try test.trashed().isEmpty)
        try volume.unlink("f", in: d)
        _ = try volume.createFile("f", in: d)
        let again = try test.refusal {
            try $0.rename("\(d)-\(file)-f".name, in: hour, to: "f", in: d, flags: flags)
        }
        #expect(again == .exists)
    }

    private static func emptyHour(_ test: VolumeBench) throws {
        let volume = test.volume
        let file = try volume.createFile("f", in: .root).inode
        try volume.unlink("f", in: .root)
        let name = TrashHour(containing: test.clock.now()).name
        #expect(try test.refusal { try $0.removeDirectory(name, in: .trash) } == .notEmpty)
        try volume.unlink("1-\(file)-f".name, in: Inode(Inode.trash.number + 1))
        try volume.removeDirectory(name, in: .trash)
        #expect(try test.names(in: .trash).isEmpty)
        #expect(try volume.attributes(of: .trash).linkCount == 2)
        _ = try volume.createFile("g", in: .root)
        try volume.unlink("g", in: .root)
        #expect(try volume.lookup(name, in: .trash).inode == Inode(Inode.trash.number + 2))
    }

    private static func late(_ test: VolumeBench) throws {
        let volume = test.volume
        #expect(try test.refusal { _ = try $0.lookup(".trash", in: .root) } == .noEntry)
        volume.settings.trashDays = 1
        _ = try volume.createFile("f", in: .root)
        try volume.unlink("f", in: .root)
        #expect(try volume.attributes(of: .trash).mode == 0o555)
        #expect(try test.trashed().count == 1)
    }
}

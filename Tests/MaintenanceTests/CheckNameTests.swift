// SPDX-License-Identifier: Apache-2.0
// Rows 10-27, 53-55 and 58 of the damage matrix (admin-commands §7).

import Maintenance
import Metadata
import SluiceBase
import SluiceTestSupport
import Testing
import VolumeModel

@Suite("Damage to names and nodes")
struct CheckNameTests {
    @Test("row 10: a directory's link count", arguments: EngineMaker.all)
    func directoryLinks(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let inode = try bench.inode("/d1")
            try bench.changeNode(inode) { $0.linkCount = 7 }
            let result = try bench.check()
            #expect(result.lines == ["dir-nlink inode=\(inode) paths=/d1 fix=set-link-count"])
            #expect(result.findings.first?.fix == .setLinkCount(inode, from: 7, to: 3))
        }
    }

    @Test("rows 11 and 12: a file's link count", arguments: EngineMaker.all)
    func fileLinks(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let (single, linked) = try (bench.inode("/d1/f3"), bench.inode("/h1"))
            try bench.changeNode(single) { $0.linkCount = 5 }
            try bench.changeNode(linked) { $0.linkCount = 1 }
            let result = try bench.check()
            #expect(
                result.lines == [
                    "file-nlink-high inode=\(single) paths=/d1/f3 fix=set-link-count",
                    "file-nlink-low inode=\(linked) paths=/d1/h3,/h1,/h2 fix=set-link-count",
                ]
            )
            #expect(result.findings.contains { $0.fix == .setLinkCount(linked, from: 1, to: 3) })
        }
    }

    @Test("rows 13 and 14: a wrong parent in the node", arguments: EngineMaker.all)
    func parents(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let (directory, file, top) = try (
                bench.inode("/d1/sub"), bench.inode("/d1/f3"), bench.inode("/d1")
            )
            try bench.changeNode(directory) { $0.parent = .root }
            try bench.changeNode(file) { $0.parent = Inode(999) }
            let result = try bench.check()
            #expect(
                result.lines == [
                    "dir-parent inode=\(directory) paths=/d1/sub fix=set-parent",
                    "file-parent inode=\(file) paths=/d1/f3 fix=set-parent",
                ]
            )
            #expect(result.findings.contains { $0.fix == .setParent(file, from: Inode(999), to: top) })
        }
    }

    @Test(
        "row 15: a file without a name keeps its data and is offered to lost+found",
        arguments: EngineMaker.all
    )
    func orphanFile(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let (inode, top) = try (bench.inode("/d1/f3"), bench.inode("/d1"))
            try bench.edit(.deleteEntry("f3", in: top))
            #expect(
                try bench.check().lines == [
                    "dir-stat inode=\(top) paths=/d1 fix=set-dir-stat",
                    "node-orphan inode=\(inode) fix=attach-orphan",
                ]
            )
        }
    }

    @Test("row 16: an orphaned tree is one finding, at its top", arguments: EngineMaker.all)
    func orphanDirectory(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let (inode, top) = try (bench.inode("/d1"), Inode.root)
            try bench.edit(.deleteEntry("d1", in: top))
            #expect(
                try bench.check().lines == [
                    "dir-nlink inode=1 paths=/ fix=set-link-count",
                    "dir-stat inode=1 paths=/ fix=set-dir-stat",
                    "node-orphan inode=\(inode) fix=attach-orphan",
                ]
            )
        }
    }

    @Test("row 18: a node without name and data", arguments: EngineMaker.all)
    func emptyOrphan(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let node = Attributes(type: .file, mode: 0o644, time: bench.builder.clock.now(), parent: .root)
            try bench.edit(.setNode(Inode(500), node))
            try bench.count(space: 4096, inodes: 1)
            #expect(try bench.check().lines == ["node-orphan inode=500 fix=attach-orphan"])
        }
    }

    @Test(
        "rows 19 and 20: an entry that points nowhere",
        arguments: EngineMaker.all,
        [FileType.file, .directory]
    )
    func dangling(engine: EngineMaker, type: FileType) throws {
        try CheckBench.with(engine) { bench in
            try bench.setEntry("ghost", Inode(777), type, in: .root)
            let result = try bench.check()
            #expect(result.lines == ["edge-dangling inode=777 paths=/ghost fix=remove-entry"])
            #expect(
                result.findings.first?.fix == .removeEntry(parent: .root, name: "ghost", inode: Inode(777))
            )
        }
    }

    @Test("row 21: a file's node is gone, its data are not", arguments: EngineMaker.all)
    func fileNodeGone(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let inode = try bench.inode("/d1/f3")
            try bench.edit(.deleteNode(inode))
            try bench.count(space: -53248, inodes: -1)
            #expect(
                try bench.check().lines == [
                    "chunk-orphan inode=\(inode) paths=/d1/f3 fix=none",
                    "edge-dangling inode=\(inode) paths=/d1/f3 fix=create-node",
                ]
            )
        }
    }

    @Test("row 22: a directory's node is gone, its entries are not", arguments: EngineMaker.all)
    func directoryNodeGone(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let inode = try bench.inode("/d1/sub")
            try bench.edit(.deleteNode(inode))
            try bench.count(space: -4096, inodes: -1)
            // Only the node knew where it was, on engines where nodes know.
            let path = bench.engine.countsParents ? "" : " paths=/d1/sub"
            let result = try bench.check()
            #expect(
                result.lines == [
                    "dir-stat-stray inode=\(inode)\(path) fix=delete-dir-stat",
                    "edge-dangling inode=\(inode) paths=/d1/sub fix=create-node",
                ]
            )
            #expect(result.findings.contains { $0.fix == .createNode(inode, type: .directory) })
        }
    }

    @Test("row 23: an entry says directory for a file; the node is believed", arguments: EngineMaker.all)
    func entryType(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let (inode, top) = try (bench.inode("/d1/f3"), bench.inode("/d1"))
            try bench.setEntry("f3", inode, .directory, in: top)
            let result = try bench.check()
            #expect(result.lines == ["edge-type inode=\(inode) paths=/d1/f3 fix=set-entry-type"])
            #expect(
                result.findings.first?.fix
                    == .setEntryType(parent: top, name: "f3", inode: inode, from: .directory, to: .file)
            )
        }
    }

    @Test(
        "row 24: a node's type that does not exist, and a directory that says it is a file",
        arguments: EngineMaker.all
    )
    func nodeType(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let (file, directory) = try (bench.inode("/link"), bench.inode("/d1/sub"))
            try bench.changeNode(file) { $0.type = FileType(rawValue: 9) }
            try bench.changeNode(directory) { $0.type = .file }
            let result = try bench.check()
            #expect(
                result.lines
                    == [
                        "dir-stat-stray inode=\(directory) paths=/d1/sub fix=delete-dir-stat",
                        "node-type inode=\(file) paths=/link fix=set-type",
                        "node-type inode=\(directory) paths=/d1/sub fix=set-type",
                    ].sorted()
            )
            #expect(result.findings.contains { $0.fix == .setType(directory, from: .file, to: .directory) })
        }
    }

    @Test(
        "row 25: a loop of directories ends the walk and names the entry that closes it",
        arguments: EngineMaker.all
    )
    func loop(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let (top, sub) = try (bench.inode("/d1"), bench.inode("/d1/sub"))
            try bench.setEntry("up", top, .directory, in: sub)
            let result = try bench.check()
            let loop = try #require(result.findings.first { $0.code == .dirLoop })
            #expect(loop.fix == .removeEntry(parent: sub, name: "up", inode: top))
            #expect(result.codes == ["dir-loop", "dir-nlink", "dir-stat"])
            let walked = try bench.check { options in
                options.path = "/"
                options.isRecursive = true
            }
            #expect(walked.codes == ["dir-loop", "dir-nlink", "dir-stat"])
        }
    }

    @Test("row 25: a ring of directories that nothing reaches is found once", arguments: EngineMaker.all)
    func ring(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let (top, sub) = try (bench.inode("/d1"), bench.inode("/d1/sub"))
            try bench.edit(.deleteEntry("d1", in: .root))
            try bench.setEntry("up", top, .directory, in: sub)
            try bench.changeNode(top) { $0.parent = sub }
            #expect(try bench.check().findings.count { $0.code == .dirLoop } == 1)
        }
    }

    @Test("row 26: a directory with two parents", arguments: EngineMaker.all)
    func twoParents(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let sub = try bench.inode("/d1/sub")
            try bench.setEntry("second", sub, .directory, in: .root)
            let result = try bench.check()
            #expect(result.codes == ["dir-nlink", "dir-parents", "dir-stat"])
            let finding = try #require(result.findings.first { $0.code == .dirParents })
            #expect(finding.paths == ["/d1/sub", "/second"])
            #expect(finding.fix == .removeEntry(parent: .root, name: "second", inode: sub))
        }
    }

    @Test(
        "row 27: names that nobody can open",
        arguments: EngineMaker.all,
        ["", "a/b", ".", "..", "a\0b"] as [FileName]
    )
    func badName(engine: EngineMaker, name: FileName) throws {
        try CheckBench.with(engine) { bench in
            let (inode, top) = try (bench.inode("/d1/f3"), bench.inode("/d1"))
            try bench.edit(.deleteEntry("f3", in: top))
            try bench.setEntry(name, inode, .file, in: top)
            let result = try bench.check()
            let renamed = FileName("renamed-\(inode)")
            #expect(result.codes == ["edge-name"])
            #expect(
                result.findings.first?.fix == .renameEntry(parent: top, name: name, inode: inode, to: renamed)
            )
        }
    }

    @Test("row 53: symlink targets and attributes without their nodes", arguments: EngineMaker.all)
    func strays(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let inode = try bench.inode("/link")
            try bench.edit(
                .deleteSymlink(inode),
                .setSymlink(Inode(900), "x"),
                .setAttribute(ExtendedAttributeRecord(inode: Inode(901), name: "user.a", value: [1])),
                // The time of the last backup is kept at inode 0.
                .setAttribute(ExtendedAttributeRecord(inode: Inode(0), name: "lastBackup", value: [1]))
            )
            #expect(
                try bench.check().lines == [
                    "symlink-stray inode=900 fix=delete-symlink-target",
                    "symlink-target inode=\(inode) paths=/link fix=none",
                    "xattr-stray inode=901 fix=delete-xattrs",
                ]
            )
        }
    }

    @Test(
        "rows 54 and 55: the root or the trash has no node",
        arguments: EngineMaker.all,
        [Inode.root, .trash]
    )
    func topGone(engine: EngineMaker, inode: Inode) throws {
        try CheckBench.with(engine) { bench in
            try bench.edit(.deleteNode(inode))
            let result = try bench.check()
            let code = inode == .root ? "root-missing" : "trash-missing"
            #expect(result.codes.contains(code))
            #expect(result.findings.contains { $0.fix == .createNode(inode, type: .directory) })
            #expect(Set(result.codes).isSubset(of: [code, "dir-stat-stray"]))
        }
    }

    @Test("row 58: a trash directory that is not named by an hour", arguments: EngineMaker.all)
    func trashName(engine: EngineMaker) throws {
        try CheckBench.with(engine) { bench in
            let entry = try #require(
                try bench.engine.read { try $0.entries(of: .trash, after: nil, limit: 1) }.first
            )
            try bench.edit(.deleteEntry(entry.name, in: .trash))
            try bench.setEntry("someday", entry.inode, .directory, in: .trash)
            let result = try bench.check()
            #expect(
                result.lines == ["trash-name inode=\(entry.inode) paths=/.trash/someday fix=rename-entry"]
            )
            #expect(
                result.findings.first?.fix
                    == .renameEntry(parent: .trash, name: "someday", inode: entry.inode, to: entry.name)
            )
        }
    }
}

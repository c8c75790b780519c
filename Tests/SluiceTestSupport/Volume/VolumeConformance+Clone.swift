// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase
import Testing
import VolumeModel

extension VolumeConformance {
    static let cloneCases = [
        VolumeCase("a cloned file shares slices and copies the rest (§5.11)", clonedFile),
        VolumeCase("a cloned tree is whole, counted, and its own (§5.8, §5.11)", clonedTree),
        VolumeCase("a clone that fails leaves nothing (§5.11)", settings: { $0.inodes = 12 }, failedClone),
        VolumeCase("what may not be read, or is in the way, is not cloned (§5.11)", refusedClones),
        VolumeCase(
            "users and groups pay for what they own, once (§5.8)",
            settings: {
                $0.userGroupQuota = true
                $0.trashDays = 0
            },
            owners
        ),
    ]

    private static func clonedFile(_ test: VolumeBench) throws {
        let volume = test.volume
        let file = try volume.createFile("f", in: .root, mode: 0o666).inode
        let slice = Slice(position: 0, id: try volume.takeSliceIDs(1)[0], size: 10, offset: 0, length: 10)
        try volume.perform { _ = try $0.write(slice, toChunk: 0, of: file) }
        try volume.setExtendedAttribute("user.a", of: file, to: [1, 2])
        try volume.setAttributes(of: file, AttributeChange(uid: 5, gid: 6, flags: .skipTrash))
        try volume.link(file, to: "g", in: .root)
        test.clock.advance(seconds: 100)
        let caller = Caller(uid: 1000, gid: 1000, umask: 0o077)
        let open = try volume.makeDirectory("open", in: .root, mode: 0o777).inode
        try volume.setAttributes(of: file, AttributeChange(mode: 0o666))
        let clone = try volume.clone(file, as: "c", in: open, caller: caller)
        let made = try volume.attributes(of: clone)
        #expect((made.uid, made.gid, made.mode, made.linkCount) == (1000, 1000, 0o600, 1))
        #expect((made.parent, made.length, made.flags) == (open, 10, .skipTrash))
        #expect(made.modifyTime == test.clock.now())
        #expect(try volume.extendedAttribute("user.a", of: clone) == [1, 2])
        #expect(try slices(0, of: clone, test) == [slice])
        #expect(try users(of: [slice], test) == [2])
        let exact = try volume.clone(file, as: "p", in: .root, mode: .preserveAttributes)
        var expected = try volume.attributes(of: file)
        expected.linkCount = 1
        expected.parent = .root
        #expect(try volume.attributes(of: exact) == expected)
    }

    private static func clonedTree(_ test: VolumeBench) throws {
        let volume = test.volume
        let top = try volume.makeDirectory("d", in: .root, mode: 0o755).inode
        let inner = try volume.makeDirectory("e", in: top).inode
        let slice = Slice(position: 0, id: try volume.takeSliceIDs(1)[0], size: 5000, offset: 0, length: 5000)
        let file = try volume.createFile("f", in: inner).inode
        try volume.perform { _ = try $0.write(slice, toChunk: 0, of: file) }
        try volume.link(file, to: "again", in: top)
        _ = try volume.makeSymlink("s", in: inner, target: "x")
        for number in 0..<230 { _ = try volume.createFile("n\(number)".name, in: inner) }
        try volume.flushUsage()
        let clone = try volume.clone(top, as: "c", in: .root)
        try volume.flushUsage()
        #expect(try volume.treeSummary(of: clone) == volume.treeSummary(of: top))
        #expect(try volume.attributes(of: clone).linkCount == 3)
        #expect(try volume.attributes(of: .root).linkCount == 4)
        let pairs = [(top, clone), (inner, try volume.lookup("e", in: clone).inode)]
        for (original, copy) in pairs {
            let stats = try test.engine.read { reader in
                (try reader.directoryStat(of: original), try reader.directoryStat(of: copy))
            }
            #expect(stats.0 == stats.1)
        }
        #expect(try users(of: [slice], test) == [3])
        #expect(try test.engine.read { try $0.detachedNode(clone) } == nil)
        let copied = try volume.resolve("/c/e/f")
        #expect((copied.attributes.linkCount, copied.attributes.parent) == (1, pairs[1].1))
        #expect(try volume.readLink(volume.resolve("/c/e/s", followLinks: false).inode) == "x")
    }

    /// Twelve nodes are allowed: the clone of eight runs into that.
    private static func failedClone(_ test: VolumeBench) throws {
        let volume = test.volume
        let top = try volume.makeDirectory("d", in: .root).inode
        let inner = try volume.makeDirectory("e", in: top).inode
        let slice = Slice(position: 0, id: try volume.takeSliceIDs(1)[0], size: 10, offset: 0, length: 10)
        let file = try volume.createFile("a", in: top).inode
        try volume.perform { _ = try $0.write(slice, toChunk: 0, of: file) }
        for name: FileName in ["b", "c", "d", "f", "g"] { _ = try volume.createFile(name, in: inner) }
        #expect(try test.refusal { try $0.clone(top, as: "c", in: .root) } == .noSpace)
        #expect(try test.names(in: .root) == ["d"])
        let left = try test.volume.deletedFiles(before: .max, limit: 100)
        #expect(!left.isEmpty)
        for file in left {
            try volume.deleteData(of: file) { _, _ in Issue.record("a slice in use was removed") }
        }
        #expect(try users(of: [slice], test) == [1])
        try test.engine.snapshot { scanner throws in
            #expect(try all(scanner.scanDetachedNodes()).isEmpty)
            #expect(try all(scanner.scanNodes()).count == 10)
        }
    }

    private static func refusedClones(_ test: VolumeBench) throws {
        let volume = test.volume
        let top = try volume.makeDirectory("d", in: .root).inode
        let inner = try volume.makeDirectory("e", in: top).inode
        let secret = try volume.createFile("secret", in: top, mode: 0o600).inode
        let open = try volume.makeDirectory("open", in: .root, mode: 0o777).inode
        #expect(try test.refusal { try $0.clone(top, as: "x", in: inner) } == .invalid)
        #expect(try test.refusal { try $0.clone(top, as: "open", in: .root) } == .exists)
        #expect(try test.refusal { try $0.clone(Inode(999), as: "x", in: .root) } == .noEntry)
        #expect(try test.refusal { try $0.clone(top, as: "x", in: .trash) } == .notPermitted)
        let asAlice = try test.refusal {
            try $0.clone(secret, as: "x", in: open, caller: VolumeBench.alice)
        }
        #expect(asAlice == .accessDenied)
    }

    private static func owners(_ test: VolumeBench) throws {
        let volume = test.volume
        func used(_ kind: QuotaKind, _ key: UInt64) throws -> [Int64] {
            try volume.flushUsage()
            let quota = try test.engine.read { try $0.quota(kind, key) }
            return [quota?.usedSpace ?? 0, quota?.usedInodes ?? 0]
        }
        let caller = Caller(uid: 5, gid: 6, umask: 0)
        let file = try volume.createFile("f", in: .root, caller: caller).inode
        let link = try volume.makeSymlink("s", in: .root, target: "x", caller: caller).inode
        #expect(try used(.user, 5) == [8192, 2])
        try test.setLength(of: file, to: 10_000)
        try volume.link(file, to: "g", in: .root)
        #expect(try used(.user, 5) == [12288 + 4096, 2])
        #expect(try used(.group, 6) == [12288 + 4096, 2])
        try volume.setAttributes(of: file, AttributeChange(uid: 7))
        #expect(try used(.user, 5) == [4096, 1])
        #expect(try used(.user, 7) == [12288, 1])
        #expect(try used(.group, 6) == [16384, 2])
        _ = try volume.clone(file, as: "c", in: .root, caller: caller)
        #expect(try used(.user, 5) == [16384, 2])
        try test.setLength(of: file, to: 1)
        try volume.unlink("f", in: .root)
        #expect(try used(.user, 7) == [4096, 1])
        try volume.unlink("g", in: .root)
        try volume.unlink("s", in: .root)
        #expect(try used(.user, 7) == [0, 0])
        #expect(try test.engine.read { try $0.node(link) } == nil)
        let limit = Quota(maxSpace: -1, maxInodes: 1, usedSpace: 12288, usedInodes: 1)
        try test.engine.write { try $0.setQuota(QuotaRecord(kind: .user, key: 5, quota: limit)) }
        #expect(try test.refusal { _ = try $0.createFile("n", in: .root, caller: caller) } == .quotaExceeded)
        let other = try volume.createFile("other", in: .root).inode
        let gift = try test.refusal { try $0.setAttributes(of: other, AttributeChange(uid: 5)) }
        #expect(gift == .quotaExceeded)
        for name: FileName in ["c", "other"] { try volume.unlink(name, in: .root) }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase
import Testing
import VolumeModel

extension VolumeConformance {
    static let usageCases = [
        VolumeCase("a full volume takes no more (§5.8)", settings: { $0.capacity = 3 * 4096 }, capacity),
        VolumeCase("a volume has so many nodes (§5.8)", settings: { $0.inodes = 2 }, inodeLimit),
        VolumeCase("a directory quota counts all below it, itself not (§5.8)", directoryQuota),
        VolumeCase("a move between quotas moves the usage of the tree (§5.8)", movedQuota),
        VolumeCase(
            "users and groups pay for what they own (§5.8)",
            settings: { $0.userGroupQuota = true },
            ownerQuota
        ),
        VolumeCase("a failed transaction counts nothing", failedTransaction),
        VolumeCase("several operations share a transaction", sharedTransaction),
    ]

    private static func capacity(_ test: VolumeBench) throws {
        let volume = test.volume
        let file = try volume.createFile("a", in: .root).inode
        try volume.flushUsage()
        _ = try volume.createFile("b", in: .root)
        #expect(try test.refusal { _ in try test.setLength(of: file, to: 8193) } == .noSpace)
        try test.setLength(of: file, to: 8192)
        #expect(try test.refusal { _ = try $0.createFile("c", in: .root) } == .noSpace)
        try volume.unlink("b", in: .root, skipTrash: true)
        _ = try volume.createFile("c", in: .root)
    }

    private static func inodeLimit(_ test: VolumeBench) throws {
        _ = try test.volume.createFile("a", in: .root)
        _ = try test.volume.makeDirectory("b", in: .root)
        #expect(try test.refusal { _ = try $0.createFile("c", in: .root) } == .noSpace)
        try test.volume.link(try test.volume.lookup("a", in: .root).inode, to: "c", in: .root)
    }

    /// Sets a directory's limits and leaves its usage.
    private static func limit(_ directory: Inode, space: Int64, inodes: Int64, _ test: VolumeBench) throws {
        try test.volume.flushUsage()
        try test.engine.write { transaction in
            var quota =
                try transaction.quota(.directory, directory.number) ?? Quota(maxSpace: 0, maxInodes: 0)
            quota.maxSpace = space
            quota.maxInodes = inodes
            try transaction.setQuota(QuotaRecord(kind: .directory, key: directory.number, quota: quota))
        }
    }

    private static func usage(of kind: QuotaKind, _ key: UInt64, _ test: VolumeBench) throws -> [Int64] {
        try test.volume.flushUsage()
        let quota = try test.engine.read { try $0.quota(kind, key) }
        return quota.map { [$0.usedSpace, $0.usedInodes] } ?? []
    }

    private static func directoryQuota(_ test: VolumeBench) throws {
        let volume = test.volume
        let top = try volume.makeDirectory("top", in: .root).inode
        try limit(top, space: 0, inodes: 3, test)
        let inner = try volume.makeDirectory("inner", in: top).inode
        let file = try volume.createFile("f", in: inner).inode
        try volume.link(file, to: "g", in: inner)
        #expect(try usage(of: .directory, top.number, test) == [3 * 4096, 3])
        #expect(try test.refusal { _ = try $0.createFile("h", in: inner) } == .quotaExceeded)
        #expect(try test.refusal { try $0.link(file, to: "h", in: top) } == .quotaExceeded)
        try volume.unlink("g", in: inner)
        #expect(try usage(of: .directory, top.number, test) == [2 * 4096, 2])
        try limit(top, space: 5 * 4096, inodes: 0, test)
        #expect(try test.refusal { _ in try test.setLength(of: file, to: 5 * 4096 + 1) } == .quotaExceeded)
        try volume.unlink("f", in: inner)
        try volume.removeDirectory("inner", in: top)
        try volume.removeDirectory("top", in: .root)
        #expect(try usage(of: .directory, top.number, test) == [], "the quota goes with its directory")
    }

    private static func movedQuota(_ test: VolumeBench) throws {
        let volume = test.volume
        let (a, b) = (
            try volume.makeDirectory("a", in: .root).inode, try volume.makeDirectory("b", in: .root).inode
        )
        try limit(.root, space: 0, inodes: 100, test)
        try limit(a, space: 0, inodes: 100, test)
        try limit(b, space: 0, inodes: 3, test)
        let tree = try volume.makeDirectory("tree", in: a).inode
        let file = try volume.createFile("f", in: tree).inode
        try test.setLength(of: file, to: 10_000)
        _ = try volume.createFile("g", in: tree)
        try volume.rename("tree", in: a, to: "tree", in: b)
        #expect(try usage(of: .directory, a.number, test) == [0, 0])
        #expect(try usage(of: .directory, b.number, test) == [4096 + 12_288 + 4096, 3])
        #expect(try usage(of: .directory, 1, test) == [4096 + 12_288 + 4096, 3])
        _ = try volume.createFile("one", in: a)
        #expect(try test.refusal { try $0.rename("one", in: a, to: "one", in: b) } == .quotaExceeded)
        try volume.rename("one", in: a, to: "tree", in: b, flags: .exchange)
        #expect(try usage(of: .directory, a.number, test) == [4096 + 12_288 + 4096, 3])
        #expect(try usage(of: .directory, b.number, test) == [4096, 1])
        #expect(try usage(of: .directory, 1, test) == [2 * 4096 + 12_288 + 4096, 4])
    }

    private static func ownerQuota(_ test: VolumeBench) throws {
        let volume = test.volume
        let file = try volume.createFile("f", in: .root, caller: VolumeBench.alice).inode
        try test.setLength(of: file, to: 5000)
        try volume.link(file, to: "g", in: .root)
        #expect(try usage(of: .user, 1000, test) == [8192, 1])
        #expect(try usage(of: .group, 1000, test) == [8192, 1])
        try volume.setAttributes(of: file, AttributeChange(uid: 1001))
        #expect(try usage(of: .user, 1000, test) == [0, 0])
        #expect(try usage(of: .user, 1001, test) == [8192, 1])
        #expect(try usage(of: .group, 1000, test) == [8192, 1])
        try volume.unlink("g", in: .root)
        #expect(try usage(of: .user, 1001, test) == [8192, 1], "the trash changes nothing")
        let quota = Quota(maxSpace: 0, maxInodes: 1, usedSpace: 0, usedInodes: 0)
        try test.engine.write { try $0.setQuota(QuotaRecord(kind: .user, key: 1000, quota: quota)) }
        _ = try volume.createFile("x", in: .root, caller: VolumeBench.alice)
        let refused = try test.refusal { _ = try $0.createFile("y", in: .root, caller: VolumeBench.alice) }
        #expect(refused == .quotaExceeded)
        #expect(
            try test.refusal { try $0.setAttributes(of: file, AttributeChange(uid: 1000)) } == .quotaExceeded
        )
    }

    private static func failedTransaction(_ test: VolumeBench) throws {
        let refused = try test.refusal { volume in
            try volume.perform(inodes: 2) { operation in
                _ = try operation.createFile("a", in: .root)
                _ = try operation.createFile("a", in: .root)
            }
        }
        #expect(refused == .exists)
        #expect(try test.names(in: .root).isEmpty)
        #expect(test.volume.usage.pendingTotals == QuotaUsage(space: 0, inodes: 0))
    }

    private static func sharedTransaction(_ test: VolumeBench) throws {
        let file = try test.volume.perform(inodes: 3) { operation in
            let directory = try operation.makeDirectory("d", in: .root).inode
            let file = try operation.createFile("f", in: directory).inode
            _ = try operation.makeSymlink("s", in: directory, target: "f")
            try operation.unlink("s", in: directory)
            try operation.rename("f", in: directory, to: "g", in: .root)
            try operation.removeDirectory("d", in: .root)
            return file
        }
        #expect(try test.volume.resolve("/g").inode == file)
        #expect(try test.trashed().count == 2)
    }
}

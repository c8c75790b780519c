// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase
import Testing
import VolumeModel

extension VolumeConformance {
    static let attributeCases = [
        VolumeCase("attributes change as asked, and only then (§5.11)", changing),
        VolumeCase("a chown clears set-uid and set-gid by the rules of Linux (§5.11)", clearing),
        VolumeCase("only owners and root change attributes", owners),
        VolumeCase("immutable and append-only nodes keep their attributes", lockedNodes),
        VolumeCase("extended attributes (§0, §5.10)", extended),
    ]

    private static func changing(_ test: VolumeBench) throws {
        let volume = test.volume
        let created = test.clock.now()
        let file = try volume.createFile("f", in: .root).inode
        test.clock.advance(seconds: 10)
        #expect(try volume.setAttributes(of: file, AttributeChange(mode: 0o666)).changeTime == created)
        let past = Timestamp(seconds: 1_000_000_000, nanoseconds: 123_456_789)
        let change = AttributeChange(
            mode: 0o4755,
            uid: 7,
            gid: 8,
            accessTime: .now,
            modifyTime: .at(past),
            flags: .windowsArchive,
            tier: 3
        )
        let node = try volume.setAttributes(of: file, change)
        #expect((node.mode, node.uid, node.gid, node.tier) == (0o4755, 7, 8, 3))
        #expect((node.accessTime, node.modifyTime) == (test.clock.now(), past))
        #expect((node.changeTime, node.flags) == (test.clock.now(), .windowsArchive))
        #expect(try volume.attributes(of: file) == node)
        // A time before 1970 means now (§3.2).
        let negative = AttributeChange(modifyTime: .at(Timestamp(seconds: -5)), changeTime: .at(past))
        let later = try volume.setAttributes(of: file, negative)
        #expect((later.modifyTime, later.changeTime) == (test.clock.now(), past))
        #expect(try test.refusal { try $0.setAttributes(of: file, AttributeChange(tier: 4)) } == .invalid)
        #expect(
            try test.refusal { try $0.setAttributes(of: Inode(99), AttributeChange(mode: 0)) } == .noEntry
        )
    }

    private static func clearing(_ test: VolumeBench) throws {
        let volume = test.volume
        let owner = Caller(uid: 1000, gid: 1000, groups: [50], umask: 0)
        let file = try volume.createFile("f", in: .root, mode: 0o6755, caller: owner).inode
        #expect(try volume.setAttributes(of: file, AttributeChange(gid: 50), caller: owner).mode == 0o755)
        try volume.setAttributes(of: file, AttributeChange(mode: 0o6745))
        // Without group execution the bit means mandatory locking, which root leaves.
        #expect(try volume.setAttributes(of: file, AttributeChange(uid: 5)).mode == 0o2745)
        let directory = try volume.makeDirectory("d", in: .root).inode
        try volume.setAttributes(of: directory, AttributeChange(mode: 0o2755))
        #expect(try volume.setAttributes(of: directory, AttributeChange(gid: 9)).mode == 0o2755)
        let other = try volume.createFile("g", in: .root, caller: owner).inode
        try volume.setAttributes(of: other, AttributeChange(gid: 77))
        let mode = try volume.setAttributes(of: other, AttributeChange(mode: 0o2755), caller: owner).mode
        #expect(mode == 0o755, "the owner is not in the group")
    }

    private static func owners(_ test: VolumeBench) throws {
        let volume = test.volume
        let file = try volume.createFile("f", in: .root, mode: 0o666, caller: VolumeBench.alice).inode
        let past = AttributeChange.Time.at(Timestamp(seconds: 5))
        let refused: [(AttributeChange, VolumeError.Code)] = [
            (AttributeChange(mode: 0o777), .notPermitted), (AttributeChange(uid: 1001), .notPermitted),
            (AttributeChange(gid: 1001), .notPermitted), (AttributeChange(modifyTime: past), .notPermitted),
            (AttributeChange(modifyTime: .now), .accessDenied),
            (AttributeChange(flags: .skipTrash), .notPermitted),
        ]
        for (change, code) in refused {
            let refusal = try test.refusal { try $0.setAttributes(of: file, change, caller: VolumeBench.bob) }
            #expect(refusal == code, "\(change)")
        }
        let alice = VolumeBench.alice
        #expect(
            try test.refusal { try $0.setAttributes(of: file, AttributeChange(gid: 1001), caller: alice) }
                == .notPermitted
        )
        #expect(
            try test.refusal {
                try $0.setAttributes(of: file, AttributeChange(flags: .immutable), caller: alice)
            }
                == .notPermitted
        )
        try volume.setAttributes(of: file, AttributeChange(mode: 0o666, modifyTime: past), caller: alice)
        try volume.setAttributes(of: file, AttributeChange(modifyTime: .now), caller: VolumeBench.bob)
    }

    private static func lockedNodes(_ test: VolumeBench) throws {
        let volume = test.volume
        let file = try volume.createFile("f", in: .root).inode
        try volume.setAttributes(of: file, AttributeChange(flags: .append))
        #expect(
            try test.refusal { try $0.setAttributes(of: file, AttributeChange(mode: 0)) } == .notPermitted
        )
        #expect(try test.refusal { try $0.unlink("f", in: .root) } == .notPermitted)
        #expect(try test.refusal { try $0.rename("f", in: .root, to: "g", in: .root) } == .notPermitted)
        #expect(try test.refusal { try $0.setExtendedAttribute("user.a", of: file, to: []) } == .notPermitted)
        _ = try volume.createFile("g", in: .root)
        #expect(try test.refusal { try $0.rename("g", in: .root, to: "f", in: .root) } == .notPermitted)
        try volume.setAttributes(of: file, AttributeChange(modifyTime: .now))
        try volume.setAttributes(of: file, AttributeChange(flags: .immutable))
        #expect(
            try test.refusal { try $0.setAttributes(of: file, AttributeChange(modifyTime: .now)) }
                == .notPermitted
        )
        try volume.setAttributes(of: file, AttributeChange(flags: []))
        try volume.unlink("f", in: .root)
    }

    private static func extended(_ test: VolumeBench) throws {
        let volume = test.volume
        let file = try volume.createFile("f", in: .root).inode
        let before = try volume.attributes(of: file)
        test.clock.advance(seconds: 1)
        try volume.setExtendedAttribute("user.a", of: file, to: [0, 255], presence: .absent)
        #expect(try volume.extendedAttribute("user.a", of: file) == [0, 255])
        let again = try test.refusal {
            try $0.setExtendedAttribute("user.a", of: file, to: [], presence: .absent)
        }
        #expect(again == .exists)
        try volume.setExtendedAttribute("user.a", of: file, to: [], presence: .present)
        #expect(try volume.extendedAttribute("user.a", of: file) == [])
        let missing = try test.refusal {
            try $0.setExtendedAttribute("user.b", of: file, to: [], presence: .present)
        }
        #expect(missing == .noAttribute)
        try volume.setExtendedAttribute("trusted.t", of: file, to: [1])
        #expect(try volume.extendedAttributeNames(of: file) == ["trusted.t", "user.a"])
        #expect(try volume.extendedAttributeNames(of: file, caller: VolumeBench.bob) == ["user.a"])
        let large = [UInt8](repeating: 1, count: 65_537)
        #expect(
            try test.refusal { try $0.setExtendedAttribute("user.l", of: file, to: large) } == .outOfRange
        )
        try volume.setExtendedAttribute("user.l", of: file, to: large.dropLast())
        let long = ByteString([UInt8](repeating: 65, count: 256))
        #expect(try test.refusal { try $0.setExtendedAttribute(long, of: file, to: []) } == .outOfRange)
        try volume.removeExtendedAttribute("user.a", of: file)
        #expect(try test.refusal { try $0.removeExtendedAttribute("user.a", of: file) } == .noAttribute)
        #expect(try test.refusal { _ = try $0.extendedAttribute("user.a", of: file) } == .noAttribute)
        #expect(try volume.attributes(of: file) == before)
        // ACLs are turned off on this volume.
        let name = ACLKind.access.attributeName
        #expect(try test.refusal { try $0.setExtendedAttribute(name, of: file, to: []) } == .notSupported)
        #expect(try test.refusal { _ = try $0.extendedAttribute(name, of: file) } == .noAttribute)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase
import Testing
import VolumeModel

extension VolumeConformance {
    static let accessCases = [
        VolumeCase("directories need rights to be used", rights),
        VolumeCase("a sticky directory protects what others own (§5.11)", sticky),
        VolumeCase("an access ACL shows in the mode, and follows it (§5.10)", settings: withACL, accessRule),
        VolumeCase("ACLs are attributes in the kernel's form (§5.10)", settings: withACL, kernelForm),
        VolumeCase("new nodes inherit a default ACL (§5.10)", settings: withACL, defaultRule),
        VolumeCase("an ACL grants what the mode does not tell (§5.10)", settings: withACL, grants),
    ]

    private static func withACL(_ settings: inout VolumeSettings) { settings.enableACL = true }

    private static func rights(_ test: VolumeBench) throws {
        let volume = test.volume
        let (alice, bob) = (VolumeBench.alice, VolumeBench.bob)
        let home = try volume.makeDirectory("home", in: .root, mode: 0o755, caller: alice).inode
        _ = try volume.createFile("f", in: home, caller: alice)
        #expect(try test.refusal { _ = try $0.createFile("x", in: home, caller: bob) } == .accessDenied)
        #expect(try test.refusal { try $0.unlink("f", in: home, caller: bob) } == .accessDenied)
        #expect(
            try test.refusal { try $0.rename("f", in: home, to: "g", in: .root, caller: bob) }
                == .accessDenied
        )
        #expect(try volume.lookup("f", in: home, caller: bob).attributes.uid == 1000)
        try volume.setAttributes(of: home, AttributeChange(mode: 0o744))
        #expect(try test.refusal { _ = try $0.lookup("f", in: home, caller: bob) } == .accessDenied)
        #expect(try volume.readDirectory(home, limit: 9, caller: bob).count == 1)
        #expect(
            try test.refusal { _ = try $0.readDirectory(home, limit: 9, withAttributes: true, caller: bob) }
                == .accessDenied
        )
        #expect(try test.refusal { _ = try $0.resolve("/home/f", caller: bob) } == .accessDenied)
        try volume.setAttributes(of: home, AttributeChange(mode: 0o070, gid: 1001))
        // The owner's digit counts for the owner, even when others may more.
        #expect(try test.refusal { _ = try $0.lookup("f", in: home, caller: alice) } == .accessDenied)
        #expect(try volume.lookup("f", in: home, caller: bob).attributes.type == .file)
    }

    private static func sticky(_ test: VolumeBench) throws {
        let volume = test.volume
        let (alice, bob) = (VolumeBench.alice, VolumeBench.bob)
        let shared = try volume.makeDirectory("tmp", in: .root).inode
        try volume.setAttributes(of: shared, AttributeChange(mode: 0o1777))
        for name: FileName in ["a", "b"] { _ = try volume.createFile(name, in: shared, caller: alice) }
        _ = try volume.createFile("mine", in: shared, caller: bob)
        #expect(try test.refusal { try $0.unlink("a", in: shared, caller: bob) } == .accessDenied)
        #expect(
            try test.refusal { try $0.rename("a", in: shared, to: "c", in: shared, caller: bob) }
                == .accessDenied
        )
        #expect(
            try test.refusal { try $0.rename("mine", in: shared, to: "a", in: shared, caller: bob) }
                == .accessDenied
        )
        try volume.rename("mine", in: shared, to: "c", in: shared, caller: bob)
        try volume.unlink("a", in: shared, caller: alice)
        try volume.unlink("b", in: shared)
    }

    private static func accessRule(_ test: VolumeBench) throws {
        let volume = test.volume
        let file = try volume.createFile("f", in: .root, mode: 0o640).inode
        let entry = ACLRule.Entry(id: 1001, permissions: 6)
        try volume.setACL(.access, of: file, to: ACLRule(mask: 6, namedUsers: [entry]))
        var node = try volume.attributes(of: file)
        #expect(node.mode == 0o660 && node.accessACL != 0)
        let rule = ACLRule(owner: 6, group: 4, mask: 6, other: 0, namedUsers: [entry])
        #expect(try test.engine.read { try $0.aclRule(node.accessACL) } == rule)
        let twin = try volume.createFile("g", in: .root, mode: 0o600).inode
        try volume.setACL(.access, of: twin, to: rule)
        #expect(try volume.attributes(of: twin).accessACL == node.accessACL, "equal rules share an id")
        // chmod changes the mask, not the group's own rights.
        node = try volume.setAttributes(of: file, AttributeChange(mode: 0o704))
        let masked = ACLRule(owner: 7, group: 4, mask: 0, other: 4, namedUsers: [entry])
        #expect(try test.engine.read { try $0.aclRule(node.accessACL) } == masked)
        try volume.setACL(.access, of: file, to: ACLRule(owner: 6, group: 0, other: 4))
        node = try volume.attributes(of: file)
        #expect((node.accessACL, node.mode) == (0, 0o604))
        let refused = try test.refusal { try $0.setACL(.access, of: file, to: rule, caller: VolumeBench.bob) }
        #expect(refused == .notPermitted)
        #expect(try test.refusal { try $0.setACL(.default, of: file, to: rule) } == .accessDenied)
    }

    private static func kernelForm(_ test: VolumeBench) throws {
        let volume = test.volume
        let file = try volume.createFile("f", in: .root, mode: 0o644).inode
        let name = ACLKind.access.attributeName
        #expect(try test.refusal { _ = try $0.extendedAttribute(name, of: file) } == .noAttribute)
        // u::rw, u:1001:rw, g::r, g:2001:r, m::rw, o::r as setfacl sends it.
        let none: [UInt8] = [255, 255, 255, 255]
        let value: [UInt8] =
            [2, 0, 0, 0, 1, 0, 6, 0] + none + [2, 0, 6, 0, 0xE9, 3, 0, 0, 4, 0, 4, 0] + none
            + [8, 0, 4, 0, 0xD1, 7, 0, 0, 16, 0, 6, 0] + none + [32, 0, 4, 0] + none
        try volume.setExtendedAttribute(name, of: file, to: value)
        let node = try volume.attributes(of: file)
        #expect(node.mode == 0o664)
        let stored = try test.engine.read { try $0.aclRule(node.accessACL) }
        let encoded: [UInt8] = [
            0, 6, 0, 4, 0, 6, 0, 4, 0, 0, 0, 1, 0, 0, 3, 0xE9, 0, 6, 0, 0, 0, 1, 0, 0, 7, 0xD1, 0, 4,
        ]
        #expect(stored?.encoded == encoded)
        #expect(try volume.extendedAttribute(name, of: file) == value)
        #expect(try volume.extendedAttributeNames(of: file) == [name])
        try volume.removeExtendedAttribute(name, of: file)
        #expect(try volume.attributes(of: file).accessACL == 0)
        #expect(try test.refusal { try $0.removeExtendedAttribute(name, of: file) } == .noAttribute)
        let damaged: [[UInt8]] = [
            [1, 0, 0, 0], [2, 0, 0, 0, 1], [2, 0, 0, 0, 64, 0, 6, 0] + none, Array(value.prefix(28)),
            [2, 0, 0, 0, 1, 0, 9, 0] + none, value + [32, 0, 4, 0] + none,
        ]
        for value in damaged {
            #expect(try test.refusal { try $0.setExtendedAttribute(name, of: file, to: value) } == .invalid)
        }
    }

    private static func defaultRule(_ test: VolumeBench) throws {
        let volume = test.volume
        let directory = try volume.makeDirectory("d", in: .root, mode: 0o755).inode
        let entry = ACLRule.Entry(id: 1001, permissions: 7)
        let rule = ACLRule(owner: 7, group: 5, mask: 7, other: 5, namedUsers: [entry])
        try volume.setACL(.default, of: directory, to: rule)
        #expect(try volume.attributes(of: directory).mode == 0o755)
        let caller = Caller(uid: 0, gid: 0, umask: 0o077)
        let file = try volume.createFile("f", in: directory, mode: 0o664, caller: caller).attributes
        #expect((file.mode, file.defaultACL) == (0o664, 0), "the umask does not count")
        let inherited = ACLRule(owner: 6, group: 5, mask: 6, other: 4, namedUsers: [entry])
        #expect(try test.engine.read { try $0.aclRule(file.accessACL) } == inherited)
        let inner = try volume.makeDirectory("e", in: directory, mode: 0o700, caller: caller).attributes
        #expect(inner.defaultACL == (try volume.attributes(of: directory).defaultACL))
        #expect(inner.mode == 0o700)
        let link = try volume.makeSymlink("s", in: directory, target: "f", caller: caller).attributes
        #expect((link.accessACL, link.mode) == (0, 0o777))
        try volume.setACL(.default, of: directory, to: ACLRule(owner: 6, group: 4, other: 0))
        let plain = try volume.createFile("g", in: directory, mode: 0o777, caller: caller).attributes
        #expect((plain.accessACL, plain.mode) == (0, 0o640))
    }

    private static func grants(_ test: VolumeBench) throws {
        let volume = test.volume
        let directory = try volume.makeDirectory("d", in: .root, mode: 0o700).inode
        let bob = VolumeBench.bob
        #expect(try test.refusal { _ = try $0.createFile("f", in: directory, caller: bob) } == .accessDenied)
        let entry = ACLRule.Entry(id: 1001, permissions: 7)
        try volume.setACL(.access, of: directory, to: ACLRule(mask: 7, namedUsers: [entry]))
        _ = try volume.createFile("f", in: directory, caller: bob)
        try volume.setACL(.access, of: directory, to: ACLRule(mask: 5, namedUsers: [entry]))
        #expect(try test.refusal { _ = try $0.createFile("g", in: directory, caller: bob) } == .accessDenied)
        #expect(try volume.lookup("f", in: directory, caller: bob).attributes.uid == 1001)
        try volume.setACL(
            .access,
            of: directory,
            to: ACLRule(mask: 7, namedGroups: [ACLRule.Entry(id: 60, permissions: 3)])
        )
        let member = Caller(uid: 5, gid: 5, groups: [60])
        _ = try volume.createFile("h", in: directory, caller: member)
        #expect(
            try test.refusal { _ = try $0.readDirectory(directory, limit: 1, caller: member) }
                == .accessDenied
        )
    }
}

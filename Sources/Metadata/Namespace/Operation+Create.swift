// SPDX-License-Identifier: Apache-2.0
// New nodes (metadata-format §5.11, §8: mkdir, create, mknod, symlink).

package import SluiceBase
package import VolumeModel

extension Operation {
    /// What a new node is to be.
    private struct NewNode {
        var type: FileType
        var mode: UInt16
        var device: UInt32 = 0
        var length: UInt64 = 0
        var target: ByteString = ""
    }

    /// Makes a directory.
    ///
    /// Needs one reserved inode.
    /// - Parameter mode: low 12 bits; the caller's umask or the parent's default ACL apply.
    /// - Throws: `VolumeError.exists`, `.noEntry`, `.notDirectory`, `.accessDenied`, `.notPermitted`,
    ///   `.noSpace`, `.quotaExceeded`, `.nameTooLong`.
    package func makeDirectory(
        _ name: FileName,
        in parent: Inode,
        mode: UInt16 = 0o777,
        caller: Caller = .superuser,
    ) throws -> Node {
        try create(name, in: parent, NewNode(type: .directory, mode: mode, length: 4096), caller: caller)
    }

    /// Makes an empty file.
    ///
    /// Needs one reserved inode.
    /// - Throws: as `makeDirectory`.
    package func createFile(
        _ name: FileName,
        in parent: Inode,
        mode: UInt16 = 0o666,
        caller: Caller = .superuser,
    ) throws -> Node {
        try create(name, in: parent, NewNode(type: .file, mode: mode), caller: caller)
    }

    /// Makes a file, pipe, socket or device node.
    ///
    /// Needs one reserved inode.
    /// - Parameter device: Linux device number; ignored for what is no device.
    /// - Throws: as `makeDirectory`; `VolumeError.invalid` for other types.
    package func makeNode(
        _ name: FileName,
        in parent: Inode,
        type: FileType,
        mode: UInt16 = 0o666,
        device: UInt32 = 0,
        caller: Caller = .superuser,
    ) throws -> Node {
        guard type.isKnown, type != .directory, type != .symlink else {
            throw VolumeError(.invalid, "create", name, in: parent, reason: "not a type of node: \(type)")
        }
        let isDevice = type == .blockDevice || type == .characterDevice
        let node = NewNode(type: type, mode: mode, device: isDevice ? device : 0)
        return try create(name, in: parent, node, caller: caller)
    }

    /// Makes a symbolic link.
    ///
    /// Needs one reserved inode.
    /// - Throws: as `makeDirectory`; `VolumeError.invalid` for a target that is empty or holds NUL,
    ///   `.nameTooLong` for one of more than 4096 bytes.
    package func makeSymlink(
        _ name: FileName,
        in parent: Inode,
        target: ByteString,
        caller: Caller = .superuser,
    ) throws -> Node {
        guard !target.isEmpty, !target.bytes.contains(0) else {
            throw VolumeError(.invalid, "create", name, in: parent, reason: "not a target of a link")
        }
        guard target.count <= FileName.maximumTargetLength else {
            throw VolumeError(.nameTooLong, "create", name, in: parent, reason: "the target is too long")
        }
        let new = NewNode(type: .symlink, mode: 0o777, length: UInt64(target.count), target: target)
        let node = try create(name, in: parent, new, caller: caller)
        try transaction.setSymlinkTarget(target, of: node.inode)
        return node
    }

    private func create(_ name: FileName, in parent: Inode, _ new: NewNode, caller: Caller) throws -> Node {
        try transaction.expect(
            [.node(parent), .entry(name, in: parent), .directoryQuotas]
                + (nextInode.map { [.node($0)] } ?? [])
        )
        let directory = try newEntryDirectory(parent, name, caller: caller, for: "create")
        let node = try attributes(of: new, in: parent, directory, caller: caller)
        try checkCapacity(space: node.usedSpace, inodes: 1)
        chargeVolume(space: node.usedSpace, inodes: 1)
        try chargeOwner(uid: node.uid, gid: node.gid, space: node.usedSpace, inodes: 1)
        try chargeEntry(of: node, in: parent)
        let inode = try takeInode()
        try transaction.insertNode(inode, node)
        try transaction.insertEntry(NamedEntry(name: name, inode: inode, type: node.type), in: parent)
        if node.type == .directory, settings.dirStats {
            try transaction.setDirectoryStat(DirectoryStat(), of: inode)
        }
        let touches = try touchParent(parent, directory, linkDelta: node.type == .directory ? 1 : 0)
        try log(
            .create(
                inode,
                node.type,
                name,
                in: parent,
                mode: new.mode,
                target: new.target,
                caller: caller,
                touchesParent: touches
            )
        )
        return (inode, node)
    }

    /// Checks that a new entry may be made.
    func newEntryDirectory(
        _ parent: Inode,
        _ name: FileName,
        caller: Caller,
        for operation: String,
    ) throws -> Attributes {
        try check(name, in: parent, for: operation)
        try transaction.keep(parent)
        let directory = try changeableDirectory(parent, caller: caller, for: operation)
        guard !parent.isTrash, !directory.isInTrash else {
            throw VolumeError(
                .notPermitted,
                operation,
                name,
                in: parent,
                reason: "the directory is in the trash"
            )
        }
        guard try transaction.entry(named: name, in: parent) == nil else {
            throw VolumeError(.exists, operation, name, in: parent)
        }
        return directory
    }

    private func attributes(
        of new: NewNode,
        in parent: Inode,
        _ directory: Attributes,
        caller: Caller,
    ) throws -> Attributes {
        var node = Attributes(
            type: new.type,
            mode: 0,
            uid: caller.uid,
            gid: caller.gid,
            time: time,
            linkCount: new.type == .directory ? 2 : 1,
            length: new.length,
            device: new.device,
            parent: parent
        )
        node.flags = directory.flags.intersection(.skipTrash)
        node.tier = directory.tier
        try inheritAccess(of: &node, mode: new.mode & 0o7777, from: directory, caller: caller)
        if directory.mode & 0o2000 != 0 {
            node.gid = directory.gid
            if new.type == .directory {
                node.mode |= 0o2000
            } else if node.mode & 0o2010 == 0o2010, !caller.isSuperuser, !caller.isMember(of: directory.gid) {
                node.mode &= ~0o2000
            }
        }
        return node
    }
}

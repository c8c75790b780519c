// SPDX-License-Identifier: Apache-2.0
// Removing names, and nodes with their last name (metadata-format §5.3, §5.7, §8: unlink, rmdir).

import SluiceBase
package import VolumeModel

extension Operation {
    /// Removes a name of anything but a directory.
    ///
    /// The trash takes it, if it is on; else the last name takes the node with it, and `effects.deletedFiles`
    /// tells whose data can go.
    /// - Parameters:
    ///   - session: the caller's session when it has the file open: its node is then kept, without a name.
    ///   - skipTrash: removes for good what the trash would take.
    /// - Throws: `VolumeError.noEntry`, `.isDirectory`, `.accessDenied`, `.notPermitted`.
    /// - Returns: the node as it was before.
    @discardableResult
    package func unlink(
        _ name: FileName,
        in parent: Inode,
        caller: Caller = .superuser,
        openedBy session: UInt64? = nil,
        skipTrash: Bool = false,
    ) throws -> Node {
        try expectRemoval(of: name, in: parent)
        let directory = try removalDirectory(parent, name, caller: caller, for: "remove")
        guard let entry = try transaction.entry(named: name, in: parent) else {
            throw VolumeError(.noEntry, "remove", name, in: parent)
        }
        try transaction.lock([entry.inode])
        guard let node = try transaction.node(entry.inode) else {
            return try removeDangling(
                NamedEntry(name: name, inode: entry.inode, type: entry.type),
                in: parent,
                directory
            )
        }
        guard node.type != .directory else { throw VolumeError(.isDirectory, "remove", name, in: parent) }
        try checkRemovable(entry.inode, node, from: directory, caller: caller, for: "remove")
        let end = try detach(
            name,
            (entry.inode, node),
            from: parent,
            directory,
            openedBy: session,
            skipTrash: skipTrash
        )
        let touches = try touchParent(parent, directory)
        try log(
            .unlink(
                entry.inode,
                name,
                in: parent,
                hour: end.hour,
                isOpen: end.isSustained,
                touchesParent: touches
            )
        )
        return (entry.inode, node)
    }

    /// Removes an empty directory; the trash takes it, if it is on.
    /// - Throws: `VolumeError.noEntry`, `.notDirectory`, `.notEmpty`, `.accessDenied`, `.notPermitted`.
    /// - Returns: the node as it was before.
    @discardableResult
    package func removeDirectory(
        _ name: FileName,
        in parent: Inode,
        caller: Caller = .superuser,
        skipTrash: Bool = false,
    ) throws -> Node {
        try expectRemoval(of: name, in: parent)
        let directory = try removalDirectory(parent, name, caller: caller, for: "remove")
        guard let entry = try transaction.entry(named: name, in: parent) else {
            throw VolumeError(.noEntry, "remove", name, in: parent)
        }
        try transaction.lock([entry.inode])
        guard let node = try transaction.node(entry.inode) else {
            throw VolumeError(
                .damaged,
                "remove",
                name,
                in: parent,
                reason: "its inode \(entry.inode) is missing"
            )
        }
        guard node.type == .directory else { throw VolumeError(.notDirectory, "remove", name, in: parent) }
        try checkRemovable(entry.inode, node, from: directory, caller: caller, for: "remove")
        try requireEmpty(entry.inode, for: "remove")
        let end = try detach(
            name,
            (entry.inode, node),
            from: parent,
            directory,
            openedBy: nil,
            skipTrash: skipTrash
        )
        try touchParent(parent, directory, linkDelta: -1)
        try log(.removeDirectory(entry.inode, name, in: parent, hour: end.hour))
        return (entry.inode, node)
    }

    /// Announces what every removal reads.
    private func expectRemoval(of name: FileName, in parent: Inode) throws {
        try transaction.expect([.node(parent), .lookup(name, in: parent), .directoryQuotas] + trashLookup)
    }

    private func removalDirectory(
        _ parent: Inode,
        _ name: FileName,
        caller: Caller,
        for operation: String,
    ) throws -> Attributes {
        try check(name, in: parent, for: operation)
        guard !parent.isTrash || caller.isSuperuser else {
            throw VolumeError(
                .notPermitted,
                operation,
                name,
                in: parent,
                reason: "only root may empty the trash"
            )
        }
        return try changeableDirectory(parent, caller: caller, for: operation)
    }

    /// - Throws: `VolumeError.notEmpty`.
    func requireEmpty(_ directory: Inode, for operation: String) throws {
        guard try !transaction.hasEntries(directory) else {
            throw VolumeError(.notEmpty, operation, directory)
        }
    }

    /// Removes an entry whose node is missing: nothing but the entry is left to remove.
    private func removeDangling(_ entry: NamedEntry, in parent: Inode, _ directory: Attributes) throws -> Node
    {
        guard directory.flags.isDisjoint(with: [.immutable, .append]) else {
            throw VolumeError(.notPermitted, "remove", entry.name, in: parent)
        }
        let gone = Attributes(type: entry.type, mode: 0, time: time, linkCount: 0, parent: parent)
        // Counts nothing: a recount does not see such entries.
        try transaction.deleteEntry(named: entry.name, in: parent)
        let touches = try touchParent(parent, directory)
        try log(
            .unlink(
                entry.inode,
                entry.name,
                in: parent,
                hour: Inode(0),
                isOpen: false,
                touchesParent: touches
            )
        )
        return (entry.inode, gone)
    }

    /// What became of a node that lost a name.
    struct Detachment {
        /// The trash directory that took the name, 0 when it is gone for good.
        var hour = Inode(0)
        /// It has no name any more and lives because it is open.
        var isSustained = false
    }

    /// Takes a name away from a node: into the trash, or for good.
    ///
    /// Checks and the parent's times are the caller's.
    func detach(
        _ name: FileName,
        _ node: Node,
        from parent: Inode,
        _ directory: Attributes,
        openedBy session: UInt64?,
        skipTrash: Bool,
    ) throws -> Detachment {
        try transaction.deleteEntry(named: name, in: parent)
        try dischargeEntry(of: node.attributes, in: parent)
        if node.attributes.type == .directory { try removeUsageRecords(ofDirectory: node.inode) }
        if hourlyTrash == node.inode { hourlyTrash = nil }
        let keeps = settings.trashDays > 0 && !parent.isTrash && !directory.isInTrash && !skipTrash
        if keeps, !node.attributes.flags.contains(.skipTrash),
            let hour = try moveToTrash(node, named: name, from: parent)
        {
            return Detachment(hour: hour)
        }
        guard node.attributes.type != .directory else {
            try discard(node.inode, node.attributes)
            return Detachment()
        }
        let isSustained = try dropLink(
            of: node.inode,
            node.attributes,
            from: parent,
            openedBy: session
        )
        return Detachment(isSustained: isSustained)
    }

    /// - Returns: whether the node has no name any more and is kept.
    private func dropLink(
        of inode: Inode,
        _ old: Attributes,
        from parent: Inode,
        openedBy session: UInt64?
    ) throws -> Bool {
        var node = old
        node.linkCount -= min(node.linkCount, 1)
        node.changeTime = time
        if node.parent.number == 0 { try transaction.adjustParent(parent, of: inode, by: -1) }
        guard node.linkCount == 0 else {
            try transaction.updateNode(inode, node)
            return false
        }
        guard let session, node.type == .file else {
            try discard(inode, node)
            return false
        }
        try transaction.updateNode(inode, node)
        try transaction.insertSustained(SustainedInode(session: session, inode: inode))
        try transaction.deleteExtendedAttributes(of: inode)
        return true
    }

    /// Removes a node that has no name any more, with everything but its data; usage shrinks here.
    func discard(_ inode: Inode, _ node: Attributes) throws {
        switch node.type {
        case .file:
            let file = DeletedFile(inode: inode, length: node.length, deleted: time.seconds)
            try transaction.setDeletedFile(file)
            effects.deletedFiles.append(file)
        case .symlink: try transaction.deleteSymlinkTarget(of: inode)
        default: break
        }
        try transaction.deleteNode(inode)
        try transaction.deleteExtendedAttributes(of: inode)
        chargeVolume(space: -node.usedSpace, inodes: -1)
        // Compatibility: hourly directories are charged to no owner (JuiceFS 1.4.2).
        guard !inode.isTrash else { return }
        try chargeOwner(uid: node.uid, gid: node.gid, space: -node.usedSpace, inodes: -1)
    }
}

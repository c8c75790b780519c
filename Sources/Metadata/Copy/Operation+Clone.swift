// SPDX-License-Identifier: Apache-2.0
// Clones share the slices of what they were made from (metadata-format §5.11). A directory is cloned without
// a name first, so that nobody sees half of it; these are the steps, `Volume.clone` puts them together.

import SluiceBase
import VolumeModel

/// How a clone is made, with the bits of metadata-format §0.
package struct CloneMode: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// Keeps owners, modes and times; else the clone is the caller's and new.
    package static let preserveAttributes = CloneMode(rawValue: 2)
}

/// On whose behalf and how nodes are cloned.
struct CloneOrder {
    var mode: CloneMode
    var caller: Caller
}

extension Operation {
    /// Checks that a node may be cloned under a name.
    /// - Throws: `VolumeError`.
    func checkClone(
        of source: Inode,
        as name: FileName,
        in parent: Inode,
        caller: Caller
    ) throws -> Attributes {
        let directory = try newEntryDirectory(parent, name, caller: caller, for: "clone")
        let node = try changeableNode(source, for: "clone")
        let rights: AccessMask = node.type == .directory ? [.read, .execute] : .read
        try view.require(rights, on: source, node, caller: caller, for: "clone")
        if node.type == .directory { try requireOutside(source, parent) }
        return directory
    }

    /// Clones an entry of a tree, in its place in the clone; a directory comes out empty.
    /// - Returns: nil when the original is gone meanwhile.
    func cloneEntry(
        _ entry: NamedEntry,
        in directory: Inode,
        _ order: CloneOrder,
        isTop: Bool = false
    ) throws -> Node? {
        try transaction.lock([entry.inode])
        guard let original = try transaction.node(entry.inode) else { return nil }
        let clone = try cloneNode((entry.inode, original), in: directory, order)
        try transaction.insertEntry(
            NamedEntry(name: entry.name, inode: clone.inode, type: original.type),
            in: directory
        )
        try chargeEntry(of: clone.attributes, in: directory)
        // Compatibility: files inside a cloned directory leave no line (JuiceFS 1.4.2).
        if isTop || original.type == .directory {
            try logClone(of: entry.inode, clone.inode, entry.name, in: directory, order, isTop: isTop)
        }
        return clone
    }

    /// Makes the top of a cloned tree, which has no name yet.
    func cloneDetached(
        _ source: Inode,
        as name: FileName,
        in parent: Inode,
        _ order: CloneOrder
    ) throws -> Node {
        let original = try view.directory(source, for: "clone")
        let clone = try cloneNode((source, original), in: parent, order)
        try transaction.insertDetachedNode(DetachedNode(inode: clone.inode, added: time.seconds))
        try logClone(of: source, clone.inode, name, in: parent, order, isTop: true)
        return clone
    }

    /// Gives a finished tree its name.
    /// - Throws: `VolumeError.noEntry` when it was removed as left over; as `newEntryDirectory`.
    func attach(_ inode: Inode, as name: FileName, in parent: Inode, caller: Caller) throws {
        try transaction.lock([inode])
        let directory = try newEntryDirectory(parent, name, caller: caller, for: "clone")
        guard try transaction.detachedNode(inode) != nil else { throw VolumeError(.noEntry, "attach", inode) }
        let node = try view.attributes(of: inode, for: "attach")
        try transaction.insertEntry(NamedEntry(name: name, inode: inode, type: .directory), in: parent)
        try transaction.deleteDetachedNode(inode)
        try chargeEntry(of: node, in: parent)
        try touchParent(parent, directory, linkDelta: 1)
        try log(.attach(inode, name, in: parent))
    }

    private func logClone(
        of source: Inode,
        _ clone: Inode,
        _ name: FileName,
        in parent: Inode,
        _ order: CloneOrder,
        isTop: Bool,
    ) throws {
        try log(
            .clone(
                source,
                name,
                in: parent,
                as: clone,
                mode: order.mode,
                umask: order.caller.umask,
                isTop: isTop
            )
        )
    }

    /// Copies a node with its attributes and data; a directory has no entries.
    private func cloneNode(_ original: Node, in parent: Inode, _ order: CloneOrder) throws -> Node {
        var node = original.attributes
        let isDirectory = node.type == .directory
        node.parent = parent
        node.linkCount = isDirectory ? 2 : 1
        if !order.mode.contains(.preserveAttributes) {
            node.uid = order.caller.uid
            node.gid = order.caller.gid
            node.mode &= ~order.caller.umask
            node.accessTime = time
            node.modifyTime = time
            node.changeTime = time
        }
        try checkCapacity(space: node.usedSpace, inodes: 1)
        chargeVolume(space: node.usedSpace, inodes: 1)
        try chargeOwner(uid: node.uid, gid: node.gid, space: node.usedSpace, inodes: 1)
        let inode = try takeInode()
        try transaction.insertNode(inode, node)
        for attribute in try transaction.extendedAttributes(of: original.inode) {
            try transaction.setExtendedAttribute(named: attribute.name, of: inode, to: attribute.value)
        }
        switch node.type {
        case .directory where settings.dirStats:
            try transaction.setDirectoryStat(DirectoryStat(), of: inode)
        case .symlink: try transaction.setSymlinkTarget(try view.readLink(original.inode), of: inode)
        case .file: try cloneData(of: original.inode, to: inode)
        default: break
        }
        return (inode, node)
    }

    private func cloneData(of original: Inode, to clone: Inode) throws {
        for chunk in try transaction.chunks(of: original) {
            try retain(try chunk.checkedSlices())
            try transaction.setChunk(ChunkRecord(inode: clone, index: chunk.index, slices: chunk.slices))
        }
    }
}

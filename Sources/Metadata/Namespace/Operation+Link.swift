// SPDX-License-Identifier: Apache-2.0

package import VolumeModel

extension Operation {
    /// Gives a node another name (metadata-format §5.6).
    ///
    /// From then on its `parent` is 0, whatever becomes of the names.
    /// - Throws: `VolumeError.notPermitted` for directories, for what is immutable, append-only or in the
    ///   trash, `.exists`, `.noEntry`, `.accessDenied`, `.quotaExceeded`, `.outOfRange` for too many links.
    package func link(
        _ inode: Inode,
        to name: FileName,
        in parent: Inode,
        caller: Caller = .superuser,
    ) throws -> Attributes {
        try transaction.lock([inode])
        try transaction.expect([.node(inode), .node(parent), .entry(name, in: parent), .directoryQuotas])
        let directory = try newEntryDirectory(parent, name, caller: caller, for: "link")
        var node = try changeableNode(inode, for: "link")
        guard node.type != .directory else {
            throw VolumeError(.notPermitted, "link", inode, reason: "directories have one name")
        }
        guard node.flags.isDisjoint(with: [.immutable, .append]) else {
            throw VolumeError(.notPermitted, "link", inode, reason: "immutable or append-only")
        }
        guard node.linkCount > 0 else { throw VolumeError(.noEntry, "link", inode) }
        // PostgreSQL's column is signed (metadata-format §3.1).
        guard node.linkCount < UInt32(Int32.max) else {
            throw VolumeError(.outOfRange, "link", inode, reason: "it has too many links")
        }
        if node.parent.number > 0 { try transaction.adjustParent(node.parent, of: inode, by: 1) }
        try transaction.adjustParent(parent, of: inode, by: 1)
        node.parent = Inode(0)
        node.linkCount += 1
        node.changeTime = time
        try transaction.updateNode(inode, node)
        try transaction.insertEntry(NamedEntry(name: name, inode: inode, type: node.type), in: parent)
        try chargeEntry(of: node, in: parent)
        let touches = try touchParent(parent, directory)
        try log(.link(inode, name, in: parent, links: node.linkCount, touchesParent: touches))
        return node
    }
}

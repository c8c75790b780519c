// SPDX-License-Identifier: Apache-2.0

import VolumeModel

extension Operation {
    /// Swaps two names; all checks are done.
    /// - Returns: the node that has the second name now.
    func exchange(_ first: Node, at from: NamePlace, with second: Node, at to: NamePlace) throws -> Node {
        try transaction.replaceEntry(
            NamedEntry(name: to.name, inode: first.inode, type: first.attributes.type),
            in: to.directory
        )
        try transaction.replaceEntry(
            NamedEntry(name: from.name, inode: second.inode, type: second.attributes.type),
            in: from.directory
        )
        try log(
            .rename(
                first.inode,
                from.name,
                in: from.directory,
                to: to.name,
                in: to.directory,
                flags: .exchange,
                replaced: second.inode,
                hour: Inode(0)
            )
        )
        let moved = try reparent(first, from: from.directory, to: to.directory)
        let other = try reparent(second, from: to.directory, to: from.directory)
        guard from.directory != to.directory else {
            try touchParent(from.directory, from.attributes)
            return (first.inode, moved)
        }
        let change = moved.share + other.share.negated
        charge(directory: from.directory, change.negated)
        charge(directory: to.directory, change)
        try moveQuotas(from: from.directory, to: to.directory) {
            let gone = try quotaUsage(of: (first.inode, moved))
            let come = try quotaUsage(of: (second.inode, other))
            return QuotaUsage(
                space: gone.space.saturatingAdd(-come.space),
                inodes: gone.inodes.saturatingAdd(-come.inodes)
            )
        }
        let links: Int32 = (moved.type == .directory ? 1 : 0) - (other.type == .directory ? 1 : 0)
        try touchParent(from.directory, from.attributes, linkDelta: -links)
        try touchParent(to.directory, to.attributes, linkDelta: links)
        return (first.inode, moved)
    }
}

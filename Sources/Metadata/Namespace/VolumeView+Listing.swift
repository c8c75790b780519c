// SPDX-License-Identifier: Apache-2.0

package import VolumeModel

/// An entry of a directory, with its node's attributes where they were asked for.
package struct DirectoryItem: Hashable, Sendable {
    package var name: FileName
    package var inode: Inode
    package var type: FileType
    /// Nil when not asked for, and when the node is missing.
    package var attributes: Attributes?

    package init(name: FileName, inode: Inode, type: FileType, attributes: Attributes? = nil) {
        self.name = name
        self.inode = inode
        self.type = type
        self.attributes = attributes
    }
}

extension VolumeView {
    /// A page of a directory in byte order of the names; `.`, `..` and the root's `.trash` are not listed.
    ///
    /// Pages of separate reads may miss what changes in between; a name that stays is listed once.
    /// - Parameters:
    ///   - name: the last name of the page before; nil starts at the front.
    ///   - limit: the most entries to return; fewer mean the end.
    ///   - withAttributes: reads all the nodes of the page at once.
    package func readDirectory(
        _ inode: Inode,
        after name: FileName? = nil,
        limit: Int,
        withAttributes: Bool = false,
        caller: Caller = .superuser,
    ) throws -> [DirectoryItem] {
        let directory = try directory(inode, for: "list")
        let rights: AccessMask = withAttributes ? [.read, .execute] : .read
        try require(rights, on: inode, directory, caller: caller, for: "list")
        let entries = try reader.entries(of: inode, after: name, limit: limit)
        var items = entries.map { DirectoryItem(name: $0.name, inode: $0.inode, type: $0.type) }
        guard withAttributes, !items.isEmpty else { return items }
        for (index, node) in zip(items.indices, try reader.nodes(items.map(\.inode))) {
            items[index].attributes = node
            if let node { items[index].type = node.type }
        }
        return items
    }
}

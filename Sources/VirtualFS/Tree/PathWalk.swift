// SPDX-License-Identifier: Apache-2.0
// Finds nodes by path. Symbolic links are followed inside the tree; an absolute target names a place on some
// machine's file system, which a volume cannot know: such a link leads nowhere here.

import Metadata
import SluiceBase
import VolumeModel

/// Walks paths in one consistent state.
struct PathWalk {
    /// As many links as Linux follows in one path.
    static let linkLimit = 40

    struct Place {
        var inode: Inode
        var attributes: Attributes
        /// The directories from the tree's root to the one that holds the node, or to the node if it is one.
        var directories: [Inode]
    }

    let reader: any MetadataReader

    /// Finds a node.
    /// - Parameter directories: from the tree's root to the directory where the path starts; not empty.
    /// - Returns: nil where nothing has this path, or something before its end is no directory.
    /// - Throws: `VolumeError.damaged` when an entry has no node; `.linkLoop`.
    func find(_ names: [FileName], from directories: [Inode], followingLast: Bool) throws -> Place? {
        var directories = directories
        var waiting = Array(names.reversed())
        var links = 0
        while let name = waiting.popLast() {
            guard !name.isEmpty, name != "." else { continue }
            if name == ".." {
                if directories.count > 1 { directories.removeLast() }
                continue
            }
            guard let current = directories.last, let entry = try reader.entry(named: name, in: current)
            else {
                return nil
            }
            if entry.type == .symlink, followingLast || !waiting.isEmpty {
                links += 1
                guard links <= Self.linkLimit else {
                    throw VolumeError(.linkLoop, "look up", name, in: current)
                }
                guard let target = try reader.symlinkTarget(of: entry.inode) else {
                    throw VolumeError(
                        .damaged,
                        "look up",
                        name,
                        in: current,
                        reason: "the link has no target"
                    )
                }
                guard target.bytes.first != TreePath.slash else { return nil }
                let parts = target.bytes.split(separator: TreePath.slash).map { FileName($0) }
                waiting += parts.reversed()
                continue
            }
            guard entry.type == .directory else {
                guard waiting.isEmpty else { return nil }
                return try place(entry.inode, directories, named: name)
            }
            directories.append(entry.inode)
        }
        guard let last = directories.last else { return nil }
        return try place(last, directories, named: names.last ?? ".")
    }

    private func place(_ inode: Inode, _ directories: [Inode], named name: FileName) throws -> Place {
        guard let attributes = try reader.node(inode) else {
            throw VolumeError(
                .damaged,
                "look up",
                inode,
                reason: "the entry \(name) points to inode \(inode), which does not exist"
            )
        }
        return Place(inode: inode, attributes: attributes, directories: directories)
    }
}

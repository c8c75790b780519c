// SPDX-License-Identifier: Apache-2.0
// Removing a tree, an hour of the trash or an unfinished clone, removes whatever its entries lead to. Before
// that is planned, and again before it is done, every node in it must turn out to have no names elsewhere and
// no data that others need.

import Metadata
import SluiceBase
import VolumeModel

/// Looks through a tree for what must not be removed.
///
/// One owner, one thread at a time.
struct RemovalRules {
    let reader: any MetadataReader
    /// Whether a file's slices have fewer references than users.
    let isContested: (Inode) -> Bool
    /// Is shown every node of a tree that may go.
    var seen: (Attributes) -> Void = { _ in }

    private static let pageSize = 1000
    /// Directories that wait to be looked into, at most.
    private static let levelLimit = 1 << 20

    /// Why the hour must stay, nil when all of it may go.
    func obstacle(toEmptying name: FileName, _ hour: Inode) throws -> String? {
        guard hour.isTrash, hour != .trash else {
            return "\(name) is inode \(hour), not a directory of the trash"
        }
        return try obstacle(toRemovingBelow: hour)
    }

    /// Why something below a directory must stay, nil when all of it may go.
    ///
    /// Memory grows with depth, up to a limit.
    func obstacle(toRemovingBelow top: Inode) throws -> String? {
        var levels: [(directory: Inode, after: FileName?)] = [(top, nil)]
        while let level = levels.popLast() {
            let page = try reader.entries(of: level.directory, after: level.after, limit: Self.pageSize)
            let nodes = try reader.nodes(page.map(\.inode))
            if page.count == Self.pageSize { levels.append((level.directory, page.last?.name)) }
            for (entry, node) in zip(page, nodes) {
                // Of an entry without a node only the entry goes.
                guard let node else { continue }
                if let reason = try obstacle(entry, node, in: level.directory) { return reason }
                seen(node)
                if node.type == .directory { levels.append((entry.inode, nil)) }
            }
            guard levels.count <= Self.levelLimit else { return "it holds too many directories" }
        }
        return nil
    }

    private func obstacle(_ entry: NamedEntry, _ node: Attributes, in directory: Inode) throws -> String? {
        guard entry.type == node.type else { return "the entry of inode \(entry.inode) tells a wrong type" }
        let parents = try reader.parents(of: entry.inode)
        guard parents.contains(where: { $0.parent == directory }) else {
            return "inode \(entry.inode) belongs to another directory"
        }
        let names = parents.reduce(Int64(0)) { $0.saturatingAdd($1.count) }
        let expected = node.type == .directory ? 1 : max(1, Int64(node.linkCount))
        guard names <= expected else {
            return "inode \(entry.inode) has \(names) names, more than it counts"
        }
        guard !isContested(entry.inode) else {
            return "the data of inode \(entry.inode) share slices whose references are too low"
        }
        return nil
    }
}

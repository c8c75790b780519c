// SPDX-License-Identifier: Apache-2.0

package import VolumeModel

/// What a tree adds up to, its top included; a file with several names in it counts once for each.
package struct TreeSummary: Hashable, Sendable {
    /// Everything that is not a directory.
    package var files: Int64 = 0
    package var directories: Int64 = 0
    /// Sum of the files' lengths, in bytes.
    package var length: Int64 = 0
    /// Bytes: files in whole 4 KiB blocks, everything else 4096.
    package var size: Int64 = 0

    package init() {}

    mutating func add(_ type: FileType, _ node: Attributes?) {
        if type == .directory { directories += 1 } else { files += 1 }
        if type == .file { length = length.saturatingAdd(Int64(clamping: node?.length ?? 0)) }
        size = size.saturatingAdd(type == .file ? node?.usedSpace ?? 0 : 4096)
    }
}

extension VolumeView {
    /// A directory that is being walked.
    private struct Level {
        var inode: Inode
        var after: FileName?
        var isAtEnd = false
        var directories: [Inode] = []
    }

    private static let pageSize = 512

    /// Adds up a tree by walking it.
    ///
    /// Memory grows with the depth only; a directory inside itself is not entered again.
    /// - Throws: `VolumeError.noEntry` when there is no such node.
    package func treeSummary(of inode: Inode) throws -> TreeSummary {
        let top = try attributes(of: inode, for: "add up")
        var summary = TreeSummary()
        summary.add(top.type, top)
        guard top.type == .directory else { return summary }
        var levels = [Level(inode: inode)]
        var entered: Set<Inode> = [inode]
        while var level = levels.popLast() {
            if let child = level.directories.popLast() {
                levels.append(level)
                if entered.insert(child).inserted { levels.append(Level(inode: child)) }
            } else if !level.isAtEnd {
                try addPage(of: &level, to: &summary)
                levels.append(level)
            } else {
                entered.remove(level.inode)
            }
        }
        return summary
    }

    /// Adds up a node and, of a directory, its entries, without going deeper.
    /// - Throws: `VolumeError.noEntry` when there is no such node.
    package func entrySummary(of inode: Inode) throws -> TreeSummary {
        let top = try attributes(of: inode, for: "add up")
        var summary = TreeSummary()
        summary.add(top.type, top)
        guard top.type == .directory else { return summary }
        var level = Level(inode: inode)
        while !level.isAtEnd {
            level.directories = []
            try addPage(of: &level, to: &summary)
        }
        return summary
    }

    /// Counts the next entries of a directory and notes the directories among them.
    private func addPage(of level: inout Level, to summary: inout TreeSummary) throws {
        let page = try reader.entries(of: level.inode, after: level.after, limit: Self.pageSize)
        level.after = page.last?.name
        level.isAtEnd = page.count < Self.pageSize
        let files = page.filter { $0.type == .file }
        for (entry, node) in zip(files, try reader.nodes(files.map(\.inode))) {
            summary.add(entry.type, node)
        }
        for entry in page where entry.type != .file {
            summary.add(entry.type, nil)
            if entry.type == .directory { level.directories.append(entry.inode) }
        }
    }
}

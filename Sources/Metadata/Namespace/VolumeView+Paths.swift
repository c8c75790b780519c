// SPDX-License-Identifier: Apache-2.0

package import SluiceBase
package import VolumeModel

extension VolumeView {
    /// A node on the way up, with the path walked so far and the nodes on it.
    private struct Climb {
        var inode: Inode
        var path: ByteString
        var visited: Set<Inode>
    }

    /// Every path of a node, found by walking its entries upward; sorted.
    ///
    /// Trash is shown as `/.trash/<hour>/<entry>`. A node that no entry leads to from the root has no path,
    /// and entries that form a cycle lead nowhere.
    /// - Parameter limit: the most paths to return, against files with very many names.
    package func paths(of inode: Inode, limit: Int = 1000) throws -> [ByteString] {
        guard inode != .root else { return ["/"] }
        var found: Set<ByteString> = []
        var pending = [Climb(inode: inode, path: "", visited: [inode])]
        // Damaged entries can offer more ways than there are paths.
        var steps = 0
        while let climb = pending.popLast(), found.count < limit, steps < limit * 1000 {
            steps += 1
            switch climb.inode {
            case .root: found.insert(climb.path)
            case .trash: found.insert("/.trash" + climb.path)
            default: pending += try ways(up: climb, limit: limit)
            }
        }
        return found.sorted()
    }

    private func ways(up climb: Climb, limit: Int) throws -> [Climb] {
        var ways: [Climb] = []
        for link in try reader.parents(of: climb.inode) where link.count > 0 && ways.count < limit {
            guard !climb.visited.contains(link.parent) else { continue }
            var visited = climb.visited
            visited.insert(link.parent)
            for name in try reader.names(of: climb.inode, in: link.parent).prefix(limit) {
                ways.append(Climb(inode: link.parent, path: "/" + name + climb.path, visited: visited))
            }
        }
        return ways
    }
}

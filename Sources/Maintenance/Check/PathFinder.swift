// SPDX-License-Identifier: Apache-2.0
// From an inode back to its names. Only findings need paths, so they are looked up one by one; damaged trees may hold
// loops and endless depth, so every walk is bounded.

import Metadata
import SluiceBase
import VolumeModel

/// Finds the paths of nodes by point reads.
struct PathFinder {
    let reader: any MetadataReader

    /// Paths reported at most for one node.
    static let pathLimit = 256
    /// Names in a path at most.
    static let depthLimit = 4096
    /// Steps at most for one node, over all of its paths.
    static let stepLimit = 20_000

    /// A node on the way up, with the path from there down.
    private struct Step {
        var inode: Inode
        var below: [UInt8]
        var depth: Int
    }

    /// Every path that leads to the node, in byte order. A path whose top has no name starts with `#<inode>/`.
    func paths(of inode: Inode) throws -> [ByteString] {
        if inode == .root { return ["/"] }
        if inode == .trash { return ["/.trash"] }
        var found: [ByteString] = []
        var pending = [Step(inode: inode, below: [], depth: 0)]
        var steps = 0
        while let step = pending.popLast(), found.count < Self.pathLimit, steps < Self.stepLimit {
            steps += 1
            if let top = Self.top(step.inode) {
                found.append(ByteString(top + step.below))
                continue
            }
            let links = step.depth < Self.depthLimit ? try reader.parents(of: step.inode) : []
            if links.isEmpty, step.inode != inode { found.append(ByteString("#\(step.inode)") + ByteString(step.below)) }
            for link in links {
                for name in try reader.names(of: step.inode, in: link.parent).prefix(Self.pathLimit) {
                    pending.append(
                        Step(
                            inode: link.parent, below: [UInt8(ascii: "/")] + name.bytes + step.below,
                            depth: step.depth + 1))
                }
            }
        }
        return found.sorted()
    }

    private static func top(_ inode: Inode) -> [UInt8]? {
        if inode == .root { return [] }
        return inode == .trash ? Array("/.trash".utf8) : nil
    }

    /// Whether going up from `start` reaches `inode`: then an entry of `start` that names `inode` closes a loop.
    func isBelow(_ start: Inode, _ inode: Inode) throws -> Bool {
        var seen: Set<Inode> = []
        var pending = [start]
        while let current = pending.popLast(), seen.count < Self.stepLimit {
            if current == inode { return true }
            guard seen.insert(current).inserted, current != .root || inode == .root else { continue }
            pending += try reader.parents(of: current).map(\.parent)
        }
        return false
    }
}

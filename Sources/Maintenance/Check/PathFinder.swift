// SPDX-License-Identifier: Apache-2.0
// From an inode back to its names. Only findings need paths, so they are looked up one by one; damaged
// trees may hold loops and endless depth, so every walk is bounded.

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
    static let stepLimit = 8192

    /// A node on the way up: `name` leads from it to the step before.
    private struct Step {
        var inode: Inode
        var name: FileName
        /// The step below, -1 at the node itself.
        var below: Int
        var depth: Int
    }

    /// Every path that leads to the node, in byte order, without those that go in circles.
    ///
    /// A path whose top has no name starts with `#<inode>/`.
    /// - Parameter parents: directories with entries for the node that it may not know of.
    func paths(of inode: Inode, alsoIn parents: [Inode] = []) throws -> [ByteString] {
        if inode == .root { return ["/"] }
        if inode == .trash { return ["/.trash"] }
        var found: [ByteString] = []
        var steps = [Step(inode: inode, name: "", below: -1, depth: 0)]
        var next = 0
        while next < steps.count, found.count < Self.pathLimit {
            let (place, step) = (next, steps[next])
            next += 1
            if let top = Self.top(step.inode) {
                found.append(Self.path(top, steps, from: place))
                continue
            }
            let links = step.depth < Self.depthLimit ? try reader.parents(of: step.inode).map(\.parent) : []
            var isNamed = false
            for parent in Set(links).union(place == 0 ? parents : []).sorted() {
                let names = try reader.names(of: step.inode, in: parent).prefix(Self.pathLimit)
                isNamed = isNamed || !names.isEmpty
                guard !Self.isBelow(parent, steps, from: place) else { continue }
                for name in names where steps.count < Self.stepLimit {
                    steps.append(Step(inode: parent, name: name, below: place, depth: step.depth + 1))
                }
            }
            if !isNamed, place > 0 {
                found.append(Self.path(Array("#\(step.inode)".utf8), steps, from: place))
            }
        }
        return found.sorted()
    }

    private static func path(_ top: [UInt8], _ steps: [Step], from place: Int) -> ByteString {
        var path = top
        var current = place
        while current >= 0, steps[current].below >= 0 {
            path.append(UInt8(ascii: "/"))
            path += steps[current].name.bytes
            current = steps[current].below
        }
        return ByteString(path)
    }

    /// Whether the way down from a step comes by a node.
    private static func isBelow(_ inode: Inode, _ steps: [Step], from place: Int) -> Bool {
        var current = place
        while current >= 0 {
            if steps[current].inode == inode { return true }
            current = steps[current].below
        }
        return false
    }

    private static func top(_ inode: Inode) -> [UInt8]? {
        if inode == .root { return [] }
        return inode == .trash ? Array("/.trash".utf8) : nil
    }

    /// Whether the directory is the lowest of a ring in which every directory has one entry, inside the
    /// ring: nothing else can be said to close it.
    func isLowestOfRing(_ inode: Inode) throws -> Bool {
        var current = inode
        var seen: Set<Inode> = []
        while seen.insert(current).inserted, seen.count < Self.stepLimit {
            let links = try reader.parents(of: current)
            guard links.count == 1, let link = links.first, link.parent >= inode else { return false }
            if link.parent == inode { return true }
            current = link.parent
        }
        return false
    }

    /// Whether going up from `start` reaches `inode`: then an entry of `start` that names `inode` closes a
    /// loop.
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

// SPDX-License-Identifier: Apache-2.0
// A file tree as simple as it can be: what random operations on a volume are compared with.

import Metadata
import SluiceBase
import VolumeModel

/// One operation of the random test; nodes are named by the model's numbers.
enum TreeStep {
    case makeDirectory(Int, FileName, UInt16)
    case createFile(Int, FileName, UInt16)
    case makeSymlink(Int, FileName, ByteString)
    case link(Int, Int, FileName)
    case unlink(Int, FileName)
    case removeDirectory(Int, FileName)
    case rename(Int, FileName, Int, FileName, RenameFlags)
    case chmod(Int, UInt16)
}

/// A tree of numbered nodes; number 0 is the root.
struct TreeModel {
    struct Node {
        var type: FileType
        var mode: UInt16
        /// Names of a file, those in the trash included.
        var links = 1
        var children: [FileName: Int] = [:]
        var target: ByteString = ""
    }

    /// An entry of the trash: parent, node, name.
    private struct TrashKey: Hashable {
        var parent: Int
        var node: Int
        var name: FileName
    }

    private(set) var nodes: [Node] = [Node(type: .directory, mode: 0o777)]
    private var trash: Set<TrashKey> = []
    private let hasTrash: Bool

    init(hasTrash: Bool) {
        self.hasTrash = hasTrash
    }

    /// Does a step.
    /// - Returns: why it is refused, nil when it is done.
    mutating func apply(_ step: TreeStep) -> VolumeError.Code? {
        switch step {
        case .makeDirectory(let parent, let name, let mode):
            return add(Node(type: .directory, mode: mode), to: parent, name)
        case .createFile(let parent, let name, let mode):
            return add(Node(type: .file, mode: mode), to: parent, name)
        case .makeSymlink(let parent, let name, let target):
            return add(Node(type: .symlink, mode: 0o777, target: target), to: parent, name)
        case .link(let node, let parent, let name): return link(node, parent, name)
        case .unlink(let parent, let name):
            guard let node = nodes[parent].children[name] else { return .noEntry }
            guard nodes[node].type != .directory else { return .isDirectory }
            drop(name, from: parent)
        case .removeDirectory(let parent, let name):
            guard let node = nodes[parent].children[name] else { return .noEntry }
            guard nodes[node].type == .directory else { return .notDirectory }
            guard nodes[node].children.isEmpty else { return .notEmpty }
            drop(name, from: parent)
        case .rename(let parent, let name, let newParent, let newName, let flags):
            return rename(name, in: parent, to: newName, in: newParent, flags)
        case .chmod(let node, let mode): nodes[node].mode = mode
        }
        return nil
    }

    private mutating func add(_ node: Node, to parent: Int, _ name: FileName) -> VolumeError.Code? {
        guard nodes[parent].children[name] == nil else { return .exists }
        nodes[parent].children[name] = nodes.count
        nodes.append(node)
        return nil
    }

    private mutating func link(_ node: Int, _ parent: Int, _ name: FileName) -> VolumeError.Code? {
        guard nodes[parent].children[name] == nil else { return .exists }
        guard nodes[node].type != .directory else { return .notPermitted }
        nodes[parent].children[name] = node
        nodes[node].links += 1
        return nil
    }

    /// Takes a name away; the trash keeps it, but not twice.
    private mutating func drop(_ name: FileName, from parent: Int) {
        guard let node = nodes[parent].children.removeValue(forKey: name) else { return }
        if hasTrash {
            let isNew = trash.insert(TrashKey(parent: parent, node: node, name: name)).inserted
            if isNew { return }
        }
        nodes[node].links -= 1
    }

    private mutating func rename(
        _ name: FileName,
        in parent: Int,
        to newName: FileName,
        in newParent: Int,
        _ flags: RenameFlags,
    ) -> VolumeError.Code? {
        guard let node = nodes[parent].children[name] else { return .noEntry }
        let other = nodes[newParent].children[newName]
        if flags.contains(.noReplace), other != nil { return .exists }
        if parent != newParent, contains(node, newParent) { return .invalid }
        if other == node { return nil }
        if flags.contains(.exchange) {
            guard let other else { return .noEntry }
            if parent != newParent, contains(other, parent) { return .invalid }
            nodes[parent].children[name] = other
        } else {
            if let other {
                let isDirectory = nodes[node].type == .directory
                guard isDirectory == (nodes[other].type == .directory) else {
                    return isDirectory ? .notDirectory : .isDirectory
                }
                guard nodes[other].children.isEmpty else { return .notEmpty }
                drop(newName, from: newParent)
            }
            nodes[parent].children[name] = nil
        }
        nodes[newParent].children[newName] = node
        return nil
    }

    /// Whether `directory` is `node` or lies below it.
    private func contains(_ node: Int, _ directory: Int) -> Bool {
        node == directory || nodes[node].children.values.contains { contains($0, directory) }
    }

    /// The nodes that can be reached from the root.
    var reachable: [Int] {
        var found: [Int] = [0]
        var next = 0
        while next < found.count {
            let children = nodes[found[next]].children.sorted { $0.key < $1.key }.map(\.value)
            found += children.filter { !found.contains($0) }
            next += 1
        }
        return found
    }
}

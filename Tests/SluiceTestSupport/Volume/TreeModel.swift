// SPDX-License-Identifier: Apache-2.0
// A file tree as simple as it can be: what random operations on a volume are compared with.

package import Metadata
package import SluiceBase
package import VolumeModel

/// One operation of the random test; nodes are named by the model's numbers.
package enum TreeStep {
    case makeDirectory(Int, FileName, UInt16)
    case createFile(Int, FileName, UInt16)
    case makeSymlink(Int, FileName, ByteString)
    case link(Int, Int, FileName)
    case unlink(Int, FileName)
    case removeDirectory(Int, FileName)
    case rename(Int, FileName, Int, FileName, RenameFlags)
    case chmod(Int, UInt16)
    /// Bytes of a file from an offset on.
    case write(Int, Int, [UInt8])
    case truncate(Int, Int)
    /// Makes an offset and so many bytes zero, inside the length.
    case punch(Int, Int, Int)
    case setAttribute(Int, ByteString, [UInt8])
    case removeAttribute(Int, ByteString)
}

/// A tree of numbered nodes; number 0 is the root.
package struct TreeModel {
    package struct Node {
        package var type: FileType
        package var mode: UInt16
        /// Names of a file, those in the trash included.
        package var links = 1
        package var children: [FileName: Int] = [:]
        package var target: ByteString = ""
        package var content: [UInt8] = []
        package var attributes: [ByteString: [UInt8]] = [:]
    }

    /// An entry of the trash: parent, node, name.
    private struct TrashKey: Hashable {
        var parent: Int
        var node: Int
        var name: FileName
    }

    package private(set) var nodes: [Node]
    private var trash: Set<TrashKey> = []
    private let hasTrash: Bool

    init(hasTrash: Bool, mode: UInt16) {
        self.hasTrash = hasTrash
        nodes = [Node(type: .directory, mode: mode)]
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
        case .write(let node, let offset, let bytes):
            extend(node, to: offset + bytes.count)
            nodes[node].content.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        case .truncate(let node, let length):
            extend(node, to: length)
            nodes[node].content.removeSubrange(length...)
        case .punch(let node, let offset, let count):
            let range = (offset..<offset + count).clamped(to: 0..<nodes[node].content.count)
            nodes[node].content.replaceSubrange(range, with: repeatElement(0, count: range.count))
        case .setAttribute(let node, let name, let value): nodes[node].attributes[name] = value
        case .removeAttribute(let node, let name):
            return nodes[node].attributes.removeValue(forKey: name) == nil ? .noAttribute : nil
        }
        return nil
    }

    /// Zeros behind the end of a file that is shorter.
    private mutating func extend(_ node: Int, to length: Int) {
        let missing = max(0, length - nodes[node].content.count)
        nodes[node].content += repeatElement(0, count: missing)
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

    /// A path of every node that can be reached from the root, by its number.
    package var paths: [Int: ByteString] {
        var found: [Int: ByteString] = [0: ""]
        for node in reachable {
            for (name, child) in nodes[node].children where found[child] == nil {
                found[child] = (found[node] ?? "") + "/" + name
            }
        }
        return found
    }

    /// The nodes that can be reached from the root.
    package var reachable: [Int] {
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

// SPDX-License-Identifier: Apache-2.0
// Who does the steps of a random test: a client of the volume, ours or another program's.

package import BlockStore
package import Metadata
import ObjectStorage
package import SluiceBase
package import VolumeModel

/// Where the nodes of the model are in the volume.
package struct TreePlaces {
    /// By the model's numbers.
    package var inodes: [Inode]
    /// Of the nodes that can be reached.
    package var paths: [Int: ByteString]
}

/// A client that can do steps, and says what it sees.
package protocol TreeActor {
    /// Does a step.
    /// - Returns: the node that it made.
    /// - Throws: `VolumeError` when it is refused.
    func apply(_ step: TreeStep, at places: TreePlaces) throws -> Inode?

    /// Whether the client sees what the model has; nil, or what is different.
    func difference(from model: TreeModel, at places: TreePlaces) throws -> String?

    /// Whether a refusal has the very code that our rules give it.
    var refusesAsWeDo: Bool { get }
}

/// A client that uses our library.
package struct VolumeActor: TreeActor {
    package let volume: Volume
    private let slices: SliceStore

    package var refusesAsWeDo: Bool { true }

    package init(_ volume: Volume, _ slices: SliceStore) {
        self.volume = volume
        self.slices = slices
    }

    package func apply(_ step: TreeStep, at places: TreePlaces) throws -> Inode? {
        let inodes = places.inodes
        switch step {
        case .makeDirectory(let parent, let name, let mode):
            return try volume.makeDirectory(name, in: inodes[parent], mode: mode).inode
        case .createFile(let parent, let name, let mode):
            return try volume.createFile(name, in: inodes[parent], mode: mode).inode
        case .makeSymlink(let parent, let name, let target):
            return try volume.makeSymlink(name, in: inodes[parent], target: target).inode
        case .link(let node, let parent, let name):
            try volume.link(inodes[node], to: name, in: inodes[parent])
        case .unlink(let parent, let name):
            try deleteData(volume.unlink(name, in: inodes[parent]).deletedFiles)
        case .removeDirectory(let parent, let name): try volume.removeDirectory(name, in: inodes[parent])
        case .rename(let parent, let name, let newParent, let newName, let flags):
            let removal = try volume.rename(
                name,
                in: inodes[parent],
                to: newName,
                in: inodes[newParent],
                flags: flags
            )
            try deleteData(removal.deletedFiles)
        case .chmod(let node, let mode):
            try volume.setAttributes(of: inodes[node], AttributeChange(mode: mode))
        case .write(let node, let offset, let bytes): try write(bytes, at: offset, of: inodes[node])
        case .truncate(let node, let length):
            _ = try volume.perform { try $0.truncate(inodes[node], to: UInt64(length)) }
        case .punch(let node, let offset, let count):
            _ = try volume.perform { operation in
                try operation.allocate(
                    inodes[node],
                    from: UInt64(offset),
                    length: UInt64(count),
                    mode: [.keepSize, .punchHole]
                )
            }
        case .setAttribute(let node, let name, let value):
            try volume.setExtendedAttribute(name, of: inodes[node], to: value)
        case .removeAttribute(let node, let name):
            try volume.removeExtendedAttribute(name, of: inodes[node])
        }
        return nil
    }

    private func write(_ bytes: [UInt8], at offset: Int, of inode: Inode) throws {
        let id = try volume.takeSliceIDs(1)[0]
        let size = UInt32(bytes.count)
        _ = try slices.write(slice: id, from: ArraySource(bytes), limit: size)
        let slice = Slice(position: UInt32(offset), id: id, size: size, offset: 0, length: size)
        let count = try volume.perform { try $0.write(slice, toChunk: 0, of: inode) }
        if count > 5 { try compact(inode) }
    }

    private func compact(_ inode: Inode) throws {
        guard let plan = try volume.compactionPlan(of: inode, chunk: 0) else { return }
        let id = try volume.takeSliceIDs(1)[0]
        let bytes = try contents(of: plan.pieces)
        _ = try slices.write(slice: id, from: ArraySource(bytes), limit: plan.size)
        _ = try volume.commit(plan, as: id) { try slices.delete(slice: $0, size: $1) }
    }

    private func deleteData(_ files: [DeletedFile]) throws {
        for file in files {
            try volume.deleteData(of: file) { try slices.delete(slice: $0, size: $1) }
        }
    }

    private func contents(of pieces: [Slice]) throws -> [UInt8] {
        var bytes: [UInt8] = []
        let reader = unsafe SliceReader(slices) { unsafe bytes.append(contentsOf: $0) }
        for piece in pieces { try reader.add(piece) }
        _ = try reader.finish()
        return bytes
    }

    package func difference(from model: TreeModel, at places: TreePlaces) throws -> String? {
        for number in model.reachable {
            let same = try matches(number, model, places)
            guard same else { return "node \(number), inode \(places.inodes[number])" }
        }
        return nil
    }

    private func matches(_ number: Int, _ model: TreeModel, _ places: TreePlaces) throws -> Bool {
        let expected = model.nodes[number]
        let inode = places.inodes[number]
        let node = try volume.attributes(of: inode)
        guard node.type == expected.type, node.mode == expected.mode else { return false }
        for (name, value) in expected.attributes {
            guard try volume.extendedAttribute(name, of: inode) == value else { return false }
        }
        guard try volume.extendedAttributeNames(of: inode).count == expected.attributes.count else {
            return false
        }
        switch node.type {
        case .directory:
            let items = try volume.readDirectory(inode, limit: 1000)
            let children = expected.children.mapValues { places.inodes[$0] }
            guard Dictionary(uniqueKeysWithValues: items.map { ($0.name, $0.inode) }) == children else {
                return false
            }
            let directories = expected.children.values.count { model.nodes[$0].type == .directory }
            return Int(node.linkCount) == 2 + directories
        case .symlink:
            guard try volume.readLink(inode) == expected.target else { return false }
        case .file:
            var pieces: [Slice] = []
            try volume.forEachPiece(of: inode) { pieces.append($0.slice) }
            guard try contents(of: pieces) == expected.content else { return false }
        default: break
        }
        return Int(node.linkCount) == expected.links
    }
}

// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase
import SluiceTestSupport
import VolumeModel

/// The real program as a client: steps are system calls in its mount.
struct MountActor: TreeActor {
    let mountPoint: ByteString

    /// The kernel looks at things in another order.
    var refusesAsWeDo: Bool { false }

    func apply(_ step: TreeStep, at places: TreePlaces) throws -> Inode? {
        do {
            return try perform(step, places)
        } catch let error as SystemError {
            guard let code = VolumeError.Code.allCases.first(where: { $0.errno == error.code }) else {
                throw error
            }
            throw VolumeError(code, "do", "\(step)", reason: "\(error)")
        }
    }

    private func path(_ node: Int, _ places: TreePlaces, _ name: FileName? = nil) throws -> ByteString {
        guard let path = places.paths[node] else { throw VolumeError(.noEntry, "find", "node \(node)") }
        return mountPoint + path + (name.map { "/" + $0 } ?? "")
    }

    private func inode(_ path: ByteString) throws -> Inode {
        Inode(try Posix.status(path, follow: false).inode)
    }

    private func perform(_ step: TreeStep, _ places: TreePlaces) throws -> Inode? {
        switch step {
        case .makeDirectory(let parent, let name, let mode):
            let path = try path(parent, places, name)
            try Posix.makeDirectory(path)
            // The umask is the process's.
            try Posix.setMode(path, UInt32(mode))
            return try inode(path)
        case .createFile(let parent, let name, let mode):
            let path = try path(parent, places, name)
            try FileDescriptor.open(path, [.writeOnly, .create, .exclusive], mode: 0o644)
                .setMode(UInt32(mode))
            return try inode(path)
        case .makeSymlink(let parent, let name, let target):
            let path = try path(parent, places, name)
            try Posix.makeSymbolicLink(path, to: target)
            return try inode(path)
        case .link(let node, let parent, let name):
            try Posix.link(path(node, places), as: path(parent, places, name))
        case .unlink(let parent, let name): try Posix.unlink(path(parent, places, name))
        case .removeDirectory(let parent, let name):
            try Posix.removeDirectory(path(parent, places, name))
        case .rename(let parent, let name, let newParent, let newName, let flags):
            let (old, new) = (try path(parent, places, name), try path(newParent, places, newName))
            switch flags {
            case .exchange: try Posix.exchange(old, new)
            case .noReplace: try Posix.renameWithoutReplacing(old, to: new)
            default: try Posix.rename(old, to: new)
            }
        case .chmod(let node, let mode): try Posix.setMode(path(node, places), UInt32(mode))
        case .write(let node, let offset, let bytes):
            try FileDescriptor.open(path(node, places), .writeOnly).write(bytes, at: Int64(offset))
        case .truncate(let node, let length):
            try FileDescriptor.open(path(node, places), .writeOnly).truncate(to: Int64(length))
        case .punch(let node, let offset, let count):
            // What a punched hole reads as, without the call for it.
            let path = try path(node, places)
            let end = min(Int(try Posix.status(path).size), offset + count)
            guard end > offset else { return nil }
            let zeros = [UInt8](repeating: 0, count: end - offset)
            try FileDescriptor.open(path, .writeOnly).write(zeros, at: Int64(offset))
        case .setAttribute(let node, let name, let value):
            try Posix.setAttribute(path(node, places), name, to: value)
        case .removeAttribute(let node, let name): try Posix.removeAttribute(path(node, places), name)
        }
        return nil
    }

    func difference(from model: TreeModel, at places: TreePlaces) throws -> String? {
        for number in model.reachable {
            let path = try path(number, places)
            guard try matches(number, path, model, places) else { return "\(path)" }
        }
        return nil
    }

    private func matches(
        _ number: Int,
        _ path: ByteString,
        _ model: TreeModel,
        _ places: TreePlaces
    ) throws
        -> Bool
    {
        let expected = model.nodes[number]
        let status = try Posix.status(path, follow: false)
        guard status.inode == places.inodes[number].number else { return false }
        switch expected.type {
        case .directory:
            // The root shows what the mount adds to it.
            let added: Set<ByteString> = number == 0 ? [".trash", ".accesslog", ".config", ".stats"] : []
            let items = try Posix.listDirectory(path).map(\.name).filter { !added.contains($0) }
            return status.kind == .directory && Set(items) == Set(expected.children.keys)
                && status.mode & 0o7777 == UInt32(expected.mode)
        case .symlink: return try Posix.readLink(path) == expected.target
        default:
            guard status.kind == .regular, Int(status.linkCount) == expected.links,
                status.mode & 0o7777 == UInt32(expected.mode),
                try Posix.readWholeFile(path, limit: 1 << 20) == expected.content
            else { return false }
            let names = try Posix.attributeNames(path)
            return try Set(names) == Set(expected.attributes.keys)
                && expected.attributes.allSatisfy { try Posix.attribute(path, $0.key) == $0.value }
        }
    }
}

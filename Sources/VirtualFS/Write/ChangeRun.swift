// SPDX-License-Identifier: Apache-2.0
// Applies changes inside one transaction. A run belongs to one attempt: what it learns is handed on only
// after the commit.

import Glibc
import Metadata
import ObjectStorage
import SluiceBase
import VolumeModel

/// The changes of one attempt of one transaction.
final class ChangeRun {
    private let operation: Operation
    private let root: Inode
    /// Nil on the second try, when nothing is taken for granted.
    private let cache: DirectoryCache?
    /// Directories walked or made in this attempt, not those from the cache.
    private(set) var directories: [[FileName]: Inode] = [:]
    /// Whether paths that are remembered may have gone.
    private(set) var removesDirectories = false

    init(_ operation: Operation, root: Inode, cache: DirectoryCache?) {
        self.operation = operation
        self.root = root
        self.cache = cache
    }

    /// - Returns: files that lost their last name, whose data can go after the commit.
    func apply(_ change: TreeChange) throws -> [DeletedFile] {
        let before = operation.effects.deletedFiles.count
        guard let (names, name) = change.path.split else { try applyToRoot(change); return [] }
        guard let parent = try directory(names, making: change.makesParents) else {
            if case .removal = change.deed { return [] }
            throw VolumeError(.noEntry, "change", "\(name)")
        }
        switch change.deed {
        case .file, .symlink, .special, .link: try make(change, name, in: parent)
        case .directory: try makeDirectory(change, name, in: parent)
        case .removal: try remove(name, in: parent, change.path)
        case .facts, .attributes: try changeExisting(change, name, in: parent)
        }
        return Array(operation.effects.deletedFiles[before...])
    }

    private func applyToRoot(_ change: TreeChange) throws {
        switch change.deed {
        case .directory, .facts: try setFacts(change, of: root)
        case .attributes(let wanted): try setAttributes(wanted, of: root)
        default: throw VolumeError(.isDirectory, "change", root, reason: "the key is that of the tree's root")
        }
    }

    // MARK: Parents

    /// The directory with a path; nil where something is missing and not to be made.
    private func directory(_ names: [FileName], making: Bool) throws -> Inode? {
        guard let name = names.last else { return root }
        if let known = directories[names] ?? cache?.find(names) { return known }
        guard let parent = try directory(Array(names.dropLast()), making: making) else { return nil }
        let found: Inode
        if let entry = try operation.transaction.entry(named: name, in: parent) {
            guard let inode = try directory(entry, names, making: making) else { return nil }
            found = inode
        } else {
            guard making else { return nil }
            found = try operation.makeDirectory(name, in: parent, mode: 0o755).inode
            try setFacts(nil, nil, default: 0o755, of: found)
        }
        directories[names] = found
        return found
    }

    /// The directory that an entry is or leads to.
    private func directory(_ entry: Entry, _ names: [FileName], making: Bool) throws -> Inode? {
        if entry.type == .directory { return entry.inode }
        if entry.type == .symlink {
            let walk = PathWalk(reader: operation.transaction)
            let place = try walk.find(names, from: [root], followingLast: true)
            if let place, place.attributes.type == .directory { return place.inode }
        }
        guard making else { return nil }
        throw VolumeError(.notDirectory, "change", names.map(\.description).joined(separator: "/"))
    }

    // MARK: Deeds

    private func make(_ change: TreeChange, _ name: FileName, in parent: Inode) throws {
        let existing = try operation.transaction.entry(named: name, in: parent)
        if case .link(let names) = change.deed {
            let source = try existingNode(names)
            // Another name of the same file is there already.
            guard existing?.inode != source.inode else { return }
            try clear(existing, name, in: parent)
            _ = try operation.link(source.inode, to: name, in: parent)
            return
        }
        try clear(existing, name, in: parent)
        switch change.deed {
        case .file(let writes):
            let node = try operation.createFile(name, in: parent, mode: change.facts?.mode ?? 0o644)
            try operation.write(writes, of: node.inode, modified: change.modified)
            try setFacts(
                change.facts,
                writes.isEmpty ? change.modified : nil,
                default: 0o644,
                of: node.inode,
                node.attributes
            )
        case .symlink(let target):
            let node = try operation.makeSymlink(name, in: parent, target: target)
            try setFacts(change.facts, change.modified, default: 0o777, of: node.inode)
        case .special(let file):
            let node = try operation.makeNode(
                name,
                in: parent,
                type: file.type,
                mode: change.facts?.mode ?? 0o644,
                device: try file.storedDevice()
            )
            try setFacts(change.facts, change.modified, default: 0o644, of: node.inode)
        case .directory, .link, .facts, .attributes, .removal:
            break
        }
    }

    /// Takes away what has a name that something else is to get; the trash keeps it, if it is on.
    ///
    /// A directory
    /// goes only when it is empty.
    private func clear(_ entry: Entry?, _ name: FileName, in parent: Inode) throws {
        guard let entry else { return }
        if entry.type == .directory {
            throw VolumeError(.isDirectory, "replace", name, in: parent)
        }
        try operation.unlink(name, in: parent)
    }

    private func makeDirectory(_ change: TreeChange, _ name: FileName, in parent: Inode) throws {
        if let entry = try operation.transaction.entry(named: name, in: parent) {
            guard let inode = try directory(entry, change.path.names, making: true) else { return }
            directories[change.path.names] = inode
            try setFacts(change, of: inode)
        } else {
            let node = try operation.makeDirectory(name, in: parent, mode: change.facts?.mode ?? 0o755)
            directories[change.path.names] = node.inode
            try setFacts(change.facts, change.modified, default: 0o755, of: node.inode, node.attributes)
        }
    }

    private func remove(_ name: FileName, in parent: Inode, _ path: TreePath) throws {
        guard let entry = try operation.transaction.entry(named: name, in: parent) else { return }
        if entry.type == .directory {
            try operation.removeDirectory(name, in: parent)
            removesDirectories = true
            directories = directories.filter { !$0.key.starts(with: path.names) }
        } else if !path.isDirectory {
            try operation.unlink(name, in: parent)
        }
    }

    private func changeExisting(_ change: TreeChange, _ name: FileName, in parent: Inode) throws {
        guard let entry = try operation.transaction.entry(named: name, in: parent) else {
            throw VolumeError(.noEntry, "change", name, in: parent)
        }
        if case .attributes(let wanted) = change.deed { return try setAttributes(wanted, of: entry.inode) }
        try setFacts(change, of: entry.inode)
    }

    private func existingNode(_ names: [FileName]) throws -> PathWalk.Place {
        let walk = PathWalk(reader: operation.transaction)
        guard let place = try walk.find(names, from: [root], followingLast: false) else {
            throw VolumeError(.noEntry, "link", names.map(\.description).joined(separator: "/"))
        }
        return place
    }

    // MARK: Attributes

    private func setFacts(_ change: TreeChange, of inode: Inode) throws {
        guard change.facts != nil || change.modified != nil else { return }
        let mode = change.facts?.mode
        try operation.setAttributes(
            of: inode,
            AttributeChange(
                mode: mode,
                uid: change.facts?.uid,
                gid: change.facts?.gid,
                modifyTime: change.modified.map { .at($0) }
            )
        )
    }

    /// Sets what a new node is to have; without facts it belongs to the user who runs this program.
    /// - Parameter node: what it has already, when known.
    private func setFacts(
        _ facts: FileFacts?,
        _ modified: Timestamp?,
        default mode: UInt16,
        of inode: Inode,
        _ node: Attributes? = nil,
    ) throws {
        let facts = facts ?? FileFacts(mode: mode, uid: geteuid(), gid: getegid())
        if let node, modified == nil, (node.mode, node.uid, node.gid) == (facts.mode, facts.uid, facts.gid) {
            return
        }
        try operation.setAttributes(
            of: inode,
            AttributeChange(
                mode: facts.mode,
                uid: facts.uid,
                gid: facts.gid,
                modifyTime: modified.map { .at($0) }
            )
        )
    }

    /// Adds, replaces and removes; outside of `user.` nothing is removed, as in a file tree.
    private func setAttributes(_ wanted: [ExtendedAttribute], of inode: Inode) throws {
        for name in try operation.view.extendedAttributeNames(of: inode)
        where name.hasPrefix("user.") && !wanted.contains(where: { $0.name == name }) {
            try operation.removeExtendedAttribute(name, of: inode)
        }
        for attribute in wanted {
            try operation.setExtendedAttribute(attribute.name, of: inode, to: attribute.value)
        }
    }
}

extension SpecialFile {
    fileprivate var type: FileType {
        switch kind {
        case .fifo: .fifo
        case .socket: .socket
        case .characterDevice: .characterDevice
        case .blockDevice: .blockDevice
        }
    }

    /// A volume has 32 bits for a device number.
    fileprivate func storedDevice() throws -> UInt32 {
        guard let number = UInt32(exactly: device) else {
            throw VolumeError(
                .outOfRange,
                "create",
                "a device",
                reason: "the device number \(device) is too large"
            )
        }
        return number
    }
}

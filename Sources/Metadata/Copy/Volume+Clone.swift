// SPDX-License-Identifier: Apache-2.0
// Clones of files and trees (metadata-format §5.11). A tree is filled in transactions of some entries each
// and gets its name at the end; what a crash leaves has no name, and gc removes it after a day.

package import VolumeModel

extension Volume {
    /// Entries cloned or removed in one transaction.
    private static var cloneBatch: Int { 100 }
    /// Deeper nesting than this is damage.
    private static var cloneDepth: Int { 4096 }

    /// A directory that is being cloned or removed.
    private struct CloneLevel {
        var source: Inode
        var clone: Inode
        var after: FileName?
        var isAtEnd = false
        /// Directories of the last page, which are done first.
        var inner: [(source: Inode, clone: Inode)] = []
    }

    /// Makes a copy that shares all data with the original.
    ///
    /// Entries that come or go meanwhile are cloned or not.
    /// - Throws: `VolumeError.exists`, `.noEntry`, `.accessDenied`, `.notPermitted`, `.invalid` for a
    ///   directory into itself, `.noSpace`, `.quotaExceeded`, `.damaged`. Of the clone notes about deleted
    ///   files are left then; more when removing it fails too, which gc finds.
    /// - Returns: the clone.
    @discardableResult
    package func clone(
        _ source: Inode,
        as name: FileName,
        in parent: Inode,
        mode: CloneMode = [],
        caller: Caller = .superuser,
    ) throws -> Inode {
        let order = CloneOrder(mode: mode, caller: caller)
        let (clone, isDirectory) = try perform(inodes: 1) { operation in
            let directory = try operation.checkClone(of: source, as: name, in: parent, caller: caller)
            let type = try operation.attributes(of: source).type
            guard type != .directory else {
                return (try operation.cloneDetached(source, as: name, in: parent, order).inode, true)
            }
            let entry = NamedEntry(name: name, inode: source, type: type)
            guard let clone = try operation.cloneEntry(entry, in: parent, order, isTop: true) else {
                throw VolumeError(.noEntry, "clone", source)
            }
            try operation.touchParent(parent, directory)
            return (clone.inode, false)
        }
        guard isDirectory else { return clone }
        do {
            try fill(clone, from: source, order)
            try perform { try $0.attach(clone, as: name, in: parent, caller: caller) }
        } catch {
            // The notes about their data stay, for the job that removes what others left.
            _ = try removeDetached(clone)
            throw error
        }
        return clone
    }

    private func fill(_ clone: Inode, from source: Inode, _ order: CloneOrder) throws {
        var levels = [CloneLevel(source: source, clone: clone)]
        while var level = levels.popLast() {
            if let inner = level.inner.popLast() {
                levels.append(level)
                guard levels.count < Self.cloneDepth else {
                    throw VolumeError(.damaged, "clone", source, reason: "directories lie in each other")
                }
                levels.append(CloneLevel(source: inner.source, clone: inner.clone))
            } else if !level.isAtEnd {
                try clonePage(of: &level, order)
                levels.append(level)
            }
        }
    }

    private func clonePage(of level: inout CloneLevel, _ order: CloneOrder) throws {
        let page = try readDirectory(
            level.source,
            after: level.after,
            limit: Self.cloneBatch,
            caller: order.caller
        )
        level.after = page.last?.name
        level.isAtEnd = page.count < Self.cloneBatch
        guard !page.isEmpty else { return }
        let parent = level.clone
        level.inner = try perform(inodes: page.count) { operation in
            var inner: [(source: Inode, clone: Inode)] = []
            for item in page {
                let entry = NamedEntry(name: item.name, inode: item.inode, type: item.type)
                guard let clone = try operation.cloneEntry(entry, in: parent, order) else { continue }
                if clone.attributes.type == .directory { inner.append((item.inode, clone.inode)) }
            }
            if !inner.isEmpty {
                let links = Int32(clamping: inner.count)
                try operation.transaction.touch(parent, linkDelta: links, time: nil)
            }
            return inner
        }
    }

    /// Removes a tree that never got its name.
    /// - Returns: files whose data can be removed now.
    package func removeDetached(_ inode: Inode) throws -> [DeletedFile] {
        var files: [DeletedFile] = []
        var levels: [(directory: Inode, name: FileName?)] = [(inode, nil)]
        while let level = levels.last {
            let entries = try engine.read { try $0.someEntries(of: level.directory, limit: Self.cloneBatch) }
            let inner = try engine.read { reader in
                try entries.first { try $0.type == .directory && reader.hasEntries($0.inode) }
            }
            if let inner {
                guard levels.count < Self.cloneDepth else {
                    throw VolumeError(.damaged, "remove", inode, reason: "directories lie in each other")
                }
                levels.append((inner.inode, inner.name))
                continue
            }
            files += try perform { try $0.removeUnseen(entries, from: level.directory) }
            guard entries.count < Self.cloneBatch else { continue }
            levels.removeLast()
        }
        try perform { try $0.removeDetachedTop(inode) }
        return files
    }
}

extension Operation {
    /// Removes entries of a tree that nobody sees: no rule protects them.
    /// - Returns: files whose data can be removed now.
    fileprivate func removeUnseen(_ entries: [NamedEntry], from directory: Inode) throws -> [DeletedFile] {
        let attributes = try view.directory(directory, for: "remove from")
        var directories: Int32 = 0
        for entry in entries {
            try transaction.lock([entry.inode])
            guard let node = try transaction.node(entry.inode) else {
                try transaction.deleteEntry(named: entry.name, in: directory)
                continue
            }
            _ = try detach(
                entry.name,
                (entry.inode, node),
                from: directory,
                attributes,
                openedBy: nil,
                skipTrash: true
            )
            if node.type == .directory { directories += 1 }
        }
        if directories > 0 { try transaction.touch(directory, linkDelta: -directories, time: nil) }
        return effects.deletedFiles
    }

    fileprivate func removeDetachedTop(_ inode: Inode) throws {
        try transaction.lock([inode])
        try requireEmpty(inode, for: "remove")
        try transaction.deleteDetachedNode(inode)
        guard let node = try transaction.node(inode) else { return }
        try removeUsageRecords(ofDirectory: inode)
        try discard(inode, node)
        try log(.cleanUp(inode))
    }
}

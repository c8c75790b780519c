// SPDX-License-Identifier: Apache-2.0
// Removing whole trees for good, deepest entries first: an hour of the trash (metadata-format §5.7), and a
// clone that was left unfinished (§5.11).

import SluiceBase
package import VolumeModel

extension Volume {
    /// Names that are removed in one transaction.
    private static var removalBatch: Int { 64 }
    /// Directories in the trash are empty unless somebody rebuilt a tree there; deeper nesting than this is
    /// damage.
    private static var trashDepth: Int { 4096 }

    /// Removes an hourly directory with everything in it.
    /// - Parameter removing: is handed each file whose data can be removed, after its transaction.
    /// - Throws: `VolumeError`; what `removing` throws. What is removed by then stays removed.
    package func emptyTrashHour(
        _ name: FileName,
        _ hour: Inode,
        removing: (DeletedFile) throws -> Void,
    ) throws {
        guard hour.isTrash, hour != .trash else {
            throw VolumeError(.invalid, "empty", hour, reason: "not an hour of the trash")
        }
        try removeEverything(below: hour, removing: removing)
        try removeDirectory(name, in: .trash, skipTrash: true)
    }

    /// Removes a detached tree: the top of an unfinished clone, which no entry names, with everything in it.
    ///
    /// That no entry names it is for the caller to find out. May be repeated after any failure.
    /// - Parameters:
    ///   - added: as in the record; seconds since the epoch.
    ///   - removing: is handed each file whose data can be removed, after its transaction.
    /// - Returns: false when there is no such record, or no node.
    /// - Throws: `VolumeError`; what `removing` throws. What is removed by then stays removed.
    package func removeDetachedTree(
        _ top: Inode,
        added: Int64,
        removing: (DeletedFile) throws -> Void,
    ) throws -> Bool {
        let isThere = try perform { operation in
            guard var node = try operation.detachedNode(top, added: added) else { return false }
            // No quota above has been charged for the clone, so none must be relieved of it.
            node.parent = Inode(0)
            try operation.transaction.updateNode(top, node)
            return true
        }
        guard isThere else { return false }
        try removeEverything(below: top, removing: removing)
        let files = try perform { operation -> [DeletedFile] in
            guard let node = try operation.detachedNode(top, added: added) else { return [] }
            try operation.requireEmpty(top, for: "remove the detached")
            if node.type == .directory { try operation.removeUsageRecords(ofDirectory: top) }
            try operation.discard(top, node)
            try operation.transaction.deleteDetachedNode(top)
            return operation.effects.deletedFiles
        }
        for file in files { try removing(file) }
        return true
    }

    /// Removes a directory with everything in it, past the trash.
    /// - Parameter removing: is handed each file whose data can be removed, after its transaction.
    /// - Throws: `VolumeError`; what `removing` throws. What is removed by then stays removed.
    package func removeTree(
        _ name: FileName,
        in parent: Inode,
        removing: (DeletedFile) throws -> Void,
    ) throws {
        try removeEverything(below: lookup(name, in: parent).inode, removing: removing)
        try removeDirectory(name, in: parent, skipTrash: true)
    }

    private func removeEverything(below top: Inode, removing: (DeletedFile) throws -> Void) throws {
        var levels: [(directory: Inode, name: FileName)] = [(top, "")]
        while let level = levels.last {
            let entries = try engine.read {
                try $0.entries(of: level.directory, after: nil, limit: Self.removalBatch)
            }
            if let inner = try firstFilledDirectory(entries) {
                guard levels.count < Self.trashDepth, !levels.contains(where: { $0.directory == inner.inode })
                else {
                    throw VolumeError(
                        .damaged,
                        "empty",
                        level.directory,
                        reason: "directories lie in each other"
                    )
                }
                levels.append((inner.inode, inner.name))
                continue
            }
            for file in try remove(entries, from: level.directory) { try removing(file) }
            guard entries.count < Self.removalBatch else { continue }
            levels.removeLast()
            guard let parent = levels.last?.directory else { return }
            try removeDirectory(level.name, in: parent, skipTrash: true)
        }
    }

    private func firstFilledDirectory(_ entries: [NamedEntry]) throws -> NamedEntry? {
        try engine.read { reader in
            try entries.first { entry in
                guard entry.type == .directory else { return false }
                return try !reader.entries(of: entry.inode, after: nil, limit: 1).isEmpty
            }
        }
    }

    private func remove(_ entries: [NamedEntry], from directory: Inode) throws -> [DeletedFile] {
        guard !entries.isEmpty else { return [] }
        return try perform { operation in
            for entry in entries {
                if entry.type == .directory {
                    try operation.removeDirectory(entry.name, in: directory, skipTrash: true)
                } else {
                    try operation.unlink(entry.name, in: directory, skipTrash: true)
                }
            }
            return operation.effects.deletedFiles
        }
    }
}

extension Operation {
    /// The top of a detached tree, when its record is the one that was seen.
    fileprivate func detachedNode(_ top: Inode, added: Int64) throws -> Attributes? {
        try transaction.lock([top])
        guard top != .root, !top.isTrash, try transaction.detachedNode(top)?.added == added else {
            return nil
        }
        return try transaction.node(top)
    }
}

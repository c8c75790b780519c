// SPDX-License-Identifier: Apache-2.0
// Emptying an hour of the trash: every entry is removed for good, deepest first, then the hour itself
// (metadata-format §5.7).

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
        var levels: [(directory: Inode, name: FileName)] = [(hour, name)]
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
            let parent = levels.last?.directory ?? .trash
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

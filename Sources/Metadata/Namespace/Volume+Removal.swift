// SPDX-License-Identifier: Apache-2.0
// Removing and moving names, each as a transaction of its own. What they do and throw is said at `Operation`.

package import VolumeModel

extension Volume {
    /// What a removal left over.
    package struct Removal: Sendable {
        package var inode: Inode
        /// As they were before.
        package var attributes: Attributes
        /// Files whose data can be removed now.
        package var deletedFiles: [DeletedFile]
    }

    /// See `Operation.unlink`.
    @discardableResult
    package func unlink(
        _ name: FileName,
        in parent: Inode,
        caller: Caller = .superuser,
        openedBy session: UInt64? = nil,
        skipTrash: Bool = false,
    ) throws -> Removal {
        try perform { operation in
            let node = try operation.unlink(
                name,
                in: parent,
                caller: caller,
                openedBy: session,
                skipTrash: skipTrash
            )
            return Removal(
                inode: node.inode,
                attributes: node.attributes,
                deletedFiles: operation.effects.deletedFiles
            )
        }
    }

    /// See `Operation.removeDirectory`.
    @discardableResult
    package func removeDirectory(
        _ name: FileName,
        in parent: Inode,
        caller: Caller = .superuser,
        skipTrash: Bool = false,
    ) throws -> Node {
        try perform { try $0.removeDirectory(name, in: parent, caller: caller, skipTrash: skipTrash) }
    }

    /// See `Operation.rename`.
    /// - Returns: the node that has the new name now, and files whose data can be removed.
    @discardableResult
    package func rename(
        _ name: FileName,
        in source: Inode,
        to newName: FileName,
        in destination: Inode,
        flags: RenameFlags = [],
        caller: Caller = .superuser,
        openedBy session: UInt64? = nil,
    ) throws -> Removal {
        try perform { operation in
            let node = try operation.rename(
                name,
                in: source,
                to: newName,
                in: destination,
                flags: flags,
                caller: caller,
                openedBy: session
            )
            return Removal(
                inode: node.inode,
                attributes: node.attributes,
                deletedFiles: operation.effects.deletedFiles
            )
        }
    }
}

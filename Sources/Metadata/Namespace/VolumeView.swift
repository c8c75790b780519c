// SPDX-License-Identifier: Apache-2.0
// The rules that only read, over any reader: a read transaction, a running operation or a snapshot.

package import SluiceBase
package import VolumeModel

/// A node with its number.
package typealias Node = (inode: Inode, attributes: Attributes)

/// A volume as one reader shows it.
///
/// Valid as long as the reader, on its thread.
package struct VolumeView {
    package let reader: any MetadataReader
    package let settings: VolumeSettings

    package init(reader: any MetadataReader, settings: VolumeSettings) {
        self.reader = reader
        self.settings = settings
    }

    /// A node's attributes.
    /// - Throws: `VolumeError.noEntry` when there is no such node.
    package func attributes(of inode: Inode) throws -> Attributes {
        try attributes(of: inode, for: "read")
    }

    func attributes(of inode: Inode, for operation: String) throws -> Attributes {
        guard let node = try reader.node(inode) else { throw VolumeError(.noEntry, operation, inode) }
        return node
    }

    /// A directory's attributes.
    /// - Throws: `VolumeError.noEntry`, `.notDirectory`.
    func directory(_ inode: Inode, for operation: String) throws -> Attributes {
        let node = try attributes(of: inode, for: operation)
        guard node.type == .directory else { throw VolumeError(.notDirectory, operation, inode) }
        return node
    }

    /// The node that an entry points to; `.trash` is an entry of the root only, `.` and `..` are known
    /// everywhere.
    /// - Throws: `VolumeError.noEntry`, `.notDirectory`, `.accessDenied`, `.damaged` when the entry's node is
    ///   gone.
    package func lookup(_ name: FileName, in parent: Inode, caller: Caller = .superuser) throws -> Node {
        let isSpecial = name == "." || name == ".." || (name == .trash && parent == .root)
        guard !isSpecial else { return try lookupSpecial(name, in: parent, caller: caller) }
        let step = try reader.step(to: name, in: parent)
        try check(parent, step.directory, caller: caller)
        try Self.check(name, for: "look up", in: parent)
        guard let found = step.entry else { throw VolumeError(.noEntry, "look up", name, in: parent) }
        guard let node = found.attributes else {
            throw VolumeError(
                .damaged,
                "look up",
                name,
                in: parent,
                reason: "its inode \(found.entry.inode) is missing"
            )
        }
        return (found.entry.inode, node)
    }

    /// Names that no directory stores.
    private func lookupSpecial(_ name: FileName, in parent: Inode, caller: Caller) throws -> Node {
        let directory = try check(parent, reader.node(parent), caller: caller)
        if name == "." { return (parent, directory) }
        if name == ".." {
            let above = parent == .root ? .root : directory.parent
            return (above, try attributes(of: above, for: "look up"))
        }
        guard let node = try reader.node(.trash) else {
            throw VolumeError(.noEntry, "look up", name, in: parent)
        }
        return (.trash, node)
    }

    /// Checks that the caller may look up names in a directory.
    @discardableResult
    private func check(_ parent: Inode, _ node: Attributes?, caller: Caller) throws -> Attributes {
        guard let node else { throw VolumeError(.noEntry, "look up in", parent) }
        guard node.type == .directory else { throw VolumeError(.notDirectory, "look up in", parent) }
        try require(.execute, on: parent, node, caller: caller, for: "look up in")
        return node
    }

    /// A symlink's target.
    /// - Throws: `VolumeError.noEntry`, `.invalid` when the node is no symlink, `.damaged` when the target is
    ///   missing.
    package func readLink(_ inode: Inode) throws -> ByteString {
        guard try attributes(of: inode, for: "read link").type == .symlink else {
            throw VolumeError(.invalid, "read link", inode, reason: "not a symbolic link")
        }
        guard let target = try reader.symlinkTarget(of: inode) else {
            throw VolumeError(.damaged, "read link", inode, reason: "the link's target is missing")
        }
        return target
    }

    /// - Throws: `VolumeError.noEntry` for an empty name, `.nameTooLong`, `.invalid`.
    static func check(_ name: FileName, for operation: String, in directory: Inode) throws {
        guard !name.isEmpty else { throw VolumeError(.noEntry, operation, name, in: directory) }
        guard name.count <= FileName.maximumLength else {
            throw VolumeError(.nameTooLong, operation, name, in: directory)
        }
        guard name.isValidName else { throw VolumeError(.invalid, operation, name, in: directory) }
    }
}

// SPDX-License-Identifier: Apache-2.0
// The operations on names, each as a transaction of its own. What they do and throw is said at `Operation`
// and `VolumeView`.

package import SluiceBase
package import VolumeModel

extension Volume {
    /// Runs rules that only read on one consistent state.
    package func view<Result>(_ body: (VolumeView) throws -> Result) throws -> Result {
        let settings = settings
        return try engine.read { try body(VolumeView(reader: $0, settings: settings)) }
    }

    /// See `VolumeView.lookup`.
    package func lookup(_ name: FileName, in parent: Inode, caller: Caller = .superuser) throws -> Node {
        try view { try $0.lookup(name, in: parent, caller: caller) }
    }

    /// See `VolumeView.resolve`.
    package func resolve(
        _ path: ByteString,
        followLinks: Bool = true,
        base: Inode = .root,
        caller: Caller = .superuser,
    ) throws -> Node {
        try view { try $0.resolve(path, followLinks: followLinks, base: base, caller: caller) }
    }

    /// See `VolumeView.resolveParent`.
    package func resolveParent(
        _ path: ByteString,
        base: Inode = .root,
        caller: Caller = .superuser,
    ) throws -> (parent: Inode, name: FileName) {
        try view { try $0.resolveParent(path, base: base, caller: caller) }
    }

    /// See `VolumeView.readDirectory`.
    package func readDirectory(
        _ inode: Inode,
        after name: FileName? = nil,
        limit: Int,
        withAttributes: Bool = false,
        caller: Caller = .superuser,
    ) throws -> [DirectoryItem] {
        try view {
            try $0.readDirectory(
                inode,
                after: name,
                limit: limit,
                withAttributes: withAttributes,
                caller: caller
            )
        }
    }

    /// See `VolumeView.readLink`.
    package func readLink(_ inode: Inode) throws -> ByteString {
        try view { try $0.readLink(inode) }
    }

    /// See `VolumeView.paths`.
    package func paths(of inode: Inode, limit: Int = 1000) throws -> [ByteString] {
        try view { try $0.paths(of: inode, limit: limit) }
    }

    /// See `VolumeView.treeSummary`.
    package func treeSummary(of inode: Inode) throws -> TreeSummary {
        try view { try $0.treeSummary(of: inode) }
    }

    /// See `VolumeView.entrySummary`.
    package func entrySummary(of inode: Inode) throws -> TreeSummary {
        try view { try $0.entrySummary(of: inode) }
    }

    /// See `Operation.makeDirectory`.
    package func makeDirectory(
        _ name: FileName,
        in parent: Inode,
        mode: UInt16 = 0o777,
        caller: Caller = .superuser,
    ) throws -> Node {
        try perform(inodes: 1) { try $0.makeDirectory(name, in: parent, mode: mode, caller: caller) }
    }

    /// See `Operation.createFile`.
    package func createFile(
        _ name: FileName,
        in parent: Inode,
        mode: UInt16 = 0o666,
        caller: Caller = .superuser,
    ) throws -> Node {
        try perform(inodes: 1) { try $0.createFile(name, in: parent, mode: mode, caller: caller) }
    }

    /// See `Operation.makeNode`.
    package func makeNode(
        _ name: FileName,
        in parent: Inode,
        type: FileType,
        mode: UInt16 = 0o666,
        device: UInt32 = 0,
        caller: Caller = .superuser,
    ) throws -> Node {
        try perform(inodes: 1) {
            try $0.makeNode(name, in: parent, type: type, mode: mode, device: device, caller: caller)
        }
    }

    /// See `Operation.makeSymlink`.
    package func makeSymlink(
        _ name: FileName,
        in parent: Inode,
        target: ByteString,
        caller: Caller = .superuser,
    ) throws -> Node {
        try perform(inodes: 1) { try $0.makeSymlink(name, in: parent, target: target, caller: caller) }
    }

    /// See `Operation.link`.
    @discardableResult
    package func link(
        _ inode: Inode,
        to name: FileName,
        in parent: Inode,
        caller: Caller = .superuser,
    ) throws -> Attributes {
        try perform { try $0.link(inode, to: name, in: parent, caller: caller) }
    }
}

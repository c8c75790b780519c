// SPDX-License-Identifier: Apache-2.0
// What the operations on names share: which nodes and directories may change, and how entries are counted.

package import SluiceBase
package import VolumeModel

extension FileName {
    /// The name under which the root shows the trash.
    package static let trash: FileName = ".trash"
}

extension Operation {
    /// The rules that only read, within this transaction.
    package var view: VolumeView { VolumeView(reader: transaction, settings: settings) }

    /// - Throws: see `VolumeView.lookup`.
    package func lookup(_ name: FileName, in parent: Inode, caller: Caller = .superuser) throws -> Node {
        try view.lookup(name, in: parent, caller: caller)
    }

    /// - Throws: `VolumeError.noEntry` when there is no such node.
    package func attributes(of inode: Inode) throws -> Attributes {
        try view.attributes(of: inode)
    }

    /// A node that is not in the trash.
    /// - Throws: `VolumeError.noEntry`, `.notPermitted` (metadata-format §5.7).
    func changeableNode(_ inode: Inode, for operation: String) throws -> Attributes {
        let node = try view.attributes(of: inode, for: operation)
        // Compatibility: files with several names have the parent 0 and escape this check (JuiceFS 1.4.2).
        guard !inode.isTrash, !node.isInTrash else {
            throw VolumeError(.notPermitted, operation, inode, reason: "it is in the trash")
        }
        return node
    }

    /// A directory in which the caller may make and remove entries.
    func changeableDirectory(_ inode: Inode, caller: Caller, for operation: String) throws -> Attributes {
        let node = try view.directory(inode, for: operation)
        try view.require([.write, .execute], on: inode, node, caller: caller, for: operation)
        guard !node.flags.contains(.immutable) else {
            throw VolumeError(.notPermitted, operation, inode, reason: "the directory is immutable")
        }
        return node
    }

    /// - Throws: `VolumeError` when the name is not one, or means the trash.
    func check(_ name: FileName, in directory: Inode, for operation: String) throws {
        try VolumeView.check(name, for: operation, in: directory)
        guard directory != .root || name != .trash else {
            throw VolumeError(.notPermitted, operation, name, in: directory, reason: "the name is reserved")
        }
    }

    /// Checks that the caller may take a node's entry out of a directory.
    /// - Throws: `VolumeError.notPermitted` for immutable and append-only nodes and directories,
    ///   `.accessDenied` for what others own in a sticky directory.
    func checkRemovable(
        _ inode: Inode,
        _ node: Attributes,
        from directory: Attributes,
        caller: Caller,
        for operation: String,
    ) throws {
        guard directory.flags.isDisjoint(with: [.immutable, .append]),
            node.flags.isDisjoint(with: [.immutable, .append])
        else {
            throw VolumeError(.notPermitted, operation, inode, reason: "immutable or append-only")
        }
        let owns = caller.isSuperuser || caller.uid == directory.uid || caller.uid == node.uid
        guard directory.mode & 0o1000 == 0 || owns else {
            throw VolumeError(.accessDenied, operation, inode, reason: "others own it in a sticky directory")
        }
    }

    /// Notes that a directory's entries changed; not more often than every 100 ms unless its link count
    /// changes, and never in the trash (metadata-format §5.11).
    /// - Returns: whether it was noted.
    @discardableResult
    func touchParent(_ directory: Inode, _ node: Attributes, linkDelta: Int32 = 0) throws -> Bool {
        guard !directory.isTrash else { return false }
        let age = time.nanoseconds(since: node.modifyTime)
        guard linkDelta != 0 || !(0..<100_000_000).contains(age) else { return false }
        // A count of 0 is damage that a removal must not make worse.
        let delta = node.linkCount == 0 ? max(0, linkDelta) : linkDelta
        try transaction.touch(directory, linkDelta: delta, time: time)
        return true
    }

    /// Counts a new entry for a node.
    func chargeEntry(of node: Attributes, in directory: Inode) throws {
        charge(directory: directory, node.share)
        try chargeQuotas(from: directory, space: node.usedSpace, inodes: 1)
    }

    /// Counts an entry that is gone.
    func dischargeEntry(of node: Attributes, in directory: Inode) throws {
        charge(directory: directory, node.share.negated)
        try chargeQuotas(from: directory, space: -node.usedSpace, inodes: -1)
    }
}

extension Attributes {
    /// Whether the only entry is in an hourly trash directory.
    var isInTrash: Bool { parent > .trash }

    /// What an entry for this node adds to its directory's stat.
    package var share: DirectoryStat {
        DirectoryStat(
            dataLength: type == .file ? Int64(clamping: length) : 0,
            usedSpace: usedSpace,
            usedInodes: 1
        )
    }
}

extension DirectoryStat {
    /// The opposite change.
    package var negated: DirectoryStat {
        // No field is Int64.min: all come from lengths and counts.
        DirectoryStat(dataLength: 0 &- dataLength, usedSpace: 0 &- usedSpace, usedInodes: 0 &- usedInodes)
    }
}

extension Timestamp {
    /// Nanoseconds that passed since another time, held at the ends of the range.
    fileprivate func nanoseconds(since other: Timestamp) -> Int64 {
        let (seconds, overflow) = seconds.subtractingReportingOverflow(other.seconds)
        let (whole, overflowed) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow, !overflowed else { return self < other ? .min : .max }
        return whole.saturatingAdd(Int64(nanoseconds) - Int64(other.nanoseconds))
    }
}

// SPDX-License-Identifier: Apache-2.0
// Moving names (metadata-format §5.11, §8: rename). The exchange of two names is in Operation+Exchange.swift.

package import VolumeModel

/// How a rename treats what is in its way (metadata-format §0).
package struct RenameFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Fails when the new name is taken.
    package static let noReplace = RenameFlags(rawValue: 1)
    /// Swaps the two names.
    package static let exchange = RenameFlags(rawValue: 2)
    /// Known and refused.
    package static let whiteout = RenameFlags(rawValue: 4)
    /// Takes an entry out of the trash; with `noReplace`.
    package static let restore = RenameFlags(rawValue: 32)
}

/// A name in a directory, as a rename found it.
struct NamePlace {
    var directory: Inode
    var attributes: Attributes
    var name: FileName
}

extension Operation {
    /// Moves a name, within a directory or to another one.
    ///
    /// What has the new name is removed as `unlink` and `removeDirectory` do, trash included.
    /// - Parameter session: the caller's session when it has the file open that loses its name.
    /// - Throws: `VolumeError.noEntry`, `.exists`, `.notDirectory`, `.isDirectory`, `.notEmpty`,
    ///   `.accessDenied`, `.notPermitted`, `.quotaExceeded`, `.invalid` for a directory into itself,
    ///   `.notSupported`.
    /// - Returns: the node that has the new name now.
    @discardableResult
    package func rename(
        _ name: FileName,
        in source: Inode,
        to newName: FileName,
        in destination: Inode,
        flags: RenameFlags = [],
        caller: Caller = .superuser,
        openedBy session: UInt64? = nil,
    ) throws -> Node {
        try transaction.expect(
            [
                .node(source), .node(destination), .lookup(name, in: source),
                .lookup(newName, in: destination), .directoryQuotas,
            ] + trashLookup
        )
        let from = try sourcePlace(source, name, flags, caller: caller)
        let to = try destinationPlace(destination, newName, flags, caller: caller)
        guard let entry = try transaction.entry(named: name, in: source) else {
            throw VolumeError(.noEntry, "rename", name, in: source)
        }
        let existing = try transaction.entry(named: newName, in: destination)
        guard existing == nil || !flags.contains(.noReplace) else {
            throw VolumeError(.exists, "rename", newName, in: destination)
        }
        let inodes = [entry.inode] + (existing.map { [$0.inode] } ?? [])
        try transaction.lock(inodes.sorted())
        let moved = try movable(entry.inode, at: from, to: to, caller: caller)
        if existing?.inode == entry.inode { return moved }
        if flags.contains(.exchange) {
            guard let existing else { throw VolumeError(.noEntry, "rename", newName, in: destination) }
            let other = try movable(existing.inode, at: to, to: from, caller: caller)
            return try exchange(moved, at: from, with: other, at: to)
        }
        let displaced = try existing.map { try displaceable($0.inode, at: to, by: moved, caller: caller) }
        let (node, hour) = try move(moved, from: from, to: to, displacing: displaced, openedBy: session)
        try log(
            .rename(
                entry.inode,
                name,
                in: source,
                to: newName,
                in: destination,
                flags: flags,
                replaced: displaced?.inode ?? Inode(0),
                hour: hour
            )
        )
        return (entry.inode, node)
    }

    private func sourcePlace(
        _ directory: Inode,
        _ name: FileName,
        _ flags: RenameFlags,
        caller: Caller,
    ) throws -> NamePlace {
        guard !flags.contains(.whiteout) else {
            throw VolumeError(.notSupported, "rename", name, in: directory)
        }
        let known: [RenameFlags] = [[], .noReplace, .exchange, [.noReplace, .restore]]
        guard known.contains(flags) else {
            throw VolumeError(.invalid, "rename", name, in: directory, reason: "flags \(flags.rawValue)")
        }
        try check(name, in: directory, for: "rename")
        let isRestore = flags.contains(.restore)
        guard !directory.isTrash || directory != .trash && (isRestore || caller.isSuperuser),
            !directory.isTrash || !flags.contains(.exchange)
        else {
            throw VolumeError(.notPermitted, "rename", name, in: directory, reason: "it is in the trash")
        }
        let attributes =
            directory.isTrash && isRestore
            ? try view.directory(directory, for: "rename")
            : try changeableDirectory(directory, caller: caller, for: "rename")
        return NamePlace(directory: directory, attributes: attributes, name: name)
    }

    private func destinationPlace(
        _ directory: Inode,
        _ name: FileName,
        _ flags: RenameFlags,
        caller: Caller,
    ) throws -> NamePlace {
        try check(name, in: directory, for: "rename")
        guard !directory.isTrash else {
            throw VolumeError(
                .notPermitted,
                "rename",
                name,
                in: directory,
                reason: "nothing is moved into the trash"
            )
        }
        try transaction.keep(directory)
        let attributes = try changeableDirectory(directory, caller: caller, for: "rename")
        // A restore may fill a directory that is still in the trash itself.
        guard !attributes.isInTrash || flags.contains(.restore) else {
            throw VolumeError(
                .notPermitted,
                "rename",
                name,
                in: directory,
                reason: "the directory is in the trash"
            )
        }
        return NamePlace(directory: directory, attributes: attributes, name: name)
    }

    /// The node at a place, when the caller may move it away to another one.
    private func movable(
        _ inode: Inode,
        at place: NamePlace,
        to other: NamePlace,
        caller: Caller
    ) throws -> Node {
        guard let node = try transaction.node(inode) else {
            throw VolumeError(
                .damaged,
                "rename",
                place.name,
                in: place.directory,
                reason: "its inode \(inode) is missing"
            )
        }
        try checkRemovable(inode, node, from: place.attributes, caller: caller, for: "rename")
        if node.type == .directory, place.directory != other.directory {
            // Its `..` changes, as Linux sees it.
            try view.require(.write, on: inode, node, caller: caller, for: "rename")
            try requireOutside(inode, other.directory)
        }
        return (inode, node)
    }

    /// The node that loses its name to `moved`, when that is possible.
    private func displaceable(
        _ inode: Inode,
        at place: NamePlace,
        by moved: Node,
        caller: Caller
    ) throws -> Node {
        guard let node = try transaction.node(inode) else {
            throw VolumeError(
                .damaged,
                "rename",
                place.name,
                in: place.directory,
                reason: "its inode \(inode) is missing"
            )
        }
        switch (moved.attributes.type == .directory, node.type == .directory) {
        case (true, false): throw VolumeError(.notDirectory, "rename", place.name, in: place.directory)
        case (false, true): throw VolumeError(.isDirectory, "rename", place.name, in: place.directory)
        case (true, true): try requireEmpty(inode, for: "rename over")
        case (false, false): break
        }
        try checkRemovable(inode, node, from: place.attributes, caller: caller, for: "rename over")
        return (inode, node)
    }

    /// Checks that `directory` does not lie inside `moved`, all the way up.
    func requireOutside(_ moved: Inode, _ directory: Inode) throws {
        var current = directory
        var visited: Set<Inode> = []
        while visited.insert(current).inserted {
            guard current != moved else {
                throw VolumeError(
                    .invalid,
                    "rename",
                    moved,
                    reason: "a directory cannot be moved into itself"
                )
            }
            guard current != .root, !current.isTrash else { return }
            // Moved meanwhile, an ancestor could come to lie below what moves.
            try transaction.keep(current)
            guard let node = try transaction.node(current) else { return }
            current = node.parent
        }
        throw VolumeError(
            .damaged,
            "rename",
            moved,
            reason: "the directories above inode \(directory) form a cycle"
        )
    }

    /// - Returns: the moved node, and the trash directory of the displaced one as in `Detachment`.
    private func move(
        _ moved: Node,
        from: NamePlace,
        to: NamePlace,
        displacing displaced: Node?,
        openedBy session: UInt64?,
    ) throws -> (Attributes, hour: Inode) {
        var hour = Inode(0)
        if let displaced {
            hour = try detach(
                to.name,
                displaced,
                from: to.directory,
                to.attributes,
                openedBy: session,
                skipTrash: false
            ).hour
        }
        try transaction.deleteEntry(named: from.name, in: from.directory)
        let entry = NamedEntry(name: to.name, inode: moved.inode, type: moved.attributes.type)
        try transaction.insertEntry(entry, in: to.directory)
        let node = try reparent(moved, from: from.directory, to: to.directory)
        let removed: Int32 = displaced?.attributes.type == .directory ? 1 : 0
        guard from.directory != to.directory else {
            try touchParent(from.directory, from.attributes, linkDelta: -removed)
            return (node, hour)
        }
        charge(directory: from.directory, node.share.negated)
        charge(directory: to.directory, node.share)
        try moveQuotas(from: from.directory, to: to.directory) { try quotaUsage(of: (moved.inode, node)) }
        let carried: Int32 = node.type == .directory ? 1 : 0
        try touchParent(from.directory, from.attributes, linkDelta: -carried)
        try touchParent(to.directory, to.attributes, linkDelta: carried - removed)
        return (node, hour)
    }

    /// Records where a node's entry went, and that its name changed.
    func reparent(_ moved: Node, from source: Inode, to destination: Inode) throws -> Attributes {
        var node = moved.attributes
        if source != destination {
            if node.parent.number > 0 {
                node.parent = destination
            } else {
                try transaction.adjustParent(destination, of: moved.inode, by: 1)
                try transaction.adjustParent(source, of: moved.inode, by: -1)
            }
            quotaWalk.parents[moved.inode] = nil
        }
        node.changeTime = time
        try transaction.updateNode(moved.inode, node)
        return node
    }

    /// What a node and everything below it counts for in a directory quota.
    func quotaUsage(of node: Node) throws -> QuotaUsage {
        guard node.attributes.type == .directory else {
            return QuotaUsage(space: node.attributes.usedSpace, inodes: 1)
        }
        let summary = try view.treeSummary(of: node.inode)
        return QuotaUsage(space: summary.size, inodes: summary.files + summary.directories)
    }
}

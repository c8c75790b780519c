// SPDX-License-Identifier: Apache-2.0
// What is removed goes into a directory of the hour, below the trash root (metadata-format §5.7).

import SluiceBase
import VolumeModel

extension Operation {
    /// Gives a node whose entry was just deleted an entry in this hour's trash.
    ///
    /// A file with several names of which this one is there already is refused: it stays in the trash once.
    /// - Returns: the hour's directory, nil when the name is to be removed for good.
    func moveToTrash(_ old: Node, named name: FileName, from parent: Inode) throws -> Inode? {
        let hour = try hourlyTrashDirectory()
        let entryName = TrashEntryName(parent: parent, inode: old.inode, name: name).encoded
        var node = old.attributes
        let hasOtherNames = node.type != .directory && node.linkCount > 1
        if hasOtherNames, try transaction.entry(named: entryName, in: hour) != nil { return nil }
        if node.parent.number > 0 {
            node.parent = hour
        } else {
            try transaction.adjustParent(hour, of: old.inode, by: 1)
            try transaction.adjustParent(parent, of: old.inode, by: -1)
        }
        node.changeTime = time
        try transaction.updateNode(old.inode, node)
        try transaction.insertEntry(NamedEntry(name: entryName, inode: old.inode, type: node.type), in: hour)
        charge(directory: hour, node.share)
        return hour
    }

    /// What a removal into the trash reads first.
    var trashLookup: [RecordKey] {
        guard settings.trashDays > 0, hourlyTrash == nil else { return [] }
        return [.entry(TrashHour(containing: time).name, in: .trash)]
    }

    /// The directory of the hour in which this transaction runs, made when it is the first removal.
    func hourlyTrashDirectory() throws -> Inode {
        if let known = hourlyTrash { return known }
        let name = TrashHour(containing: time).name
        if let entry = try transaction.entry(named: name, in: .trash) {
            hourlyTrash = entry.inode
            return entry.inode
        }
        let inode = try newTrashInode()
        var node = Attributes(
            type: .directory,
            mode: 0o555,
            time: time,
            linkCount: 2,
            length: 4096,
            parent: .root
        )
        // Volumes formatted without trash have no trash root yet.
        if try transaction.node(.trash) == nil { try transaction.insertNode(.trash, node) }
        node.parent = .trash
        try transaction.insertNode(inode, node)
        try transaction.insertEntry(NamedEntry(name: name, inode: inode, type: .directory), in: .trash)
        if settings.dirStats { try transaction.setDirectoryStat(DirectoryStat(), of: inode) }
        chargeVolume(space: node.usedSpace, inodes: 1)
        try log(
            .create(
                inode,
                .directory,
                name,
                in: .trash,
                mode: node.mode,
                target: "",
                caller: .superuser,
                touchesParent: false
            )
        )
        hourlyTrash = inode
        return inode
    }

    private func newTrashInode() throws -> Inode {
        let number = try transaction.advance(.nextTrash, by: 1)
        // The trash root is below 2^63, and stored numbers are signed.
        guard number > 0, number <= Int64.max - Int64(Inode.trash.number) else {
            throw VolumeError(
                .damaged,
                "make",
                "a trash directory",
                reason: "the counter nextTrash holds \(number)"
            )
        }
        return Inode(Inode.trash.number + UInt64(number))
    }
}

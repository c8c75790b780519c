// SPDX-License-Identifier: Apache-2.0
// What a repair will do, as a value: the change and the old value on which it depends. A repair executes
// exactly this and skips a step whose old value is no longer there.

package import Metadata
package import ObjectStorage
package import SluiceBase
package import VolumeModel

/// One step of a repair plan.
package enum Fix: Hashable, Sendable {
    /// Nothing that this program could do without guessing.
    case none
    case setLinkCount(Inode, from: UInt32, to: UInt32)
    case setParent(Inode, from: Inode, to: Inode)
    /// Of a node with several names: how many of them lie in a directory, where the engine counts that.
    case setParentCount(Inode, parent: Inode, from: Int64, to: Int64)
    case setType(Inode, from: FileType, to: FileType)
    case setLength(Inode, from: UInt64, to: UInt64)
    case setEntryType(parent: Inode, name: FileName, inode: Inode, from: FileType, to: FileType)
    case renameEntry(parent: Inode, name: FileName, inode: Inode, to: FileName)
    /// Removes an entry as long as it points to `inode`.
    case removeEntry(parent: Inode, name: FileName, inode: Inode)
    /// Gives a node without name one in `lost+found`.
    case attachOrphan(Inode)
    /// Makes a node that entries or data still name.
    case createNode(Inode, type: FileType)
    /// `from` nil: the row is not there. `to` nil: the row goes.
    case setReference(UInt64, size: UInt32, from: Int64?, to: Int64?)
    case setReferenceSize(UInt64, from: UInt32, to: UInt32)
    /// `from` nil: the row is not there. `to` nil: the row goes.
    case setDirectoryStat(Inode, from: DirectoryStat?, to: DirectoryStat?)
    case setCounter(Counter, from: Int64, to: Int64)
    /// Of a directory quota.
    case setQuotaUsage(Inode, from: QuotaUsage, to: QuotaUsage)
    case deleteQuota(Inode)
    /// Of a user or group; `from` nil: there is no record.
    case setOwnerUsage(QuotaKind, UInt64, from: QuotaUsage?, to: QuotaUsage)
    case deleteOwnerQuota(QuotaKind, UInt64)
    case deleteChunks(Inode)
    case deleteSymlinkTarget(Inode)
    case deleteExtendedAttributes(Inode)
    case deleteDeletedFile(Inode)
    case deleteDetached(Inode)
    case deleteSustained(session: UInt64, inode: Inode)
    /// Takes the slices out of a delayed row without touching their references.
    case forgetDelayed(slice: UInt64)
    /// Writes a chunk's record that is not there.
    case restoreChunk(Inode, index: UInt32, Slice)
    case deleteObject(ObjectKey)
    /// Moves an object when nothing is at its destination.
    case moveObject(from: ObjectKey, to: ObjectKey)
}

extension Fix {
    /// The step for programs: `{"action": …}` with the values it needs.
    package var json: JSONValue {
        var object = JSONObject()
        object["action"] = JSONValue(action)
        for (key, value) in arguments { object[key] = value }
        return .object(object)
    }

    /// The stable name of the step.
    package var action: String {
        switch self {
        case .none: "none"
        case .setLinkCount: "set-link-count"
        case .setParent: "set-parent"
        case .setParentCount: "set-parent-count"
        case .setType: "set-type"
        case .setLength: "set-length"
        case .setEntryType: "set-entry-type"
        case .renameEntry: "rename-entry"
        case .removeEntry: "remove-entry"
        case .attachOrphan: "attach-orphan"
        case .createNode: "create-node"
        case .setReference(_, _, _, let target): target == nil ? "delete-reference" : "set-reference"
        case .setReferenceSize: "set-reference-size"
        case .setDirectoryStat(_, _, let target): target == nil ? "delete-dir-stat" : "set-dir-stat"
        case .setCounter: "set-counter"
        case .setQuotaUsage: "set-quota-usage"
        case .deleteQuota: "delete-quota"
        case .setOwnerUsage: "set-owner-usage"
        case .deleteOwnerQuota: "delete-owner-quota"
        case .deleteChunks: "delete-chunks"
        case .deleteSymlinkTarget: "delete-symlink-target"
        case .deleteExtendedAttributes: "delete-xattrs"
        case .deleteDeletedFile: "delete-deleted-file"
        case .deleteDetached: "delete-detached"
        case .deleteSustained: "delete-sustained"
        case .forgetDelayed: "forget-delayed"
        case .restoreChunk: "restore-chunk"
        case .deleteObject: "delete-object"
        case .moveObject: "move-object"
        }
    }

    private var arguments: [(String, JSONValue)] {
        switch self {
        case .none: []
        case .setLinkCount(let inode, let old, let new): change(inode, JSONValue(old), JSONValue(new))
        case .setParent(let inode, let old, let new):
            change(inode, JSONValue(old.number), JSONValue(new.number))
        case .setParentCount(let inode, let parent, let old, let new):
            [("parent", JSONValue(parent.number))] + change(inode, JSONValue(old), JSONValue(new))
        case .setType(let inode, let old, let new):
            change(inode, JSONValue(old.rawValue), JSONValue(new.rawValue))
        case .setLength(let inode, let old, let new): change(inode, JSONValue(old), JSONValue(new))
        case .setDirectoryStat(let inode, let old, let new): change(inode, stat(old), stat(new))
        case .setQuotaUsage(let inode, let old, let new): change(inode, usage(old), usage(new))
        case .setOwnerUsage(let kind, let number, let old, let new):
            owner(kind, number) + [("from", old.map(usage) ?? .null), ("to", usage(new))]
        case .deleteOwnerQuota(let kind, let number): owner(kind, number)
        case .createNode(let inode, let type):
            [("inode", JSONValue(inode.number)), ("type", JSONValue(type.rawValue))]
        case .setEntryType(let parent, let name, let inode, let old, let new):
            entry(parent, name, inode) + [("from", JSONValue(old.rawValue)), ("to", JSONValue(new.rawValue))]
        case .renameEntry(let parent, let name, let inode, let new):
            entry(parent, name, inode) + bytes("to", new)
        case .removeEntry(let parent, let name, let inode): entry(parent, name, inode)
        case .setReference(let slice, let size, let old, let new):
            [
                ("slice", JSONValue(slice)), ("size", JSONValue(size)), ("from", number(old)),
                ("to", number(new)),
            ]
        case .setReferenceSize(let slice, let old, let new):
            [("slice", JSONValue(slice)), ("from", JSONValue(old)), ("to", JSONValue(new))]
        case .setCounter(let counter, let old, let new):
            [("counter", JSONValue(counter.rawValue)), ("from", JSONValue(old)), ("to", JSONValue(new))]
        case .attachOrphan(let inode), .deleteQuota(let inode), .deleteChunks(let inode),
            .deleteSymlinkTarget(let inode), .deleteExtendedAttributes(let inode),
            .deleteDeletedFile(let inode),
            .deleteDetached(let inode):
            [("inode", JSONValue(inode.number))]
        case .deleteSustained(let session, let inode):
            [("session", JSONValue(session)), ("inode", JSONValue(inode.number))]
        case .forgetDelayed(let slice): [("slice", JSONValue(slice))]
        case .restoreChunk(let inode, let index, let slice):
            [
                ("inode", JSONValue(inode.number)), ("chunk", JSONValue(index)),
                ("slice", JSONValue(slice.id)),
                ("size", JSONValue(slice.size)),
            ]
        case .deleteObject(let key): bytes("object", key)
        case .moveObject(let old, let new):
            bytes("from", old) + bytes("to", new)
        }
    }
}

private func change(_ inode: Inode, _ old: JSONValue, _ new: JSONValue) -> [(String, JSONValue)] {
    [("inode", JSONValue(inode.number)), ("from", old), ("to", new)]
}

private func entry(_ parent: Inode, _ name: FileName, _ inode: Inode) -> [(String, JSONValue)] {
    [("parent", JSONValue(parent.number))] + bytes("name", name) + [("inode", JSONValue(inode.number))]
}

private func bytes(_ key: String, _ name: ByteString) -> [(String, JSONValue)] {
    var object = JSONObject()
    object.set(key, name)
    return object.fields.map { ($0.key, $0.value) }
}

private func owner(_ kind: QuotaKind, _ number: UInt64) -> [(String, JSONValue)] {
    [("kind", JSONValue("\(kind)")), ("id", JSONValue(number))]
}

private func number(_ value: Int64?) -> JSONValue {
    value.map { JSONValue($0) } ?? .null
}

private func stat(_ value: DirectoryStat?) -> JSONValue {
    guard let value else { return .null }
    return [
        "length": JSONValue(value.dataLength), "space": JSONValue(value.usedSpace),
        "inodes": JSONValue(value.usedInodes),
    ]
}

private func usage(_ value: QuotaUsage) -> JSONValue {
    ["space": JSONValue(value.space), "inodes": JSONValue(value.inodes)]
}

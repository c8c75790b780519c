// SPDX-License-Identifier: Apache-2.0
// What gc will do, as values: the dry run prints them, a plan file holds them, the real run executes exactly
// them. Each step carries what was seen, and is left out when that no longer holds.

package import ObjectStorage
package import SluiceBase
package import VolumeModel

/// One deletion.
package enum GarbageStep: Hashable, Sendable {
    /// An object of a slice that nothing names.
    case object(ObjectKey, bytes: UInt64, modified: Int64, slice: UInt64)
    /// A slice whose reference record counts no user, and that nothing names: its objects, then its record.
    case slice(UInt64, size: UInt32, count: Int64)
    /// The data of a file that is gone.
    case deletedFile(Inode, length: UInt64, deleted: Int64)
    /// Slices that compaction replaced and the trash need not keep any longer.
    case delayedSlices(UInt64, deleted: Int64)
    /// An hourly trash directory past its days.
    case trashHour(FileName, Inode)
    /// The tree of an unfinished clone, by its top.
    case detachedTree(Inode, added: Int64)
    /// The mark of an unfinished clone on something that is alive or gone; nothing else goes.
    case detachedRecord(Inode, added: Int64)
}

extension GarbageStep {
    /// The step as a line of a plan or journal (sluice-json(5)).
    package var json: JSONObject {
        switch self {
        case .object(let key, let bytes, let modified, let slice):
            Self.object(key, bytes, modified, slice)
        case .slice(let id, let size, let count):
            [
                "step": "delete-slice", "slice": JSONValue(id), "bytes": JSONValue(size),
                "references": JSONValue(count),
            ]
        case .deletedFile(let inode, let length, let deleted):
            [
                "step": "delete-file-data", "inode": JSONValue(inode.number), "bytes": JSONValue(length),
                "deleted": JSONValue(deleted),
            ]
        case .delayedSlices(let id, let deleted):
            ["step": "expire-delayed-slices", "row": JSONValue(id), "deleted": JSONValue(deleted)]
        case .trashHour(let name, let inode):
            ["step": "empty-trash-hour", "name": .string(name.description), "inode": JSONValue(inode.number)]
        case .detachedTree(let inode, let added):
            ["step": "remove-detached-tree", "inode": JSONValue(inode.number), "added": JSONValue(added)]
        case .detachedRecord(let inode, let added):
            ["step": "forget-detached", "inode": JSONValue(inode.number), "added": JSONValue(added)]
        }
    }

    private static func object(
        _ key: ObjectKey,
        _ bytes: UInt64,
        _ modified: Int64,
        _ slice: UInt64,
    ) -> JSONObject {
        var line: JSONObject = ["step": "delete-object"]
        line.set("key", key)
        line["bytes"] = JSONValue(bytes)
        line["modified"] = JSONValue(modified)
        line["slice"] = JSONValue(slice)
        return line
    }

    /// The journal's line of an object that goes as part of this step.
    func journalLine(of block: BlockKey, _ key: ObjectKey) -> JSONObject {
        var line: JSONObject = ["op": "delete-object"]
        line.set("key", key)
        line["slice"] = JSONValue(block.sliceID)
        line["bytes"] = JSONValue(block.size)
        line["of"] = .object(json)
        return line
    }

    /// Reads a line of a plan.
    /// - Throws: `CodecError` when it is no step.
    package init(_ object: JSONObject) throws(CodecError) {
        switch object["step"]?.stringValue {
        case "delete-object":
            self = .object(
                try Self.key(object),
                bytes: try Self.number("bytes", object),
                modified: try Self.signed("modified", object),
                slice: try Self.number("slice", object)
            )
        case "delete-slice":
            guard let size = UInt32(exactly: try Self.number("bytes", object)) else {
                throw CodecError("plan step", "a slice of \(try Self.number("bytes", object)) bytes")
            }
            self = .slice(
                try Self.number("slice", object),
                size: size,
                count: try Self.signed("references", object)
            )
        case "delete-file-data":
            self = .deletedFile(
                Inode(try Self.number("inode", object)),
                length: try Self.number("bytes", object),
                deleted: try Self.signed("deleted", object)
            )
        case "expire-delayed-slices":
            self = .delayedSlices(try Self.number("row", object), deleted: try Self.signed("deleted", object))
        case "empty-trash-hour":
            let name = FileName(try Self.text("name", object))
            // What gc plans are hours; another name need not come out of the text as it went in.
            guard TrashHour(parsing: name) != nil else {
                throw CodecError("plan step", "\(name) is no trash hour")
            }
            self = .trashHour(name, Inode(try Self.number("inode", object)))
        case "remove-detached-tree":
            self = .detachedTree(
                Inode(try Self.number("inode", object)),
                added: try Self.signed("added", object)
            )
        case "forget-detached":
            self = .detachedRecord(
                Inode(try Self.number("inode", object)),
                added: try Self.signed("added", object)
            )
        default:
            throw CodecError("plan step", "there is no step \(object["step"]?.compact ?? "without a name")")
        }
    }

    private static func text(_ key: String, _ object: JSONObject) throws(CodecError) -> String {
        guard let text = object[key]?.stringValue else { throw CodecError("plan step", "\(key) is missing") }
        return text
    }

    private static func key(_ object: JSONObject) throws(CodecError) -> ObjectKey {
        guard let key = try object.bytes("key") else { throw CodecError("plan step", "key is missing") }
        return key
    }

    private static func number(_ key: String, _ object: JSONObject) throws(CodecError) -> UInt64 {
        guard let number = object[key]?.uint64Value else {
            throw CodecError("plan step", "\(key) is missing")
        }
        return number
    }

    private static func signed(_ key: String, _ object: JSONObject) throws(CodecError) -> Int64 {
        guard let number = object[key]?.int64Value else { throw CodecError("plan step", "\(key) is missing") }
        return number
    }
}

// SPDX-License-Identifier: Apache-2.0
// How explanations look: for people a chain from the name down to the objects, for programs the same as JSON.

import Maintenance
import Metadata
import SluiceBase
import TerminalUI
import VolumeModel

enum ExplainReport {
    static func lines(of node: NodeExplanation) -> [String] {
        var lines = ["inode \(node.inode)"]
        lines += node.paths.isEmpty ? ["  no path leads to it"] : node.paths.map { "  path    \($0)" }
        lines += attributeLines(node)
        if let target = node.target { lines.append("  target  \(target)") }
        for name in node.extendedAttributes { lines.append("  xattr   \(name)") }
        for session in node.sustainedBy { lines.append("  kept open by session \(session)") }
        if let deleted = node.deletedFile {
            lines.append(
                "  waits for removal, \(formatBytes(deleted.length)), since \(time(deleted.deleted))"
            )
        }
        for chunk in node.chunks { lines += chunkLines(chunk) }
        return lines
    }

    private static func attributeLines(_ node: NodeExplanation) -> [String] {
        guard let attributes = node.attributes else { return ["  the node record is missing"] }
        let parent = attributes.parent.number == 0 ? "several" : "\(attributes.parent)"
        return [
            "  type    \(attributes.type), mode 0\(String(attributes.mode, radix: 8)),"
                + " owner \(attributes.uid):\(attributes.gid)",
            "  length  \(attributes.length) bytes, links \(attributes.linkCount), parent \(parent),"
                + " tier \(attributes.tier)",
            "  changed \(attributes.changeTime.rfc3339), modified \(attributes.modifyTime.rfc3339)",
        ]
    }

    private static func chunkLines(_ chunk: ChunkExplanation) -> [String] {
        if let damage = chunk.damage { return ["  chunk \(chunk.index): damaged: \(damage)"] }
        var lines = ["  chunk \(chunk.index)"]
        for use in chunk.slices {
            let slice = use.slice
            guard !slice.isHole else {
                lines.append("    hole at \(slice.position), \(slice.length) bytes")
                continue
            }
            let references = use.reference.map { "references \($0.count)" } ?? "no reference record"
            lines.append(
                "    slice \(slice.id) at \(slice.position): bytes \(slice.offset) to"
                    + " \(UInt64(slice.offset) + UInt64(slice.length)) of \(slice.size),"
                    + " \(use.visibleBytes) visible, \(references)"
            )
        }
        for piece in chunk.pieces {
            guard let object = piece.object else { continue }
            lines.append(
                "    \(object) [\(piece.offset), +\(piece.length)) -> chunk position \(piece.position)"
            )
        }
        return lines
    }

    static func lines(of slice: SliceExplanation) -> [String] {
        var lines = ["slice \(slice.id)"]
        for reference in slice.references {
            lines.append("  reference record: \(reference.size) bytes, \(reference.count) users")
        }
        if slice.references.isEmpty { lines.append("  no reference record") }
        if slice.users.isEmpty { lines.append("  no chunk names it") }
        for user in slice.users {
            lines.append(
                "  used by inode \(user.inode), chunk \(user.chunkIndex): \(user.slice.length) bytes at"
                    + " \(user.slice.position)"
            )
            lines += user.paths.isEmpty ? ["    no path leads there"] : user.paths.map { "    path \($0)" }
        }
        for delayed in slice.delayed {
            lines.append(
                "  kept in the trash since \(time(delayed.deleted)), replaced by slice \(delayed.id)"
            )
        }
        return lines + slice.objects.map { "  object \($0)" }
    }

    private static func time(_ seconds: Int64) -> String { Timestamp(seconds: seconds).rfc3339 }
}

extension ExplainReport {
    static func json(of node: NodeExplanation) -> JSONObject {
        var object: JSONObject = ["inode": JSONValue(node.inode.number)]
        object.set("paths", node.paths)
        object["attributes"] = node.attributes.map { .object(json(of: $0)) } ?? .null
        if let target = node.target { object.set("target", target) }
        object.set("xattrs", node.extendedAttributes)
        object["sustained_by"] = .array(node.sustainedBy.map { JSONValue($0) })
        object["deleted_at"] = node.deletedFile.map { JSONValue($0.deleted) } ?? .null
        object["chunks"] = .array(node.chunks.map { .object(json(of: $0)) })
        return object
    }

    private static func json(of attributes: Attributes) -> JSONObject {
        [
            "type": .string(attributes.type.description), "mode": JSONValue(attributes.mode),
            "uid": JSONValue(attributes.uid), "gid": JSONValue(attributes.gid),
            "links": JSONValue(attributes.linkCount), "length_bytes": JSONValue(attributes.length),
            "parent": JSONValue(attributes.parent.number), "flags": JSONValue(attributes.flags.rawValue),
            "tier": JSONValue(attributes.tier), "accessed": .string(attributes.accessTime.rfc3339),
            "modified": .string(attributes.modifyTime.rfc3339),
            "changed": .string(attributes.changeTime.rfc3339),
        ]
    }

    private static func json(of chunk: ChunkExplanation) -> JSONObject {
        [
            "index": JSONValue(chunk.index),
            "damage": chunk.damage.map { .string($0) } ?? .null,
            "slices": .array(
                chunk.slices.map { use in
                    var object = json(of: use.slice)
                    object["visible_bytes"] = JSONValue(use.visibleBytes)
                    object["references"] = use.reference.map { JSONValue($0.count) } ?? .null
                    return .object(object)
                }
            ),
            "pieces": .array(
                chunk.pieces.map { .object(json(of: $0)) }
            ),
        ]
    }

    private static func json(of piece: PieceExplanation) -> JSONObject {
        var object: JSONObject = ["object": .null]
        if let key = piece.object { object.set("object", key) }
        object["size_bytes"] = JSONValue(piece.size)
        object["offset_bytes"] = JSONValue(piece.offset)
        object["length_bytes"] = JSONValue(piece.length)
        object["position_bytes"] = JSONValue(piece.position)
        return object
    }

    private static func json(of slice: Slice) -> JSONObject {
        [
            "id": JSONValue(slice.id), "position_bytes": JSONValue(slice.position),
            "size_bytes": JSONValue(slice.size), "offset_bytes": JSONValue(slice.offset),
            "length_bytes": JSONValue(slice.length),
        ]
    }

    static func json(of slice: SliceExplanation) -> JSONObject {
        var object: JSONObject = [
            "slice": JSONValue(slice.id),
            "references": .array(
                slice.references.map { ["size_bytes": JSONValue($0.size), "count": JSONValue($0.count)] }
            ),
            "users": .array(
                slice.users.map { user in
                    var object: JSONObject = [
                        "inode": JSONValue(user.inode.number), "chunk": JSONValue(user.chunkIndex),
                        "slice": .object(json(of: user.slice)),
                    ]
                    object.set("paths", user.paths)
                    return .object(object)
                }
            ),
            "delayed": .array(
                slice.delayed.map { ["replaced_by": JSONValue($0.id), "deleted_at": JSONValue($0.deleted)] }
            ),
        ]
        object.set("objects", slice.objects)
        return object
    }
}

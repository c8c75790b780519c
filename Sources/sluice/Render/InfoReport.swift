// SPDX-License-Identifier: Apache-2.0
// The text of `info` has the lines of JuiceFS 1.4.2 (data-format §6.5).

import Maintenance
import Metadata
import SluiceBase
import TerminalUI
import VolumeModel

enum InfoReport {
    static func lines(of node: NodeExplanation, _ summary: TreeSummary, raw: Bool) -> [String] {
        var lines = [
            "\(node.paths.first.map { "\($0)" } ?? "inode \(node.inode)") :",
            "  inode: \(node.inode)",
            "  files: \(summary.files)",
            "   dirs: \(summary.directories)",
            " length: \(formatBytes(summary.length)) (\(summary.length) Bytes)",
            "   size: \(formatBytes(summary.size)) (\(summary.size) Bytes)",
        ]
        lines += node.paths.map { "   path: \($0)" }
        if let tier = node.attributes?.tier { lines.append("   tier: \(tier)") }
        for session in node.sustainedBy { lines.append("   kept open by session \(session)") }
        for chunk in node.chunks {
            if let damage = chunk.damage { lines.append("  chunk \(chunk.index) is damaged: \(damage)") }
        }
        let table = raw ? sliceTable(node) : objectTable(node)
        guard !table.isEmpty else { return lines }
        return lines + [raw ? " chunks:" : " objects:"] + table.lines
    }

    private static func objectTable(_ node: NodeExplanation) -> Table {
        var table = Table([
            .init("chunkIndex", .right), .init("objectName"), .init("size", .right), .init("offset", .right),
            .init("length", .right), .init("pos", .right),
        ])
        for piece in node.chunks.flatMap(\.pieces) {
            table.add([
                "\(piece.chunkIndex)", piece.object.map { "\($0)" } ?? "", "\(piece.size)", "\(piece.offset)",
                "\(piece.length)", "\(UInt64(piece.chunkIndex) * Chunk.size + UInt64(piece.position))",
            ])
        }
        return table
    }

    private static func sliceTable(_ node: NodeExplanation) -> Table {
        var table = Table([
            .init("chunkIndex", .right), .init("sliceId", .right), .init("size", .right),
            .init("offset", .right),
            .init("length", .right),
        ])
        for chunk in node.chunks {
            for slice in chunk.slices.map(\.slice) {
                table.add([
                    "\(chunk.index)", "\(slice.id)", "\(slice.size)", "\(slice.offset)", "\(slice.length)",
                ])
            }
        }
        return table
    }

    static func json(of summary: TreeSummary) -> JSONObject {
        [
            "files": JSONValue(summary.files), "dirs": JSONValue(summary.directories),
            "length_bytes": JSONValue(summary.length), "size_bytes": JSONValue(summary.size),
        ]
    }
}

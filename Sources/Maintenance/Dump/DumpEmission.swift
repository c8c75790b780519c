// SPDX-License-Identifier: Apache-2.0

import SluiceBase
import VolumeModel

/// Writes a tree depth first.
///
/// Memory: a few numbers for each directory on the path, a bit more than one byte for each directory.
struct DumpEmission {
    private let tree: DumpTree
    private let writer: DumpWriter
    private let cancellation: Cancellation
    private var isVisited: [Bool]
    private var path: [Level] = []
    private(set) var summary = DumpSummary()

    /// A directory that is being written.
    private struct Level {
        let inode: UInt64
        /// Where its next entry is; nil when it has none.
        var place: Int64?
        var isFirst = true
    }

    init(_ tree: DumpTree, _ writer: DumpWriter, _ cancellation: Cancellation) {
        self.tree = tree
        self.writer = writer
        self.cancellation = cancellation
        isVisited = Array(repeating: false, count: tree.directories.count)
    }

    /// Directories that were not written.
    var unvisited: UInt64 { UInt64(isVisited.count { !$0 }) }

    /// Writes a directory at the top under a field of its own.
    mutating func write(_ top: Inode, as field: StaticString) throws {
        guard let lines = tree.tops[top] else { throw damage("directory \(top) is missing") }
        try writer.add { text in
            text.append(",\n  \"")
            text.append(field)
            text.append("\": {")
        }
        unsafe try lines.withUnsafeBytes { unsafe try writer.add(lines: $0, indent: 4) }
        try enter(top.number)
        while !path.isEmpty { try step() }
    }

    /// Blanks before the field of an entry of the innermost directory.
    private var indent: Int { 2 + 4 * path.count }

    private mutating func enter(_ directory: UInt64) throws {
        summary.directories += 1
        let position = tree.position(of: directory)
        if let position {
            guard !isVisited[position] else {
                throw damage("directory \(directory) has several names or lies in itself")
            }
            isVisited[position] = true
        }
        path.append(Level(inode: directory, place: position.map { tree.directories[$0].place }))
        let indent = indent
        try writer.add { text in
            text.append(",")
            text.breakLine(indent - 2)
            text.append("\"entries\": {")
        }
    }

    /// Writes the next entry of the innermost directory, or its end.
    private mutating func step() throws {
        let depth = path.count - 1
        guard let place = path[depth].place, let (record, next) = try tree.entries.record(at: place),
            unsafe UInt64(bigEndian: record.key.loadUnaligned(as: UInt64.self)) == path[depth].inode
        else { return try leave() }
        path[depth].place = next
        let indent = indent
        let isFirst = path[depth].isFirst
        path[depth].isFirst = false
        try writer.add { text in
            if !isFirst { text.append(",") }
            text.breakLine(indent)
            text.append("\"")
            unsafe text.append(escaping: UnsafeRawBufferPointer(rebasing: record.key[8...]))
            text.append("\": {")
        }
        let entry = unsafe DumpEntry(decoding: record.value)
        let lines = unsafe UnsafeRawBufferPointer(rebasing: record.value[DumpEntry.headLength...])
        unsafe try writer.add(lines: lines, indent: indent + 2)
        summary.entries += 1
        summary.chunks += UInt64(entry.chunks)
        summary.slices += UInt64(entry.slices)
        if summary.entries & 0xFFF == 0 { try cancellation.throwIfCancelled() }
        guard !entry.isDirectory else { return try enter(entry.inode) }
        try close(indent)
    }

    private mutating func leave() throws {
        let indent = indent
        path.removeLast()
        try writer.add { text in
            text.breakLine(indent - 2)
            text.append("}")
        }
        try close(indent - 4)
    }

    private func close(_ indent: Int) throws {
        try writer.add { text in
            text.breakLine(indent)
            text.append("}")
        }
    }
}

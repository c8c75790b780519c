// SPDX-License-Identifier: Apache-2.0
// Scans as streams of whole records in order of inodes. Entries, which engines do not deliver so, are sorted
// on disk.

import Metadata
import SluiceBase
import VolumeModel

/// What a dump merges.
///
/// One owner, one thread.
final class OrderedRecords {
    let nodes: RecordStream<NodeRecord>
    /// By the inode that they lead to.
    let entries: RecordStream<EdgeRecord>
    let chunks: RecordStream<ChunkRecord>
    let symlinks: RecordStream<SymlinkRecord>
    let attributes: RecordStream<ExtendedAttributeRecord>

    init(_ scanner: any MetadataScanner, _ options: DumpOptions) throws {
        entries = try Self.byInode(scanner.scanEdges(), options)
        nodes = try stream(scanner.scanNodes())
        chunks = try stream(scanner.scanChunks())
        symlinks = try stream(scanner.scanSymlinks())
        attributes = try stream(scanner.scanExtendedAttributes())
        try start()
    }

    private func start() throws {
        try nodes.start()
        try entries.start()
        try chunks.start()
        try symlinks.start()
        try attributes.start()
    }
}

extension OrderedRecords {
    private static func byInode(
        _ cursor: any RecordCursor<EdgeRecord>,
        _ options: DumpOptions
    ) throws -> RecordStream<EdgeRecord> {
        let sorter = ByteSorter(memoryLimitBytes: options.sortMemory, directory: options.spillDirectory)
        let edges = stream(cursor)
        try edges.start()
        while let edge = edges.head {
            let key = numberKey(edge.inode.number) + numberKey(edge.parent.number) + edge.name.bytes
            try sorter.add(key: key, value: [edge.type.rawValue])
            try edges.advance()
        }
        let sorted = try sorter.finish()
        return RecordStream {
            guard let record = try sorted.next() else { return nil }
            let key = unsafe Array(record.key)
            return EdgeRecord(
                parent: Inode(number(in: key, at: 8)),
                name: FileName(Array(key[16...])),
                inode: Inode(number(in: key, at: 0)),
                type: FileType(rawValue: unsafe record.value.first ?? 0)
            )
        }
    }
}

/// A number as a key that sorts like it.
func numberKey(_ number: UInt64) -> [UInt8] {
    unsafe withUnsafeBytes(of: number.bigEndian) { unsafe Array($0) }
}

/// The number at an offset of a key made of `numberKey`.
func number(in key: [UInt8], at offset: Int) -> UInt64 {
    key[offset..<offset + 8].reduce(0) { $0 << 8 | UInt64($1) }
}

/// A scan whose records can all be read.
private func stream<Record: Sendable>(_ cursor: any RecordCursor<Record>) -> RecordStream<Record> {
    stream(cursor, reduce: { $0 }, damaged: { throw damage("\($0.kind) \($0.key): \($0.reason)") })
}

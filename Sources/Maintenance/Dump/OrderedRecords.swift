// SPDX-License-Identifier: Apache-2.0
// Scans as streams of whole records in order of inodes, each record once. What an engine does not deliver in
// order is sorted on disk; Redis may deliver a record twice.

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
        let isOrdered = scanner.isOrdered
        entries = try ordered(
            scanner.scanEdges(),
            isOrdered: false,
            options,
            encode: { edge in
                (
                    numberKey(edge.inode.number) + numberKey(edge.parent.number) + edge.name.bytes,
                    [edge.type.rawValue]
                )
            },
            decode: { key, value in
                EdgeRecord(
                    parent: Inode(number(in: key, at: 8)),
                    name: FileName(Array(key[16...])),
                    inode: Inode(number(in: key, at: 0)),
                    type: FileType(rawValue: value.first ?? 0)
                )
            }
        )
        nodes = try ordered(
            scanner.scanNodes(),
            isOrdered: isOrdered,
            options,
            encode: { (numberKey($0.inode.number), $0.attributes.encoded) },
            decode: { key, value in
                NodeRecord(inode: Inode(number(in: key, at: 0)), attributes: try Attributes(decoding: value))
            }
        )
        chunks = try ordered(
            scanner.scanChunks(),
            isOrdered: isOrdered,
            options,
            encode: { (numberKey($0.inode.number) + numberKey(UInt64($0.index)), $0.slices) },
            decode: { key, value in
                ChunkRecord(
                    inode: Inode(number(in: key, at: 0)),
                    index: UInt32(truncatingIfNeeded: number(in: key, at: 8)),
                    slices: value
                )
            }
        )
        symlinks = try ordered(
            scanner.scanSymlinks(),
            isOrdered: isOrdered,
            options,
            encode: { (numberKey($0.inode.number), $0.target.bytes) },
            decode: { key, value in
                SymlinkRecord(inode: Inode(number(in: key, at: 0)), target: ByteString(value))
            }
        )
        attributes = try ordered(
            scanner.scanExtendedAttributes(),
            isOrdered: isOrdered,
            options,
            encode: { (numberKey($0.inode.number) + $0.name.bytes, $0.value) },
            decode: { key, value in
                ExtendedAttributeRecord(
                    inode: Inode(number(in: key, at: 0)),
                    name: ByteString(Array(key[8...])),
                    value: value
                )
            }
        )
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

/// A number as a key that sorts like it.
func numberKey(_ number: UInt64) -> [UInt8] {
    unsafe withUnsafeBytes(of: number.bigEndian) { unsafe Array($0) }
}

/// The number at an offset of a key made of `numberKey`.
func number(in key: [UInt8], at offset: Int) -> UInt64 {
    key[offset..<offset + 8].reduce(0) { $0 << 8 | UInt64($1) }
}

/// A scan in order of keys; records with the same key come once.
private func ordered<Record: Sendable>(
    _ cursor: any RecordCursor<Record>,
    isOrdered: Bool,
    _ options: DumpOptions,
    encode: (Record) -> (key: [UInt8], value: [UInt8]),
    decode: @escaping ([UInt8], [UInt8]) throws -> Record,
) throws -> RecordStream<Record> {
    func pull() throws -> Record? {
        switch try cursor.next() {
        case .record(let record): return record
        case .damaged(let record): throw damage("\(record.kind) \(record.key): \(record.reason)")
        case nil: return nil
        }
    }
    guard !isOrdered else {
        return RecordStream {
            switch try cursor.next() {
            case .record(let record): return record
            case .damaged(let record): throw damage("\(record.kind) \(record.key): \(record.reason)")
            case nil: return nil
            }
        }
    }
    let sorter = ByteSorter(memoryLimitBytes: options.sortMemory, directory: options.spillDirectory)
    while let record = try pull() {
        let (key, value) = encode(record)
        try sorter.add(key: key, value: value)
    }
    let sorted = try sorter.finish()
    var last: [UInt8]?
    return RecordStream {
        while let record = try sorted.next() {
            let key = unsafe Array(record.key)
            if key == last { continue }
            last = key
            return try decode(key, unsafe Array(record.value))
        }
        return nil
    }
}

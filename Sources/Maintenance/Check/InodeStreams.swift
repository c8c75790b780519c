// SPDX-License-Identifier: Apache-2.0
// Everything that names an inode, as streams in order of inodes.

import Metadata
import SluiceBase
import VolumeModel

/// The streams that are merged into node bundles.
///
/// One owner, one thread.
final class InodeStreams {
    private let pass: MetadataPass
    private let nodes: RecordStream<NodeDigest>
    private let entries: RecordStream<EntryDigest>
    private let chunks: RecordStream<ChunkDigest>
    private let targets: RecordStream<InodeNote>
    private let attributes: RecordStream<InodeNote>
    private let deleted: RecordStream<InodeNote>
    private let detached: RecordStream<InodeNote>
    private let sustained: RecordStream<InodeNote>

    init(_ pass: MetadataPass) throws {
        self.pass = pass
        let scanner = pass.scanner
        let collector = pass.collector
        let gaps = pass.gaps
        entries = try Self.sortedEntries(pass)
        nodes = try Self.stream(pass, scanner.scanNodes()) { NodeDigest($0) }
        chunks = try Maintenance.stream(
            scanner.scanChunks(),
            reduce: { chunk in
                let summary = try collector.add(chunk)
                // The finding about it names the file; here it only counts.
                if summary.hasTail { gaps.value.note(.chunk(chunk), hidesUses: true) }
                return ChunkDigest(chunk, summary)
            },
            damaged: { gaps.value.note($0, hidesUses: true) }
        )
        targets = try Self.stream(pass, scanner.scanSymlinks()) {
            InodeNote(inode: $0.inode.number, value: UInt64($0.target.count))
        }
        attributes = try Self.stream(pass, scanner.scanExtendedAttributes()) {
            InodeNote(inode: $0.inode.number, value: 1)
        }
        deleted = try Self.sorted(pass, scanner.scanDeletedFiles()) {
            InodeNote(inode: $0.inode.number, value: 1)
        }
        detached = try Self.sorted(pass, scanner.scanDetachedNodes()) {
            InodeNote(inode: $0.inode.number, value: UInt64(bitPattern: $0.added))
        }
        sustained = try Self.sorted(pass, scanner.scanSustainedInodes()) {
            InodeNote(inode: $0.inode.number, value: $0.session)
        }
    }

    func start() throws {
        try nodes.start()
        try entries.start()
        try chunks.start()
        for notes in [targets, attributes, deleted, detached, sustained] { try notes.start() }
    }

    /// The lowest inode that any stream names next.
    var lowest: UInt64? {
        var found = UInt64.max
        var isAny = false
        func look(_ inode: UInt64?) {
            guard let inode else { return }
            isAny = true
            if inode < found { found = inode }
        }
        look(nodes.head?.inode)
        look(entries.head?.inode)
        look(chunks.head?.inode)
        look(targets.head?.inode)
        look(attributes.head?.inode)
        look(deleted.head?.inode)
        look(detached.head?.inode)
        look(sustained.head?.inode)
        return isAny ? found : nil
    }

    /// Moves everything about `inode` into the bundle.
    func fill(_ bundle: inout NodeBundle, inode: UInt64, living: Set<UInt64>) throws {
        bundle.clear(for: Inode(inode))
        if let node = nodes.head, node.inode == inode {
            bundle.node = node
            try nodes.advance()
        }
        while let entry = entries.head, entry.inode == inode {
            bundle.add(entry)
            try pass.note(entry, bundle.node)
            try entries.advance()
        }
        while let chunk = chunks.head, chunk.inode == inode {
            bundle.chunks.add(chunk)
            try chunks.advance()
        }
        try Self.take(targets, inode) { bundle.targetLength = $0 }
        try Self.take(attributes, inode) { _ in bundle.attributeCount += 1 }
        try Self.take(deleted, inode) { _ in bundle.isDeletedFile = true }
        try Self.take(detached, inode) { bundle.detachedAt = Int64(bitPattern: $0) }
        try Self.take(sustained, inode) { session in
            if living.contains(session) {
                bundle.sustainedByLiving += 1
            } else {
                bundle.sustainedByDead = bundle.sustainedByDead ?? session
            }
        }
    }

    private static func take(
        _ notes: RecordStream<InodeNote>,
        _ inode: UInt64,
        _ use: (UInt64) -> Void
    ) throws {
        while let note = notes.head, note.inode == inode {
            use(note.value)
            try notes.advance()
        }
    }

    private static func sortedEntries(_ pass: MetadataPass) throws -> RecordStream<EntryDigest> {
        try sorted(pass, pass.scanner.scanEdges()) { edge in
            try pass.checkName(edge)
            return EntryDigest(inode: edge.inode, parent: edge.parent, type: edge.type)
        }
    }

    /// A scan in its own order.
    private static func stream<Source: Sendable, Record>(
        _ pass: MetadataPass,
        _ cursor: any RecordCursor<Source>,
        _ reduce: @escaping (Source) throws -> Record,
    ) throws -> RecordStream<Record> {
        let gaps = pass.gaps
        return Maintenance.stream(
            cursor,
            reduce: reduce,
            damaged: { gaps.value.note($0, hidesUses: false) }
        )
    }

    /// A scan that engines do not order.
    private static func sorted<Source: Sendable, Record: SpillRecord>(
        _ pass: MetadataPass,
        _ cursor: any RecordCursor<Source>,
        _ reduce: @escaping (Source) throws -> Record,
    ) throws -> RecordStream<Record> {
        try pass.options.spill.sorted(try stream(pass, cursor, reduce))
    }
}

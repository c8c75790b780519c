// SPDX-License-Identifier: Apache-2.0
// Loads a binary dump into an empty database: records as they are, but what can be counted is counted
// (metadata-format §6.2): users of slices, names of files with several, and the counters of ids, which must
// not fall behind what is in use.

package import Metadata
import SluiceBase
package import VolumeModel

/// What a binary dump brought.
package struct BinaryLoadReport: Sendable {
    /// To be stored last: before that the database holds no volume.
    package var settings: VolumeSettings
    package var summary: BinaryDumpSummary
    /// References whose count in the dump was not the number of records that name the slice.
    package var correctedReferences = 0
}

/// Reads a binary dump into a database that holds nothing yet.
///
/// The settings are not stored: the caller does that when all is well.
/// - Parameters:
///   - read: gives the next bytes of the dump, none at the end.
///   - fill: `MetadataEngine.fill`, called once for each batch of records.
/// - Throws: `CodecError` with the place for a dump that is cut or damaged; `EngineError`; what the closures
///   throw.
package func loadBinary(
    read: @escaping () throws -> [UInt8],
    spill: SpillSpace = SpillSpace(),
    fill: @escaping ((any MetadataTransaction) throws -> Void) throws -> Void,
) throws -> BinaryLoadReport {
    let load = BinaryLoad(spill: spill, fill: fill)
    let summary = try BinarySegments(input: BinaryInput(read)).walk { try load.take($0) }
    guard let settings = load.settings else { throw CodecError("a binary dump", "it holds no settings") }
    try load.finish()
    return BinaryLoadReport(
        settings: settings,
        summary: summary,
        correctedReferences: load.correctedReferences
    )
}

/// Tells what a binary dump holds, and whether it is whole.
/// - Throws: as `loadBinary`.
package func summarizeBinary(
    read: @escaping () throws -> [UInt8]
) throws -> BinaryDumpSummary {
    try BinarySegments(input: BinaryInput(read)).walk { _ in }
}

/// One load: gathers records into batches, and counts on the way.
private final class BinaryLoad {
    private static let batchSize = 5000
    /// Records that take much memory end a batch early.
    private static let batchBytes = 4 << 20

    private let fill: ((any MetadataTransaction) throws -> Void) throws -> Void
    private(set) var settings: VolumeSettings?
    private var batch: [BinaryRecord] = []
    private var batchBytes = 0
    private var counters: [Counter: Int64] = [:]
    private var rules: [UInt32: ACLRule] = [:]
    private let uses: SliceUseCollector
    private let references: Spill<FoundReference>
    private let links: Spill<EntryLink>
    private let linkedNodes: Spill<UInt64>
    /// Nodes that name ACL rules wait until all rules have come.
    private let ruledNodes: Spill<PackedNode>
    private var highestInode: UInt64 = 1
    private var highestTrash: UInt64 = 0
    private var highestReference: UInt64 = 0
    private(set) var correctedReferences = 0

    init(spill: SpillSpace, fill: @escaping ((any MetadataTransaction) throws -> Void) throws -> Void) {
        self.fill = fill
        uses = SliceUseCollector(spill: spill)
        references = spill.sorter()
        links = spill.sorter()
        linkedNodes = spill.sorter()
        ruledNodes = spill.sorter()
    }

    func take(_ item: BinaryItem) throws {
        switch item {
        case .format(let json): settings = try VolumeSettings(decoding: json)
        case .record(let message, let kind, let field):
            guard let record = try BinaryRecord(message, kind: kind, field: field) else { return }
            try take(record, bytes: message.count)
        }
    }

    /// Writes what had to wait, and what was counted.
    func finish() throws {
        try writeBatch()
        try writeRuledNodes()
        try writeReferences()
        try writeParents()
        raise(.nextInode, to: highestInode, by: 1)
        raise(.nextChunk, to: max(uses.highestSliceID, highestReference), by: 1)
        raise(.nextTrash, to: highestTrash, by: 0)
        try fill { transaction in
            for (counter, value) in self.counters { try transaction.setCounter(counter, to: value) }
        }
    }

    private func raise(_ counter: Counter, to highest: UInt64, by step: Int64) {
        let needed = Int64(clamping: highest).saturatingAdd(step)
        counters[counter] = max(counters[counter] ?? 0, needed)
    }

    // MARK: Records

    private func take(_ record: BinaryRecord, bytes: Int) throws {
        switch record {
        case .counter(let name, let value):
            // Others say names that JuiceFS keeps for itself.
            guard let counter = Counter(rawValue: name) else { return }
            counters[counter] = value
            return
        case .aclRule(let rule):
            rules[rule.id] = rule.rule
            return
        case .sliceReference(let reference):
            highestReference = max(highestReference, reference.id)
            return try references.add(FoundReference(reference))
        case .parent:
            // Counted from the entries, which say it all.
            return
        case .node(let node):
            try note(node)
            guard node.attributes.accessACL == 0, node.attributes.defaultACL == 0 else {
                return try ruledNodes.add(PackedNode(node))
            }
        case .edge(let edge):
            try links.add(EntryLink(inode: edge.inode.number, parent: edge.parent.number))
        case .chunk(let chunk): _ = try uses.add(chunk)
        case .symlink, .sustained, .deletedFile, .extendedAttribute, .directoryStat, .quota: break
        }
        batch.append(record)
        batchBytes += bytes
        if batch.count == Self.batchSize || batchBytes >= Self.batchBytes { try writeBatch() }
    }

    private func note(_ node: NodeRecord) throws {
        let number = node.inode.number
        if node.inode.isTrash {
            highestTrash = max(highestTrash, number - Inode.trash.number)
        } else {
            highestInode = max(highestInode, number)
        }
        let isLinked = node.attributes.parent.number == 0 && node.attributes.type != .directory
        if isLinked { try linkedNodes.add(number) }
    }

    private func writeBatch() throws {
        guard !batch.isEmpty else { return }
        let records = batch
        batch.removeAll(keepingCapacity: true)
        batchBytes = 0
        try fill { transaction in
            for record in records { try Self.write(record, to: transaction) }
        }
    }

    private static func write(_ record: BinaryRecord, to transaction: any MetadataTransaction) throws {
        switch record {
        case .node(let node): try transaction.insertNode(node.inode, node.attributes)
        case .edge(let edge):
            let entry = NamedEntry(name: edge.name, inode: edge.inode, type: edge.type)
            try transaction.insertEntry(entry, in: edge.parent)
        case .chunk(let chunk): try transaction.setChunk(chunk)
        case .symlink(let link): try transaction.setSymlinkTarget(link.target, of: link.inode)
        case .sustained(let session, let inodes):
            for inode in inodes {
                try transaction.insertSustained(SustainedInode(session: session, inode: Inode(inode)))
            }
        case .deletedFile(let file): try transaction.setDeletedFile(file)
        case .extendedAttribute(let attribute):
            try transaction.setExtendedAttribute(
                named: attribute.name,
                of: attribute.inode,
                to: attribute.value
            )
        case .directoryStat(let stat): try transaction.setDirectoryStat(stat.stat, of: stat.inode)
        case .quota(let quota): try transaction.setQuota(quota)
        case .counter, .sliceReference, .aclRule, .parent:
            preconditionFailure("these records do not go into batches")
        }
    }

    // MARK: What waits for the end

    private func writeRuledNodes() throws {
        let nodes = try ruledNodes.finish()
        try nodes.start()
        while nodes.head != nil {
            try fill { transaction in
                var count = 0
                while let packed = nodes.head, count < Self.batchSize {
                    let node = try self.mapRules(of: try packed.record, transaction)
                    try transaction.insertNode(node.inode, node.attributes)
                    try nodes.advance()
                    count += 1
                }
            }
        }
    }

    /// The node with the ids that its rules have in this database.
    private func mapRules(
        of node: NodeRecord,
        _ transaction: any MetadataTransaction
    ) throws -> NodeRecord {
        var node = node
        for path in [\Attributes.accessACL, \Attributes.defaultACL] {
            let id = node.attributes[keyPath: path]
            guard id != 0 else { continue }
            guard let rule = rules[id] else {
                throw CodecError(
                    "a binary dump",
                    "node \(node.inode) names the ACL rule \(id), which is missing"
                )
            }
            node.attributes[keyPath: path] = try transaction.aclID(of: rule)
        }
        return node
    }

    /// As many users as records name the slice; what nobody names and is to be deleted stays so.
    private func writeReferences() throws {
        let (uses, found) = (try uses.finish(), try references.finish())
        try uses.start()
        try found.start()
        while uses.head != nil || found.head != nil {
            try fill { transaction in
                for _ in 0..<Self.batchSize {
                    guard let reference = try self.nextReference(uses, found) else { break }
                    try transaction.insertSliceReference(reference)
                }
            }
        }
    }

    private func nextReference(
        _ uses: RecordStream<SliceUse>,
        _ found: RecordStream<FoundReference>,
    ) throws -> SliceReference? {
        while true {
            let id = min(uses.head?.sliceID ?? .max, found.head?.sliceID ?? .max)
            var count: Int64 = 0
            var size: UInt32 = 0
            guard uses.head != nil || found.head != nil else { return nil }
            while let use = uses.head, use.sliceID == id {
                count += 1
                size = use.size
                try uses.advance()
            }
            var stored: FoundReference?
            while let reference = found.head, reference.sliceID == id {
                stored = reference
                try found.advance()
            }
            if count != stored?.count ?? 1 { correctedReferences += 1 }
            if count > 0 { return SliceReference(id: id, size: size, count: count) }
            // Without users: only what is to be deleted is worth a record.
            if let stored, stored.count <= 0 {
                return SliceReference(id: id, size: stored.size, count: stored.count)
            }
        }
    }

    /// Counts the names of files that have, or had, several.
    private func writeParents() throws {
        let (nodes, entries) = (try linkedNodes.finish(), try links.finish())
        try nodes.start()
        try entries.start()
        while nodes.head != nil {
            try fill { transaction in
                var written = 0
                while let inode = nodes.head, written < Self.batchSize {
                    written += try Self.writeParents(of: inode, entries, transaction)
                    try nodes.advance()
                }
            }
        }
    }

    private static func writeParents(
        of inode: UInt64,
        _ entries: RecordStream<EntryLink>,
        _ transaction: any MetadataTransaction,
    ) throws -> Int {
        while let link = entries.head, link.inode < inode { try entries.advance() }
        var written = 1
        while let first = entries.head, first.inode == inode {
            var count: Int64 = 0
            while let link = entries.head, link == first {
                count += 1
                try entries.advance()
            }
            try transaction.adjustParent(Inode(first.parent), of: Inode(inode), by: count)
            written += 1
        }
        return written
    }
}

/// An entry without its name.
private struct EntryLink: BitwiseCopyable, Comparable, Sendable {
    var inode: UInt64
    var parent: UInt64

    static func < (left: EntryLink, right: EntryLink) -> Bool {
        (left.inode, left.parent) < (right.inode, right.parent)
    }
}

/// A node in a fixed number of bytes.
private struct PackedNode: BitwiseCopyable, Comparable, Sendable {
    private let inode: UInt64
    private let count: UInt8
    private var bytes: InlineArray<87, UInt8> = .init(repeating: 0)

    init(_ record: NodeRecord) {
        inode = record.inode.number
        let encoded = record.attributes.encoded
        // 81 bytes at most (metadata-format §4.2).
        count = UInt8(clamping: min(encoded.count, 87))
        for index in 0..<Int(count) { bytes[index] = encoded[index] }
    }

    var record: NodeRecord {
        get throws(CodecError) {
            let encoded = (0..<Int(count)).map { bytes[$0] }
            return NodeRecord(inode: Inode(inode), attributes: try Attributes(decoding: encoded))
        }
    }

    static func < (left: PackedNode, right: PackedNode) -> Bool { left.inode < right.inode }

    static func == (left: PackedNode, right: PackedNode) -> Bool { left.inode == right.inode }
}

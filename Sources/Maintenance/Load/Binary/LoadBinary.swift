// SPDX-License-Identifier: Apache-2.0
// Loads a binary dump into an empty database: records as they are, but what can be counted is counted
// (metadata-format §6.2): users of slices, names of files with several, and the counters of ids, which must
// not fall behind what is in use.

import Metadata
import SluiceBase
package import VolumeModel

/// What a binary dump brought.
package struct BinaryLoadReport: Sendable {
    package var settings: VolumeSettings
    package var summary: BinaryDumpSummary
    /// References whose count in the dump was not the number of records that name the slice.
    package var correctedReferences = 0
}

/// Reads a binary dump into a database that holds nothing yet.
///
/// The load is not finished: the caller does that when all is well.
/// - Parameter begin: opens the database for the settings that the dump begins with.
/// - Throws: `CodecError` with the place for a dump that is cut or damaged; `EngineError`; what `input` and
///   `begin` throw.
package func loadBinary(
    from input: any DumpInput,
    spill: SpillSpace = SpillSpace(),
    begin: (VolumeSettings) throws -> LoadTarget,
) throws -> (target: LoadTarget, report: BinaryLoadReport) {
    var load: BinaryLoad?
    let summary = try BinarySegments(input: BinaryInput(input)).walk { item in
        switch item {
        case .format(let json):
            guard load == nil else { throw CodecError("a binary dump", "it holds two settings") }
            let settings = try VolumeSettings(decoding: json)
            load = BinaryLoad(into: try begin(settings), settings: settings, spill: spill)
        case .record(let message, let kind, let field):
            guard let record = try BinaryRecord(message, kind: kind, field: field) else { return }
            try load?.take(record)
        }
    }
    guard let load else { throw CodecError("a binary dump", "it holds no settings") }
    try load.finish()
    let report = BinaryLoadReport(
        settings: load.settings,
        summary: summary,
        correctedReferences: load.correctedReferences
    )
    return (load.target, report)
}

/// Tells what a binary dump holds, and whether it is whole.
/// - Throws: as `loadBinary`.
package func summarizeBinary(_ input: any DumpInput) throws -> BinaryDumpSummary {
    try BinarySegments(input: BinaryInput(input)).walk { _ in }
}

/// One load: hands records on, and counts on the way.
private final class BinaryLoad {
    let target: LoadTarget
    let settings: VolumeSettings
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

    init(into target: LoadTarget, settings: VolumeSettings, spill: SpillSpace) {
        self.target = target
        self.settings = settings
        uses = SliceUseCollector(spill: spill)
        references = spill.sorter()
        links = spill.sorter()
        linkedNodes = spill.sorter()
        ruledNodes = spill.sorter()
    }

    /// Writes what had to wait, and what was counted.
    func finish() throws {
        try writeRuledNodes()
        try writeReferences()
        try writeParents()
        raise(.nextInode, to: highestInode, by: 1)
        raise(.nextChunk, to: max(uses.highestSliceID, highestReference), by: 1)
        raise(.nextTrash, to: highestTrash, by: 0)
        for counter in Counter.allCases {
            if let value = counters[counter] { try target.put(.counter(counter, value)) }
        }
    }

    private func raise(_ counter: Counter, to highest: UInt64, by step: Int64) {
        let needed = Int64(clamping: highest).saturatingAdd(step)
        counters[counter] = max(counters[counter] ?? 0, needed)
    }

    // MARK: Records

    func take(_ record: BinaryRecord) throws {
        switch record {
        case .counter(let name, let value):
            // Others say names that JuiceFS keeps for itself.
            guard let counter = Counter(rawValue: name) else { return }
            counters[counter] = value
        case .aclRule(let rule): rules[rule.id] = rule.rule
        case .sliceReference(let reference):
            highestReference = max(highestReference, reference.id)
            try references.add(FoundReference(reference))
        case .parent:
            // Counted from the entries, which say it all.
            return
        case .node(let node): try take(node)
        case .edge(let edge):
            try links.add(EntryLink(inode: edge.inode.number, parent: edge.parent.number))
            let entry = NamedEntry(name: edge.name, inode: edge.inode, type: edge.type)
            try target.put(.entry(entry, in: edge.parent))
        case .chunk(let chunk):
            _ = try uses.add(chunk)
            try target.put(.chunk(chunk))
        case .symlink(let link): try target.put(.symlink(link))
        case .sustained(let session, let inodes):
            for inode in inodes {
                try target.put(.sustained(SustainedInode(session: session, inode: Inode(inode))))
            }
        case .deletedFile(let file): try target.put(.deletedFile(file))
        case .extendedAttribute(let attribute): try target.put(.extendedAttribute(attribute))
        case .directoryStat(let stat): try target.put(.directoryStat(stat))
        case .quota(let quota): try target.put(.quota(quota))
        }
    }

    private func take(_ node: NodeRecord) throws {
        try note(node)
        guard node.attributes.accessACL == 0, node.attributes.defaultACL == 0 else {
            return try ruledNodes.add(PackedNode(node))
        }
        try target.put(.node(node.inode, node.attributes))
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

    // MARK: What waits for the end

    private func writeRuledNodes() throws {
        let nodes = try ruledNodes.finish()
        try nodes.start()
        while let packed = nodes.head {
            let node = try packed.record
            try target.put(.node(node.inode, try mapRules(of: node)))
            try nodes.advance()
        }
    }

    /// The attributes with the ids that the rules have in this database.
    private func mapRules(of node: NodeRecord) throws -> Attributes {
        var attributes = node.attributes
        for path in [\Attributes.accessACL, \Attributes.defaultACL] where attributes[keyPath: path] != 0 {
            let id = attributes[keyPath: path]
            guard let rule = rules[id] else {
                let reason = "node \(node.inode) names the ACL rule \(id), which is missing"
                throw CodecError("a binary dump", reason)
            }
            attributes[keyPath: path] = try target.aclID(of: rule)
        }
        return attributes
    }

    /// As many users as records name the slice; what nobody names and is to be deleted stays so.
    private func writeReferences() throws {
        let (uses, found) = (try uses.finish(), try references.finish())
        try uses.start()
        try found.start()
        while let reference = try nextReference(uses, found) { try target.put(.sliceReference(reference)) }
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
        while let inode = nodes.head {
            while let link = entries.head, link.inode < inode { try entries.advance() }
            while let first = entries.head, first.inode == inode {
                var link = ParentLink(parent: Inode(first.parent), count: 0)
                while let next = entries.head, next == first {
                    link.count += 1
                    try entries.advance()
                }
                try target.put(.parent(link, of: Inode(inode)))
            }
            try nodes.advance()
        }
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

// SPDX-License-Identifier: Apache-2.0
// Loads a binary dump into an empty database: records as they are, but what can be counted is counted
// (metadata-format §6.2): users of slices, names of files with several, and the counters of ids, which must
// not fall behind what is in use. Records wait in a sort, because a dump of Redis may hold one twice.

import Metadata
import SluiceBase
package import VolumeModel

/// What a binary dump brought.
package struct BinaryLoadReport: Sendable {
    package var settings: VolumeSettings
    package var summary: BinaryDumpSummary
    /// References whose count in the dump was not the number of records that name the slice.
    package var correctedReferences = 0
    /// Slices whose users disagree about their size.
    package var disputedSlices: UInt64 = 0
}

/// Reads a binary dump into a database that holds nothing yet.
///
/// The load is not finished: the caller does that when all is well.
/// - Parameter begin: opens the database for the settings that the dump begins with.
/// - Throws: `CodecError` with the place for a dump that is cut or damaged; `MaintenanceError.mismatch` for
///   one that holds a record in two forms; `EngineError`; what `input` and `begin` throw.
package func loadBinary(
    from input: any DumpInput,
    options: LoadOptions = LoadOptions(),
    begin: (VolumeSettings) throws -> LoadTarget,
) throws -> (target: LoadTarget, report: BinaryLoadReport) {
    var load: BinaryLoad?
    let summary = try BinarySegments(input: BinaryInput(input)).walk { item in
        switch item {
        case .format(let json):
            guard load == nil else { throw CodecError("a binary dump", "it holds two settings") }
            let settings = try VolumeSettings(decoding: json)
            load = BinaryLoad(into: try begin(settings), settings: settings, options: options)
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
        correctedReferences: load.correctedReferences,
        disputedSlices: load.disputedSlices
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
    private let options: LoadOptions
    private var counters: [Counter: Int64] = [:]
    private var rules: [UInt32: ACLRule] = [:]
    private let records: BinarySorter
    private let uses: SliceUseCollector
    private let references: Spill<LoadedReference>
    private let links: Spill<EntryLink>
    private let linkedNodes: Spill<UInt64>
    private var count: UInt64 = 0
    private var highestInode: UInt64 = 1
    private var highestTrash: UInt64 = 0
    private var highestReference: UInt64 = 0
    private(set) var correctedReferences = 0
    private(set) var disputedSlices: UInt64 = 0

    init(into target: LoadTarget, settings: VolumeSettings, options: LoadOptions) {
        self.target = target
        self.settings = settings
        self.options = options
        let spill = SpillSpace(directory: options.spillDirectory)
        records = BinarySorter(memoryLimitBytes: options.sortMemory, directory: options.spillDirectory)
        uses = SliceUseCollector(spill: spill)
        references = spill.sorter()
        links = spill.sorter()
        linkedNodes = spill.sorter()
    }

    /// Writes everything, and what was counted.
    func finish() throws {
        try records.finish(repeated: compare) { message in
            try pause()
            let record = try BinaryRecord(message.bytes, kind: message.kind, field: message.field)
            if let record { try write(record) }
        }
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

    private func pause() throws {
        count += 1
        if count & 0xFFF == 0 { try options.cancellation.throwIfCancelled() }
    }

    private func compare(_ earlier: BinaryMessage, _ later: BinaryMessage) throws {
        guard !options.isForced,
            let record = try BinaryRecord(later.bytes, kind: later.kind, field: later.field)
        else { return }
        throw MaintenanceError(
            .mismatch,
            "load",
            reason: "the dump holds \(record.noun) twice, in different forms",
            hint: "it changed while the dump was made, or the dump is damaged; --force takes the later form"
        )
    }

    // MARK: Records as they come

    func take(_ record: BinaryRecord) throws {
        try pause()
        switch record {
        case .counter(let name, let value):
            // Others say names that JuiceFS keeps for itself.
            guard let counter = Counter(rawValue: name) else { return }
            counters[counter] = value
        case .aclRule(let rule): rules[rule.id] = rule.rule
        case .parent:
            // Counted from the entries, which say it all.
            return
        case .node, .edge, .chunk, .sliceReference, .symlink, .sustained, .deletedFile, .extendedAttribute,
            .directoryStat, .quota:
            try records.add(record)
        }
    }

    // MARK: Records in order

    private func write(_ record: BinaryRecord) throws {
        switch record {
        case .counter, .aclRule, .parent: return
        case .node(let node): try write(node)
        case .edge(let edge):
            try links.add(EntryLink(inode: edge.inode.number, parent: edge.parent.number))
            let entry = NamedEntry(name: edge.name, inode: edge.inode, type: edge.type)
            try target.put(.entry(entry, in: edge.parent))
        case .chunk(let chunk):
            _ = try uses.add(chunk)
            try target.put(.chunk(chunk))
        case .sliceReference(let reference):
            highestReference = max(highestReference, reference.id)
            try references.add(LoadedReference(reference))
        case .symlink(let link): try target.put(.symlink(link))
        case .sustained(let session, let inodes):
            for inode in Set(inodes) {
                try target.put(.sustained(SustainedInode(session: session, inode: Inode(inode))))
            }
        case .deletedFile(let file): try target.put(.deletedFile(file))
        case .extendedAttribute(let attribute): try target.put(.extendedAttribute(attribute))
        case .directoryStat(let stat): try target.put(.directoryStat(stat))
        case .quota(let quota): try target.put(.quota(quota))
        }
    }

    private func write(_ node: NodeRecord) throws {
        let number = node.inode.number
        if node.inode.isTrash {
            highestTrash = max(highestTrash, number - Inode.trash.number)
        } else {
            highestInode = max(highestInode, number)
        }
        if node.hasCountedParents { try linkedNodes.add(number) }
        try target.put(.node(node.inode, try mapRules(of: node)))
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

    // MARK: What is counted

    /// As many users as records name the slice; what nobody names and is to be deleted stays so.
    private func writeReferences() throws {
        let (uses, found) = (try uses.finish(), try references.finish())
        try uses.start()
        try found.start()
        while let reference = try nextReference(uses, found) { try target.put(.sliceReference(reference)) }
    }

    private func nextReference(
        _ uses: RecordStream<SliceUse>,
        _ found: RecordStream<LoadedReference>,
    ) throws -> SliceReference? {
        while true {
            let id = min(uses.head?.sliceID ?? .max, found.head?.sliceID ?? .max)
            var count: Int64 = 0
            guard uses.head != nil || found.head != nil else { return nil }
            var sizes: ClosedRange<UInt32>?
            while let use = uses.head, use.sliceID == id {
                count += 1
                sizes = min(sizes?.lowerBound ?? use.size, use.size)...max(sizes?.upperBound ?? 0, use.size)
                try uses.advance()
            }
            if let sizes, sizes.lowerBound != sizes.upperBound { disputedSlices += 1 }
            var stored: LoadedReference?
            while let reference = found.head, reference.sliceID == id {
                stored = reference
                try found.advance()
            }
            if count != stored?.count ?? 1 { correctedReferences += 1 }
            if let sizes { return SliceReference(id: id, size: sizes.upperBound, count: count) }
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

/// A slice reference, small enough to be sorted.
private struct LoadedReference: BitwiseCopyable, Comparable, Sendable {
    var sliceID: UInt64
    var count: Int64
    var size: UInt32

    init(_ reference: SliceReference) {
        sliceID = reference.id
        count = reference.count
        size = reference.size
    }

    static func < (left: LoadedReference, right: LoadedReference) -> Bool {
        (left.sliceID, left.size) < (right.sliceID, right.size)
    }
}

// SPDX-License-Identifier: Apache-2.0

package import Metadata
import SluiceBase
package import VolumeModel

/// What a binary dump holds, and in which places.
package struct BinaryDumpSummary: Hashable, Sendable {
    package var version = BinarySegment.version
    package var segments: [BinarySegment: BinarySegmentSummary] = [:]

    package init() {}
}

/// Writes a volume's records in the binary format of JuiceFS 1.4 (metadata-format §6.2), as they are stored.
///
/// Memory does not grow with the volume: records pass through one by one. Not contained, as in JuiceFS:
/// sessions, locks, delayed slices, detached nodes, tokens, the change log.
/// - Parameter options: secrets that are not kept are written as `removed`; it is always the whole volume.
/// - Throws: `MaintenanceError.incomplete` for a record that cannot be read; `EngineError`; what `output`
///   throws.
package func dumpBinary(
    _ scanner: any MetadataScanner,
    settings: VolumeSettings,
    options: DumpOptions,
    to output: any DumpOutput,
) throws -> BinaryDumpSummary {
    let writer = BinaryWriter(output)
    try writer.add(format: (options.keepsSecrets ? settings : settings.withoutSecrets).encoded)
    var count: UInt64 = 0
    try BinaryDumpSource(scanner: scanner, options: options).forEachRecord { record in
        count += 1
        if count & 0xFFF == 0 { try options.cancellation.throwIfCancelled() }
        try writer.add(record)
    }
    try writer.finish()
    var summary = BinaryDumpSummary()
    summary.segments = writer.summaries
    return summary
}

/// Walks over everything that a binary dump contains, in the order in which JuiceFS 1.4.2 writes it.
private struct BinaryDumpSource {
    let scanner: any MetadataScanner
    let options: DumpOptions

    func forEachRecord(_ take: (BinaryMessage) throws -> Void) throws {
        for counter in Counter.allCases {
            guard let value = try scanner.counter(counter) else { continue }
            try take(BinaryRecord.counter(counter.rawValue, value).message)
        }
        let linked = SpillSpace(directory: options.spillDirectory).sorter(of: UInt64.self)
        let keepingLinked = { (node: NodeRecord) -> BinaryRecord in
            if node.hasCountedParents { try linked.add(node.inode.number) }
            return .node(node)
        }
        try each(try scanner.scanNodes(), keepingLinked, take)
        try each(try scanner.scanChunks(), BinaryRecord.chunk, take)
        try each(try scanner.scanEdges(), BinaryRecord.edge, take)
        try forEachParent(of: linked, take)
        try each(try scanner.scanSymlinks(), BinaryRecord.symlink, take)
        try forEachSustained(take)
        try each(try scanner.scanDeletedFiles(), BinaryRecord.deletedFile, take)
        // One user is what a loader assumes.
        try each(
            try scanner.scanSliceReferences(),
            { $0.count == 1 || $0.id == 0 ? nil : .sliceReference($0) },
            take
        )
        try each(try scanner.scanACLRules(), BinaryRecord.aclRule, take)
        try each(try scanner.scanExtendedAttributes(), BinaryRecord.extendedAttribute, take)
        for kind in QuotaKind.allCases { try each(try scanner.scanQuotas(kind), BinaryRecord.quota, take) }
        try each(try scanner.scanDirectoryStats(), BinaryRecord.directoryStat, take)
    }

    private func forEachParent(
        of linked: Spill<UInt64>,
        _ take: (BinaryMessage) throws -> Void
    ) throws {
        let inodes = try linked.finish()
        try inodes.start()
        var last: UInt64 = 0
        while let number = inodes.head {
            try inodes.advance()
            guard number != last else { continue }
            last = number
            for link in try scanner.parents(of: Inode(number)) where link.count != 0 {
                try take(BinaryRecord.parent(Inode(number), link).message)
            }
        }
    }

    /// One record for each session.
    private func forEachSustained(_ take: (BinaryMessage) throws -> Void) throws {
        let held = SpillSpace(directory: options.spillDirectory).sorter(of: HeldInode.self)
        let cursor = try scanner.scanSustainedInodes()
        while let record = try next(cursor) {
            try held.add(HeldInode(session: record.session, inode: record.inode.number))
        }
        let sorted = try held.finish()
        try sorted.start()
        while let first = sorted.head {
            var inodes: [UInt64] = []
            while let next = sorted.head, next.session == first.session {
                if inodes.last != next.inode { inodes.append(next.inode) }
                try sorted.advance()
            }
            try take(BinaryRecord.sustained(first.session, inodes).message)
        }
    }

    /// Hands out the records of a scan.
    /// - Parameter wrap: answers nil for records that a dump leaves out.
    private func each<Record>(
        _ cursor: any RecordCursor<Record>,
        _ wrap: (Record) throws -> BinaryRecord?,
        _ take: (BinaryMessage) throws -> Void,
    ) throws {
        while let record = try next(cursor) {
            if let wrapped = try wrap(record) { try take(wrapped.message) }
        }
    }

    private func next<Record>(_ cursor: any RecordCursor<Record>) throws -> Record? {
        switch try cursor.next() {
        case .record(let record): return record
        case .damaged(let damage):
            throw MaintenanceError(
                .incomplete,
                "dump the volume",
                reason: "the record \(damage.kind) \(damage.key) cannot be read: \(damage.reason)",
                hint: "see what 'sluice fsck' says of it"
            )
        case nil: return nil
        }
    }
}

extension NodeRecord {
    /// Whether the node has, or had, several names.
    var hasCountedParents: Bool { attributes.parent.number == 0 && attributes.type != .directory }
}

/// A node that a session keeps.
private struct HeldInode: BitwiseCopyable, Comparable, Sendable {
    var session: UInt64
    var inode: UInt64

    static func < (left: HeldInode, right: HeldInode) -> Bool {
        (left.session, left.inode) < (right.session, right.inode)
    }
}

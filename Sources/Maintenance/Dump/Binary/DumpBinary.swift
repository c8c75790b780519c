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
/// - Parameters:
///   - keepingSecrets: write the secrets of the settings as they are stored; else `removed` stands for each.
/// - Throws: `MaintenanceError.incomplete` for a record that cannot be read; `EngineError`; what `output`
///   throws.
package func dumpBinary(
    _ scanner: any MetadataScanner,
    settings: VolumeSettings,
    keepingSecrets: Bool,
    to output: any DumpOutput,
) throws -> BinaryDumpSummary {
    let writer = BinaryWriter(output)
    try writer.add(format: (keepingSecrets ? settings : settings.withoutSecrets).encoded)
    let source = BinaryDumpSource(scanner)
    try source.forEachRecord { record in
        try writer.add(record.encoded, to: record.kind, field: record.field)
    }
    try writer.finish()
    var summary = BinaryDumpSummary()
    summary.segments = writer.summaries
    return summary
}

/// Walks over everything that a binary dump contains, in the order in which JuiceFS 1.4.2 writes it.
private struct BinaryDumpSource {
    let scanner: any MetadataScanner

    init(_ scanner: any MetadataScanner) {
        self.scanner = scanner
    }

    func forEachRecord(_ take: (BinaryRecord) throws -> Void) throws {
        for counter in Counter.allCases {
            guard let value = try scanner.counter(counter) else { continue }
            try take(.counter(counter.rawValue, value))
        }
        let linked = SpillSpace().sorter(of: UInt64.self)
        try each(try scanner.scanNodes()) { record in
            let isLinked = record.attributes.parent.number == 0 && record.attributes.type != .directory
            if isLinked { try linked.add(record.inode.number) }
            try take(.node(record))
        }
        try each(try scanner.scanChunks()) { try take(.chunk($0)) }
        try each(try scanner.scanEdges()) { try take(.edge($0)) }
        let inodes = try linked.finish()
        try inodes.start()
        while let number = inodes.head {
            for link in try scanner.parents(of: Inode(number)) where link.count != 0 {
                try take(.parent(Inode(number), link))
            }
            try inodes.advance()
        }
        try each(try scanner.scanSymlinks()) { try take(.symlink($0)) }
        try forEachSustained(take)
        try each(try scanner.scanDeletedFiles()) { try take(.deletedFile($0)) }
        // One user is what a loader assumes.
        try each(try scanner.scanSliceReferences()) { record in
            if record.count != 1, record.id != 0 { try take(.sliceReference(record)) }
        }
        try each(try scanner.scanACLRules()) { try take(.aclRule($0)) }
        try each(try scanner.scanExtendedAttributes()) { try take(.extendedAttribute($0)) }
        for kind in QuotaKind.allCases { try each(try scanner.scanQuotas(kind)) { try take(.quota($0)) } }
        try each(try scanner.scanDirectoryStats()) { try take(.directoryStat($0)) }
    }

    /// One record for each session.
    private func forEachSustained(_ take: (BinaryRecord) throws -> Void) throws {
        let held = SpillSpace().sorter(of: HeldInode.self)
        try each(try scanner.scanSustainedInodes()) { record in
            try held.add(HeldInode(session: record.session, inode: record.inode.number))
        }
        let sorted = try held.finish()
        try sorted.start()
        while let first = sorted.head {
            var inodes: [UInt64] = []
            while let next = sorted.head, next.session == first.session {
                inodes.append(next.inode)
                try sorted.advance()
            }
            try take(.sustained(first.session, inodes))
        }
    }

    private func each<Record>(
        _ cursor: any RecordCursor<Record>,
        _ take: (Record) throws -> Void,
    ) throws {
        while let scanned = try cursor.next() {
            switch scanned {
            case .record(let record): try take(record)
            case .damaged(let damage):
                throw MaintenanceError(
                    .incomplete,
                    "dump the volume",
                    reason: "the record \(damage.kind) \(damage.key) cannot be read: \(damage.reason)",
                    hint: "see what 'sluice fsck' says of it"
                )
            }
        }
    }
}

/// A node that a session keeps.
private struct HeldInode: BitwiseCopyable, Comparable, Sendable {
    var session: UInt64
    var inode: UInt64

    static func < (left: HeldInode, right: HeldInode) -> Bool {
        (left.session, left.inode) < (right.session, right.inode)
    }
}

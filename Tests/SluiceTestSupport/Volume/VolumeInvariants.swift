// SPDX-License-Identifier: Apache-2.0
// What is true of every sound volume, recomputed from its nodes and entries alone.

package import Metadata
import SluiceBase
import Testing
import VolumeModel

/// The records that the checks need, by inode.
private struct Inventory {
    var nodes: [Inode: Attributes] = [:]
    var edges: [EdgeRecord] = []
    var stats: [Inode: DirectoryStat] = [:]
    var symlinks: Set<Inode> = []
    var links: [Inode: [ParentLink]] = [:]

    init(_ scanner: any MetadataScanner) throws {
        for record in try all(scanner.scanNodes()) { nodes[record.inode] = record.attributes }
        edges = try all(scanner.scanEdges())
        for record in try all(scanner.scanDirectoryStats()) { stats[record.inode] = record.stat }
        symlinks = Set(try all(scanner.scanSymlinks()).map(\.inode))
        for inode in nodes.keys { links[inode] = try scanner.parents(of: inode) }
    }
}

/// All records of a scan; a damaged one fails the test.
package func all<Record>(_ cursor: any RecordCursor<Record>) throws -> [Record] {
    var records: [Record] = []
    while let scanned = try cursor.next() {
        switch scanned {
        case .record(let record): records.append(record)
        case .damaged(let damage): Issue.record("damaged \(damage.kind) \(damage.key): \(damage.reason)")
        }
    }
    return records
}

/// Flushes a volume's usage and holds it to the invariants of metadata-format §3.2, §3.3, §5.6 and §5.8.
package func checkInvariants(_ volume: Volume) throws {
    try volume.flushUsage()
    try volume.engine.snapshot { scanner in
        let inventory = try Inventory(scanner)
        checkNodes(inventory)
        checkStats(inventory)
        try checkReferences(scanner)
        let counted = inventory.nodes.filter { $0.key != .root && $0.key != .trash }
        #expect(try scanner.counter(.usedSpace) ?? 0 == counted.values.reduce(0) { $0 + $1.usedSpace })
        #expect(try scanner.counter(.totalInodes) ?? 0 == Int64(counted.count))
    }
}

private func checkNodes(_ inventory: Inventory) {
    let incoming = Dictionary(grouping: inventory.edges, by: \.inode)
    let children = Dictionary(grouping: inventory.edges, by: \.parent)
    for edge in inventory.edges {
        #expect(inventory.nodes[edge.inode]?.type == edge.type, "\(edge.name) in \(edge.parent)")
        #expect(inventory.nodes[edge.parent]?.type == .directory, "\(edge.name) in \(edge.parent)")
    }
    for (inode, node) in inventory.nodes {
        let edges = incoming[inode] ?? []
        #expect(inventory.symlinks.contains(inode) == (node.type == .symlink), "inode \(inode)")
        if node.type == .directory {
            let directories = inode.isTrash ? 0 : (children[inode] ?? []).count { $0.type == .directory }
            #expect(Int(node.linkCount) == 2 + directories, "directory \(inode)")
        } else {
            #expect(Int(node.linkCount) == edges.count, "inode \(inode)")
        }
        guard inode != .root, inode != .trash else { continue }
        let parents = Dictionary(grouping: edges, by: \.parent).mapValues { Int64($0.count) }
        let known = Dictionary(
            uniqueKeysWithValues: (inventory.links[inode] ?? []).map { ($0.parent, $0.count) }
        )
        #expect(known == parents, "parents of \(inode)")
        if node.parent.number > 0 { #expect(edges.map(\.parent) == [node.parent], "inode \(inode)") }
    }
}

/// Every slice has as many users as records name it, those that the trash keeps included.
private func checkReferences(_ scanner: any MetadataScanner) throws {
    var uses: [SliceKey: Int64] = [:]
    for chunk in try all(scanner.scanChunks()) {
        for slice in try Slice.list(decoding: chunk.slices) where !slice.isHole {
            uses[SliceKey(id: slice.id, size: slice.size), default: 0] += 1
        }
    }
    for delayed in try all(scanner.scanDelayedSlices()) {
        for (id, size) in try delayed.slices() { uses[SliceKey(id: id, size: size), default: 0] += 1 }
    }
    for reference in try all(scanner.scanSliceReferences()) {
        let key = SliceKey(id: reference.id, size: reference.size)
        #expect(reference.count == uses[key] ?? 0, "references of slice \(reference.id)")
    }
    for (key, count) in uses {
        #expect(
            try scanner.sliceReference(key.id, size: key.size)?.count == count,
            "users of slice \(key.id)"
        )
    }
}

private func checkStats(_ inventory: Inventory) {
    var expected: [Inode: DirectoryStat] = [:]
    for edge in inventory.edges {
        guard let node = inventory.nodes[edge.inode] else { continue }
        let length = node.type == .file ? Int64(node.length) : 0
        expected[edge.parent] =
            (expected[edge.parent] ?? DirectoryStat())
            + DirectoryStat(dataLength: length, usedSpace: node.usedSpace, usedInodes: 1)
    }
    for (inode, stat) in inventory.stats {
        #expect(inode != .trash && inventory.nodes[inode]?.type == .directory, "stat of \(inode)")
        #expect(stat == expected[inode] ?? DirectoryStat(), "stat of \(inode)")
    }
    for inode in expected.keys where inode != .trash {
        #expect(inventory.stats[inode] != nil, "directory \(inode) has children and no stat")
    }
}

// SPDX-License-Identifier: Apache-2.0
// Clones that were left unfinished (metadata-format §5.11): a tree without a name, and a record that marks
// its top. The record alone proves nothing: whether an entry leads to the top is found out from all
// entries, so that a record which names a living directory costs nothing but itself.

import Metadata
import SluiceBase
import VolumeModel

/// What to do about the records of unfinished clones.
struct DetachedTrees {
    /// A record past its day.
    struct Stale {
        var record: DetachedNode
        var verdict: Verdict
    }

    enum Verdict {
        /// Nothing leads to the tree and nothing in it is needed elsewhere.
        case removable(bytes: Int64)
        /// Only the record goes: its node is alive, or gone.
        case recordOnly
        /// Something in the tree may be needed: all of it stays.
        case kept(String)
    }

    /// Records looked at in one run; the rest waits for the next.
    private static let limit = 100_000

    let scanner: any MetadataScanner
    /// Whether a file's slices have fewer references than users.
    let isContested: (Inode) -> Bool

    /// The records made before `time`, in seconds since the epoch.
    func stale(before time: Int64) throws -> [Stale] {
        var records: [Inode: DetachedNode] = [:]
        try forEachRecord(of: scanner.scanDetachedNodes()) { record in
            if record.added < time, records.count < Self.limit { records[record.inode] = record }
        }
        guard !records.isEmpty else { return [] }
        let named = try Self.named(among: Set(records.keys), scanner)
        return try records.values.sorted { $0.inode < $1.inode }.map { record in
            Stale(
                record: record,
                verdict: try verdict(on: record.inode, isNamed: named.contains(record.inode))
            )
        }
    }

    /// Those of the nodes to which an entry leads: every entry of the volume is looked at, because not every
    /// engine finds an entry by its node.
    static func named(among inodes: Set<Inode>, _ scanner: any MetadataScanner) throws -> Set<Inode> {
        var named: Set<Inode> = []
        try forEachRecord(of: scanner.scanEdges()) { edge in
            if inodes.contains(edge.inode) { named.insert(edge.inode) }
        }
        return named
    }

    private func verdict(on top: Inode, isNamed: Bool) throws -> Verdict {
        guard let node = try scanner.node(top), top != .root, !top.isTrash, !isNamed else {
            return .recordOnly
        }
        var bytes: Int64 = 0
        let rules = RemovalRules(reader: scanner, isContested: isContested) { node in
            if node.type == .file { bytes = bytes.saturatingAdd(Int64(clamping: node.length)) }
        }
        guard node.type == .directory else { return .kept("it is no directory") }
        if let obstacle = try rules.obstacle(toRemovingBelow: top) { return .kept(obstacle) }
        return .removable(bytes: bytes)
    }
}

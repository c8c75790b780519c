// SPDX-License-Identifier: Apache-2.0
// The one pass over the metadata: nodes, entries, chunks and everything else that names an inode are merged
// by inode into bundles, and what each entry gives its directory goes through a second sort to be merged by
// directory. Nothing is kept that grows with the number of files but the directories.

import Metadata
import ObjectStorage
import SluiceBase
import VolumeModel

/// What adds up over the whole volume.
struct VolumeTotals: Sendable, Hashable {
    var nodes: UInt64 = 0
    var entries: UInt64 = 0
    var chunks: UInt64 = 0
    /// Without the root and the trash root, as the stored totals count.
    var usedInodes: Int64 = 0
    var usedSpace: Int64 = 0
    var highestInode: UInt64 = 0
    var highestTrash: UInt64 = 0
    var hasRoot = false
    var hasTrash = false

    mutating func count(_ node: NodeDigest) {
        nodes += 1
        let inode = Inode(node.inode)
        if inode.isTrash {
            highestTrash = max(highestTrash, node.inode - Inode.trash.number)
        } else {
            highestInode = max(highestInode, node.inode)
        }
        hasRoot = hasRoot || inode == .root
        hasTrash = hasTrash || inode == .trash
        guard inode != .root, inode != .trash else { return }
        usedInodes += 1
        usedSpace = usedSpace.saturatingAdd(node.usedSpace)
    }
}

/// One pass over a snapshot.
///
/// One owner, one thread.
final class MetadataPass {
    let scanner: any MetadataScanner
    let options: CheckOptions
    /// Whether what the engine counts by directory has to be compared, by the second look.
    private let countsParents: Bool
    let nodeRules: NodeRules
    let directoryRules: DirectoryRules
    let sessions: LiveSessions
    let gaps: GapLog
    let collector: SliceUseCollector
    let candidates: Spill<Candidate>
    let chunkGaps: Spill<ChunkGap>
    private let children: Spill<ChildDigest>
    private(set) var totals = VolumeTotals()
    private(set) var tree = DirectoryTree()
    private(set) var quotas: QuotaSums
    /// Nil on volumes without user and group quotas.
    private let owners: OwnerSums?
    /// Owners whose record is not what their nodes add up to.
    private(set) var ownerGaps: RecordStream<OwnerGap>?
    private let progress: (CheckProgress) -> Void

    init(
        _ scanner: any MetadataScanner,
        options: CheckOptions,
        settings: VolumeSettings,
        now: Int64,
        countsParents: Bool,
        gaps: GapLog,
        progress: @escaping (CheckProgress) -> Void,
    ) throws {
        self.scanner = scanner
        self.options = options
        self.countsParents = countsParents
        self.gaps = gaps
        self.progress = progress
        nodeRules = NodeRules(now: now)
        directoryRules = DirectoryRules(hasStats: settings.dirStats)
        sessions = LiveSessions(try scanner.sessions(), now: now)
        collector = SliceUseCollector(spill: options.spill)
        candidates = options.spill.sorter()
        chunkGaps = options.spill.sorter()
        children = options.spill.sorter()
        quotas = QuotaSums()
        owners = settings.userGroupQuota ? OwnerSums(options.spill) : nil
    }

    func run() throws {
        try mergeNodes()
        for loop in tree.loops() { try suspect(.node, loop.number) }
        quotas = QuotaSums(try readQuotas())
        tree.assign(quotas: quotas.inodes)
        try mergeDirectories()
        quotas.addNested(tree)
        // A node that cannot be read belongs to somebody: then no sum is right.
        guard gaps.value.damagedRecordCount == 0 else { return }
        ownerGaps = try owners?.gaps(scanner) { [gaps] in gaps.value.note($0, hidesUses: false) }
    }

    private func suspect(_ kind: Candidate.Kind, _ inode: UInt64) throws {
        try candidates.add(Candidate(inode: inode, kind: kind))
    }

    // MARK: By inode

    private func mergeNodes() throws {
        let streams = try InodeStreams(self)
        try streams.start()
        let estimate = try scanner.estimatedNodeCount().flatMap { UInt64(exactly: $0) }
        var bundle = NodeBundle()
        var steps: UInt64 = 0
        while let inode = streams.lowest {
            steps += 1
            if steps & 0x3FFF == 0 {
                try options.cancellation.throwIfCancelled()
                progress(CheckProgress(.metadata, done: steps, total: estimate))
            }
            try streams.fill(&bundle, inode: inode, living: sessions.living)
            try take(&bundle)
        }
    }

    private func take(_ bundle: inout NodeBundle) throws {
        if let node = bundle.node {
            totals.count(node)
            try owners?.count(node)
            if node.type == .file {
                bundle.chunks.finish(length: node.length)
                try noteGaps(bundle, node)
            }
            if node.type == .directory {
                tree.append(
                    DirectoryDigest(
                        inode: node.inode,
                        parent: bundle.parentByEntries,
                        linkCount: node.linkCount
                    )
                )
            }
        }
        totals.entries += UInt64(bundle.entryCount)
        totals.chunks += UInt64(bundle.chunks.count)
        let hasCounts = countsParents && bundle.node?.parent == 0 && bundle.entryCount > 0
        guard hasCounts || !nodeRules.findings(bundle).isEmpty else { return }
        try suspect(.node, bundle.inode.number)
        for parent in Set(bundle.entries.map(\.parent)) {
            try candidates.add(Candidate(inode: bundle.inode.number, kind: .node, parent: parent))
        }
    }

    private func noteGaps(_ bundle: NodeBundle, _ node: NodeDigest) throws {
        for index in bundle.chunks.gaps {
            let start = UInt64(index) * Chunk.size
            guard node.length > start else { continue }
            let length = UInt32(clamping: min(Chunk.size, node.length - start))
            try chunkGaps.add(ChunkGap(length: length, index: index, inode: node.inode))
        }
    }

    /// What an entry means to its directory; called while the bundle of the node is filled.
    func note(_ entry: EntryDigest, _ node: NodeDigest?) throws {
        try children.add(ChildDigest(parent: entry.parent, entryType: entry.type, node: node))
    }

    /// Entries with impossible names make their directory suspicious: the second look reads all its names.
    func checkName(_ edge: EdgeRecord) throws {
        let isBad = !edge.name.isValidName || (edge.parent == .trash && TrashHour(parsing: edge.name) == nil)
        if isBad { try suspect(.directory, edge.parent.number) }
    }

    // MARK: By directory

    private func mergeDirectories() throws {
        let sums = try children.finish()
        let stats = try statStream()
        try sums.start()
        try stats.start()
        var position = 0
        var bundle = DirectoryBundle()
        while true {
            let directory = position < tree.directories.count ? tree.directories[position] : nil
            let heads = [directory?.inode, sums.head?.parent, stats.head?.inode.number]
            guard let inode = heads.compactMap(\.self).min() else { return }
            bundle.clear(for: Inode(inode))
            let isDirectory = directory?.inode == inode
            var hasChildren = false
            while let child = sums.head, child.parent == inode {
                bundle.add(child)
                hasChildren = true
                try sums.advance()
            }
            while let stat = stats.head, stat.inode.number == inode {
                bundle.stat = stat.stat
                try stats.advance()
            }
            if isDirectory, let directory {
                bundle.linkCount = directory.linkCount
                bundle.isTrashed = Inode(directory.parent) > .trash
                quotas.add(bundle.sum, at: tree.quota(at: position))
                position += 1
            } else if hasChildren {
                try suspect(.node, inode)
            }
            if !directoryRules.findings(bundle).isEmpty { try suspect(.directory, inode) }
        }
    }

    private func statStream() throws -> RecordStream<DirectoryStatRecord> {
        stream(
            try scanner.scanDirectoryStats(),
            reduce: { $0 },
            damaged: { [gaps] in gaps.value.note($0, hidesUses: false) }
        )
    }

    private func readQuotas() throws -> [QuotaRecord] {
        var records: [QuotaRecord] = []
        let cursor = try scanner.scanQuotas(.directory)
        while let scanned = try cursor.next() {
            switch scanned {
            case .record(let record): records.append(record)
            case .damaged(let record): gaps.value.note(record, hidesUses: false)
            }
        }
        return records
    }
}

// SPDX-License-Identifier: Apache-2.0
// `--path`: only what lies below a directory, by point reads. What needs all of a volume (who else uses a
// slice, which objects nobody knows, totals) is not judged.

import Metadata
import ObjectStorage
import SluiceBase
import VolumeModel

extension CheckRun {
    /// Directories on the way down that are remembered at most.
    private static var depthLimit: Int { 4096 }
    /// Entries read at a time.
    private static var pageSize: Int { 256 }

    func checkSubtree(_ path: ByteString) throws -> CheckSummary {
        let sessions = LiveSessions(try volume.engine.read { try $0.sessions() }, now: now)
        var rules = sliceRules()
        rules.usersAreComplete = false
        let look = SecondLook(
            volume: volume,
            store: store,
            options: options,
            sessions: sessions,
            sliceRules: rules,
            summary: CheckSummary(),
            report: report
        )
        let top = try resolve(path)
        let candidates = options.spill.sorter(of: Candidate.self)
        let uses = options.spill.sorter(of: SliceUse.self)
        try walk(top, candidates, uses, look)
        try look.confirm(try candidates.finish())
        try confirmSlices(try uses.finish(), look)
        return look.summary
    }

    private func resolve(_ path: ByteString) throws -> Inode {
        try volume.engine.read { reader in
            var inode = Inode.root
            for name in path.bytes.split(separator: UInt8(ascii: "/")) {
                let name = FileName(Array(name))
                if inode == .root, name == ".trash" {
                    inode = .trash
                } else if let entry = try reader.entry(named: name, in: inode) {
                    inode = entry.inode
                } else {
                    throw VolumeError(.noEntry, "check", path.description)
                }
            }
            return inode
        }
    }

    /// One directory of the way down, with the entries of the current page that are still to be visited,
    /// last first.
    private struct Level {
        var directory: Inode
        var page: [NamedEntry] = []
        var after: FileName?
        var isLastPage = false
    }

    private func walk(
        _ top: Inode,
        _ candidates: Spill<Candidate>,
        _ uses: Spill<SliceUse>,
        _ look: SecondLook,
    ) throws {
        try visit(top, in: nil, candidates, uses, look)
        guard options.isRecursive else { return }
        var levels = [Level(directory: top)]
        while var level = levels.popLast() {
            if level.page.isEmpty {
                guard !level.isLastPage else { continue }
                try options.cancellation.throwIfCancelled()
                try turnPage(&level)
            }
            guard let entry = level.page.popLast() else { continue }
            let directory = level.directory
            levels.append(level)
            try visit(entry.inode, in: directory, candidates, uses, look)
            let isAbove = levels.contains { $0.directory == entry.inode }
            guard entry.type == .directory, !isAbove, levels.count < Self.depthLimit else { continue }
            if try isOwn(entry.inode, directory) { levels.append(Level(directory: entry.inode)) }
        }
    }

    private func turnPage(_ level: inout Level) throws {
        let page = try volume.engine.read {
            try $0.entries(of: level.directory, after: level.after, limit: Self.pageSize)
        }
        level.isLastPage = page.count < Self.pageSize
        level.after = page.last?.name
        level.page = page.reversed()
    }

    /// Whether to go down: a directory with several entries is entered by the one that its node names, so
    /// that damaged trees are walked once and loops never.
    private func isOwn(_ inode: Inode, _ directory: Inode) throws -> Bool {
        try volume.engine.read { reader in
            guard try reader.parents(of: inode).count > 1 else { return inode != .root }
            return try reader.node(inode)?.parent == directory
        }
    }

    private func visit(
        _ inode: Inode,
        in directory: Inode?,
        _ candidates: Spill<Candidate>,
        _ uses: Spill<SliceUse>,
        _ look: SecondLook,
    ) throws {
        try candidates.add(
            Candidate(inode: inode.number, kind: .node, parent: directory?.number ?? 0)
        )
        try candidates.add(Candidate(inode: inode.number, kind: .directory))
        look.change { $0.nodes += 1 }
        if look.summary.nodes & 0xFFF == 0 { progress(CheckProgress(.metadata, done: look.summary.nodes)) }
        let chunks = try volume.engine.read { try $0.chunks(of: inode) }
        for chunk in chunks {
            look.change { $0.chunks += 1 }
            _ = try SliceUseCollector.read(chunk) { slice in
                try uses.add(SliceUse(slice, inode: inode, chunkIndex: chunk.index))
            }
        }
    }

    /// Every slice that the subtree uses, with its blocks asked for one by one.
    private func confirmSlices(_ uses: RecordStream<SliceUse>, _ look: SecondLook) throws {
        let none = RecordStream<FoundObject>([])
        let merger = SliceMerger(uses: uses, references: RecordStream([]), objects: none)
        var bundle = SliceBundle()
        while try merger.next(into: &bundle) {
            try options.cancellation.throwIfCancelled()
            look.change {
                $0.slices += 1
                $0.sliceBytes += UInt64(bundle.largestSize)
            }
            try look.confirmAlone(bundle)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// `--path`: only what lies below a directory, by point reads. What needs all of a volume (who else uses a slice, which
// objects nobody knows, totals) is not judged.

import Metadata
import ObjectStorage
import SluiceBase
import VolumeModel

extension CheckRun {
    /// Inodes remembered at most while walking, so that a damaged tree cannot be walked for ever: the way down only.
    private static var depthLimit: Int { 4096 }

    func checkSubtree(_ path: ByteString) throws -> CheckSummary {
        let sessions = try LiveSessions(try volume.engine.read { try $0.sessions() }, now: now)
        var rules = sliceRules()
        rules.usersAreComplete = false
        let look = SecondLook(
            volume: volume, store: store, options: options, sessions: sessions, sliceRules: rules,
            summary: CheckSummary(), report: report)
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

    /// One directory of the way down: where the next page starts.
    private struct Level {
        var directory: Inode
        var after: FileName?
    }

    private func walk(
        _ top: Inode,
        _ candidates: Spill<Candidate>,
        _ uses: Spill<SliceUse>,
        _ look: SecondLook,
    ) throws {
        try visit(top, candidates, uses, look)
        guard options.isRecursive else { return }
        var levels = [Level(directory: top)]
        while let level = levels.popLast() {
            try options.cancellation.throwIfCancelled()
            let page = try volume.engine.read {
                try $0.entries(of: level.directory, after: level.after, limit: 1)
            }
            guard let entry = page.first else { continue }
            levels.append(Level(directory: level.directory, after: entry.name))
            try visit(entry.inode, candidates, uses, look)
            // A directory that is on the way already closes a loop, which is a finding of its own.
            let isAbove = levels.contains { $0.directory == entry.inode }
            if entry.type == .directory, !isAbove, levels.count < Self.depthLimit {
                levels.append(Level(directory: entry.inode))
            }
        }
    }

    private func visit(
        _ inode: Inode,
        _ candidates: Spill<Candidate>,
        _ uses: Spill<SliceUse>,
        _ look: SecondLook,
    ) throws {
        try candidates.add(Candidate(inode: inode.number, kind: .node))
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

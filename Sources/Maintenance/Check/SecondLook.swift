// SPDX-License-Identifier: Apache-2.0
// A finding counts only when it is still there: every candidate is read again in one read transaction,
// after the pass, and judged by the same rules. Numbers that clients flush late are read a third time after
// their window.

import Metadata
import ObjectStorage
import SluiceBase
import VolumeModel

/// Confirms candidates and reports what remains.
///
/// One owner, one thread.
final class SecondLook {
    let volume: Volume
    let store: any ObjectStore
    let options: CheckOptions
    let sessions: LiveSessions
    let nodeRules: NodeRules
    let directoryRules: DirectoryRules
    var sliceRules: SliceRules
    private let sink: (Finding) -> Void
    private(set) var summary: CheckSummary
    /// Directories whose stat differs while clients may have changes of it.
    private var unsettled: [DirectoryBundle] = []

    /// Directories that wait for the flush window at the same time.
    private static let unsettledLimit = 16_384
    /// Windows that a busy directory is given to come to rest.
    private static let rounds = 3

    init(
        volume: Volume,
        store: any ObjectStore,
        options: CheckOptions,
        sessions: LiveSessions,
        sliceRules: SliceRules,
        summary: CheckSummary,
        report: @escaping (Finding) -> Void,
    ) {
        self.volume = volume
        self.store = store
        self.options = options
        self.sessions = sessions
        self.sliceRules = sliceRules
        self.summary = summary
        sink = report
        nodeRules = NodeRules(now: volume.clock.now().seconds)
        directoryRules = DirectoryRules(hasStats: volume.settings.dirStats)
    }

    func report(_ finding: Finding) {
        summary.count(finding)
        sink(finding)
    }

    func change(_ body: (inout CheckSummary) -> Void) {
        body(&summary)
    }

    // MARK: Nodes and directories

    /// Looks at every candidate again, each once.
    func confirm(_ candidates: RecordStream<Candidate>) throws {
        try candidates.start()
        while let candidate = candidates.head {
            try options.cancellation.throwIfCancelled()
            var parents: [Inode] = []
            while let same = candidates.head, same.inode == candidate.inode, same.kind == candidate.kind {
                let parent = Inode(same.parent)
                if same.parent != 0, parents.last != parent { parents.append(parent) }
                try candidates.advance()
            }
            switch candidate.kind {
            case .node: try confirmNode(Inode(candidate.inode), seenIn: parents)
            case .directory: try confirmDirectory(Inode(candidate.inode))
            }
        }
        try settle()
    }

    /// - Parameter parents: directories in which entries for the node were seen.
    func confirmNode(_ inode: Inode, seenIn parents: [Inode]) throws {
        let findings = try volume.engine.read { reader in
            let look = BundleReader(
                reader: reader,
                living: sessions.living,
                countsParents: volume.engine.countsParents
            )
            let bundle = try look.node(inode, seenIn: parents)
            return try nodeRules.findings(bundle).map { try look.complete($0, bundle) }
        }
        for finding in findings { report(finding) }
    }

    func confirmDirectory(_ inode: Inode) throws {
        let (bundle, findings, names) = try volume.engine.read { reader in
            let look = BundleReader(reader: reader, living: sessions.living)
            let (bundle, names) = try look.directory(inode)
            return (bundle, try directoryFindings(bundle, reader), names)
        }
        for finding in names { report(finding) }
        for finding in findings where !sessions.areAny || !finding.code.waitsForFlush { report(finding) }
        guard sessions.areAny, findings.contains(where: \.code.waitsForFlush) else { return }
        unsettled.append(bundle)
        if unsettled.count >= Self.unsettledLimit { try settle() }
    }

    private func directoryFindings(
        _ bundle: DirectoryBundle,
        _ reader: any MetadataReader
    ) throws -> [Finding] {
        let found = directoryRules.findings(bundle)
        guard !found.isEmpty else { return [] }
        let paths = try PathFinder(reader: reader).paths(of: bundle.inode)
        return found.map { finding in
            finding.with {
                $0.inode = bundle.inode
                $0.paths = paths
            }
        }
    }

    /// Waits for the flush window and reports what has not moved and is still wrong.
    ///
    /// What keeps moving and never fits is counted as unverified.
    private func settle() throws {
        for _ in 0..<Self.rounds where !unsettled.isEmpty {
            options.waiting.wait(nanoseconds: CheckOptions.flushWindowNanoseconds)
            var restless: [DirectoryBundle] = []
            for old in unsettled {
                let (bundle, findings) = try volume.engine.read { reader in
                    let look = BundleReader(reader: reader, living: sessions.living)
                    let bundle = try look.directory(old.inode).bundle
                    return (bundle, try directoryFindings(bundle, reader))
                }
                let waiting = findings.filter(\.code.waitsForFlush)
                if waiting.isEmpty { continue }
                if bundle.stat == old.stat, bundle.sum == old.sum {
                    for finding in waiting { report(finding) }
                } else {
                    restless.append(bundle)
                }
            }
            unsettled = restless
        }
        summary.unverified += UInt64(unsettled.count)
        unsettled = []
    }
}

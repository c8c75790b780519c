// SPDX-License-Identifier: Apache-2.0
// From two merged listings to steps. Used by one thread. Memory: one level per directory of the current path,
// and one entry per file with several names, up to a limit.

import ObjectStorage
import SluiceBase

/// Turns keys into steps.
///
/// Steps that must wait are kept apart.
final class Planner {
    private let options: SyncOptions
    private let table: DecisionTable
    private let ledger: SyncLedger
    private let bothAreTrees: Bool
    private let refusesFileNames: Bool
    private let emit: (SyncStep) throws -> Void

    /// Further names of files, after the files themselves.
    let links = StepSpool()
    let removals = StepSpool()
    let directoryRemovals = StepSpool()
    let finishes = StepSpool()
    private(set) var removalCount: UInt64 = 0
    private var open = OpenDirectories()
    private var leaders: [LinkIdentity: Leader] = [:]
    private static let maximumLeaders = 1_000_000

    /// The first name of a file that has several.
    private struct Leader {
        let key: ObjectKey
        /// The destination's file of that name, where it stays as it is.
        let kept: LinkIdentity?
    }

    init(
        _ source: SyncSide,
        _ destination: SyncSide,
        _ options: SyncOptions,
        _ ledger: SyncLedger,
        emit: @escaping (SyncStep) throws -> Void,
    ) {
        self.options = options
        self.ledger = ledger
        self.emit = emit
        bothAreTrees = source.tree != nil && destination.tree != nil
        table = DecisionTable(options, bothAreTrees: bothAreTrees)
        refusesFileNames = destination.store.limits.isFileSystem
    }

    /// The root as the outermost directory, finished last.
    func enterRoot(_ source: ObjectInfo, _ destination: ObjectInfo?) {
        let isDifferent = destination.map { directoriesDiffer(source, $0) } ?? true
        open.enter(source, destination, isTouched: isDifferent)
    }

    /// A key of the source, with the destination's object of the same key.
    func plan(_ source: ObjectInfo, _ destination: ObjectInfo?) throws {
        try leave(for: source.key)
        if refusesFileNames, let obstacle = source.key.obstacleForFiles {
            let error = StorageError(
                .invalidKey,
                "store",
                key: source.key,
                address: "the destination",
                reason: obstacle
            )
            ledger.fail(SyncStep(.copy, source.key, source: source), error)
            return
        }
        guard options.selection.admitsFacts(of: source) else {
            ledger.count { counts in
                counts.excluded += 1
                counts.excludedBytes &+= source.size  // a statistic: may wrap at 16 EiB
            }
            return
        }
        if source.kind == .directory { return try planDirectory(source, destination) }
        if destination == nil, options.comparison.existingOnly { return skip(source) }
        if let reason = unwanted(source) {
            ledger.count(reason)
            ledger.warn(source.key, source.kind == .symlink ? "the link leads nowhere" : "not a regular file")
            return skip(source)
        }
        if let identity = source.file?.linkIdentity, options.fidelity.hardLinks, bothAreTrees {
            return try planLinked(source, destination, identity)
        }
        _ = try planSingle(source, destination)
    }

    /// A key that only the destination has.
    func planExtra(_ object: ObjectInfo) throws {
        try leave(for: object.key)
        guard options.selection.admitsFacts(of: object) else { return }
        ledger.count { counts in
            counts.extra += 1
            counts.extraBytes &+= object.size  // a statistic: may wrap at 16 EiB
        }
        guard options.removal.extras else { return }
        open.touch()
        removalCount += 1
        let step = SyncStep(.deleteExtra, object.key, destination: object)
        try (object.kind == .directory ? directoryRemovals : removals).append(step)
    }

    /// After the last key of both sides.
    func finish() throws {
        try leave(for: nil)
    }

    private func leave(for key: ObjectKey?) throws {
        for step in open.leave(for: key) { try finishes.append(step) }
    }

    private func planDirectory(_ source: ObjectInfo, _ destination: ObjectInfo?) throws {
        if destination == nil {
            if options.comparison.existingOnly { return skip(source) }
            open.touch()
            try emit(SyncStep(.makeDirectory, source.key, source: source))
        } else {
            skip(source)
        }
        guard bothAreTrees else { return }
        let isDifferent = destination.map { directoriesDiffer(source, $0) } ?? true
        open.enter(source, destination, isTouched: isDifferent && !options.comparison.ignoreExisting)
    }

    private func directoriesDiffer(_ source: ObjectInfo, _ destination: ObjectInfo) -> Bool {
        if options.fidelity.attributes || source.modified != destination.modified { return true }
        guard options.fidelity.permissions, let new = source.file, let old = destination.file else {
            return false
        }
        return DecisionTable.differ(old, new, .directory)
    }

    /// The counter of what is skipped for its kind, nil for what is handled.
    private func unwanted(_ source: ObjectInfo) -> ((inout SyncCounts) -> Void)? {
        switch source.kind {
        case .symlink where !options.fidelity.symlinks || !bothAreTrees: { $0.brokenLinks += 1 }
        case .special where !options.fidelity.specials || !bothAreTrees: { $0.specials += 1 }
        case .object, .directory, .symlink, .special, .commonPrefix: nil
        }
    }

    /// - Returns: whether the destination's object stays as it is.
    private func planSingle(_ source: ObjectInfo, _ destination: ObjectInfo?) throws -> Bool {
        guard let destination else {
            try make(source, nil)
            return false
        }
        switch table.decide(source, destination) {
        case .replace:
            try make(source, destination)
            return false
        case .compare:
            open.touch()
            try emit(SyncStep(.compare, source.key, source: source, destination: destination))
            // Where attributes alone are compared the file itself stays.
            return !options.comparison.content
        case .deleteSource:
            try emit(SyncStep(.deleteSource, source.key, source: source, destination: destination))
        case .setFacts:
            try emit(SyncStep(.setFacts, source.key, source: source, destination: destination))
        case .skip:
            skip(source)
        }
        return true
    }

    private func make(_ source: ObjectInfo, _ destination: ObjectInfo?) throws {
        let action: SyncStep.Action =
            switch source.kind {
            case .symlink: .makeSymlink
            case .special: .makeSpecial
            case .object, .directory, .commonPrefix: .copy
            }
        open.touch()
        try emit(SyncStep(action, source.key, source: source, destination: destination))
    }

    private func planLinked(_ source: ObjectInfo, _ destination: ObjectInfo?, _ identity: LinkIdentity) throws
    {
        guard let leader = leaders[identity] else {
            let isKept = try planSingle(source, destination)
            if leaders.count < Self.maximumLeaders {
                leaders[identity] = Leader(
                    key: source.key,
                    kept: isKept ? destination?.file?.linkIdentity : nil
                )
            } else {
                ledger.count { $0.splitLinks += 1 }
            }
            return
        }
        if destination != nil, options.comparison.ignoreExisting { return skip(source) }
        if let kept = leader.kept, destination?.file?.linkIdentity == kept { return skip(source) }
        open.touch()
        let step = SyncStep(
            .makeLink,
            source.key,
            source: source,
            destination: destination,
            linkedTo: leader.key
        )
        try links.append(step)
    }

    private func skip(_ source: ObjectInfo) {
        ledger.count { counts in
            counts.skipped += 1
            counts.skippedBytes &+= source.size  // a statistic: may wrap at 16 EiB
        }
    }
}

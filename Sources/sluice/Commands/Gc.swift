// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Maintenance
import Metadata
import ObjectStorage
import SluiceBase
import Synchronization
import TerminalUI
import VolumeModel

struct Gc: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract: "Find objects that nothing refers to, and delete them.",
        discussion:
            "Without --delete the plan is shown and nothing changes; with it exactly the plan is executed. "
            + "What a readable chunk names is never deleted, and nothing is when not all could be seen.\n\n"
            + Verdict.help
    )

    @Argument(help: ArgumentHelp("Address of the metadata engine.", valueName: "META-URL"))
    var address: String

    @Flag(help: "Execute the plan.")
    var delete = false

    @Option(
        help: ArgumentHelp(
            "Leave objects alone that are younger (default 1h, or JFS_GC_SKIPPEDTIME seconds).",
            valueName: "DURATION"
        )
    )
    var olderThan: String?

    @Option(help: ArgumentHelp("Keep the plan in this file, as JSON lines.", valueName: "FILE"))
    var plan: String?

    @Option(
        help: ArgumentHelp(
            "Execute a plan that was kept, as far as it still holds; implies --delete.",
            valueName: "FILE"
        )
    )
    var apply: String?

    @Option(
        help: ArgumentHelp(
            "File that the deletions are written to first (default: in the state folder).",
            valueName: "FILE"
        )
    )
    var journal: String?

    @Option(name: [.customShort("p"), .customLong("threads")], help: "Deletions at a time.")
    var threads = 10

    @Flag(name: [.customShort("y"), .customLong("yes")], help: "Do not ask.")
    var yes = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard threads > 0 else { throw ValidationError("--threads must be 1 or more") }
        if apply != nil, plan != nil { throw ValidationError("--apply and --plan exclude each other") }
    }

    func run() throws {
        let seen = Mutex("starting")
        let cancellation = Interruption.watch { seen.withLock { $0 } }
        let volume = try Wiring.volume(address, durable: true)
        defer { volume.engine.close() }
        let store = try VolumeStore.open(volume.settings)
        let options = CollectOptions(
            marginSeconds: try margin(),
            threads: threads,
            planPath: plan.map { ByteString($0) },
            cancellation: cancellation
        )
        let line = Console.progressLine(quiet: common.quiet || output.json)
        var (summary, steps) = try makePlan(volume, store, options) { count in
            seen.withLock { $0 = "\(count) objects listed" }
            line.update { "\(formatCount(count)) objects listed" }
        }
        line.clear()
        try show(steps)
        if isDeleting, summary.interlocks.isEmpty, steps.stepCount > 0 {
            try Consent.requireName(
                volume.settings.name,
                for: "delete \(steps.stepCount) things",
                given: yes
            )
            let file = try JournalPath.resolved(journal, command: "gc", uuid: volume.settings.uuid)
            summary = try executeCollection(
                steps,
                of: volume,
                store: store,
                options: options,
                journal: DeletionJournal(file),
                summary: summary
            ) { count in
                seen.withLock { $0 = "\(count) deletions done" }
                line.update { "\(formatCount(count)) of \(formatCount(summary.plannedSteps)) deletions done" }
            }
            line.clear()
            common.inform("journal: \(file)")
        }
        try report(summary)
    }

    private func makePlan(
        _ volume: Volume,
        _ store: any ObjectStore,
        _ options: CollectOptions,
        _ progress: @escaping (UInt64) -> Void,
    ) throws -> (CollectSummary, GarbagePlan) {
        try cancellable {
            guard let apply else {
                return try planCollection(of: volume, store: store, options: options, progress: progress)
            }
            return try planCollection(
                applying: ByteString(apply),
                to: volume,
                store: store,
                options: options,
                progress: progress
            )
        }
    }

    private var isDeleting: Bool { delete || apply != nil }

    /// JFS_GC_SKIPPEDTIME holds seconds, as JuiceFS reads it.
    private func margin() throws -> Int64 {
        guard let text = olderThan ?? Posix.environment("JFS_GC_SKIPPEDTIME") else { return 3600 }
        let seconds = try parseDuration(text).inSeconds
        guard seconds >= 0, seconds < 1e15 else { throw ValidationError("an age of \(text) makes no sense") }
        return Int64(seconds)
    }

    private func cancellable<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch is CancelledError {
            throw VerdictReached(verdict: .cancelled)
        }
    }

    /// The steps of the plan: all of them as JSON, with `--verbose` for people.
    private func show(_ steps: GarbagePlan) throws {
        guard output.json || common.verbose else { return }
        try steps.forEachStep { step in
            if output.json {
                var object = step.json
                object["type"] = "step"
                Console.out(JSONValue.object(object).line)
            } else {
                Console.note(GarbageReport.line(of: step))
            }
        }
    }

    private func report(_ summary: CollectSummary) throws {
        if output.json {
            Console.out(JSONValue.object(GarbageReport.json(of: summary, deleting: isDeleting)).line)
        } else {
            for line in GarbageReport.lines(of: summary, deleting: isDeleting) { Console.out(line) }
        }
        for interlock in summary.interlocks { Console.note("refused: \(interlock)") }
        for warning in summary.warnings.prefix(20) { Console.note("warning: \(warning)") }
        let hidden = max(0, summary.warnings.count - 20) + summary.furtherWarnings
        if hidden > 0 { Console.note("warning: \(hidden) more like these") }
        for failure in summary.failures.prefix(20) { Console.note("failed: \(failure)") }
        throw VerdictReached(verdict: verdict(of: summary))
    }

    private func verdict(of summary: CollectSummary) -> Verdict {
        var verdict: Verdict = []
        if !summary.interlocks.isEmpty { verdict.insert(.incomplete) }
        if summary.isCancelled { verdict.insert(.cancelled) }
        if summary.plannedSteps > summary.doneSteps + summary.skippedSteps { verdict.insert(.problems) }
        if !summary.warnings.isEmpty { verdict.insert(.problems) }
        return verdict
    }
}

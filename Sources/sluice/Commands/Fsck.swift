// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BlockStore
import Maintenance
import Metadata
import ObjectStorage
import SluiceBase
import Synchronization
import TerminalUI
import VolumeModel

struct Fsck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fsck",
        abstract: "Check metadata and objects of a volume against each other.",
        discussion:
            "Nothing is changed: each finding names its class, all paths and the repair that would mend it. "
            + "The volume may be in use; what looks wrong is looked at again before it counts.\n\n"
            + Verdict.help
    )

    @Argument(help: ArgumentHelp("Address of the metadata engine.", valueName: "META-URL"))
    var address: String

    @Option(help: ArgumentHelp("Check this file or directory of the volume only.", valueName: "PATH"))
    var path: String?

    @Flag(
        name: [.customShort("r"), .customLong("recursive")],
        help: "With --path: also everything below it."
    )
    var recursive = false

    @Flag(help: "Also read every block: decrypt, decompress, compare the length.")
    var data = false

    @Flag(help: "Accepted for JuiceFS's scripts: directory usage is always compared.")
    var syncDirStat = false

    @Option(name: [.customShort("p"), .customLong("threads")], help: "Blocks read at a time with --data.")
    var threads = 10

    @OptionGroup var output: OutputOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard threads > 0 else { throw ValidationError("--threads must be 1 or more") }
        if let path, !path.hasPrefix("/") { throw ValidationError("--path must start at the root: /\(path)") }
        if recursive, path == nil { throw ValidationError("--recursive needs --path") }
    }

    func run() throws {
        let seen = Mutex("starting")
        let cancellation = Interruption.watch { seen.withLock { $0 } }
        let volume = try Wiring.volume(address)
        defer { volume.engine.close() }
        let store = try VolumeStore.open(volume.settings)
        var options = try CheckSetup.options(for: volume, store: store, readsData: data, threads: threads)
        options.path = path.map { ByteString($0) }
        options.isRecursive = recursive
        options.cancellation = cancellation
        let line = Console.progressLine(quiet: common.quiet || output.json)
        let start = ContinuousClock.now
        let summary: CheckSummary
        do {
            summary = try check(volume: volume, objects: store, options: options) { progress in
                seen.withLock { $0 = FindingReport.line(of: progress) }
                line.update { FindingReport.line(of: progress) }
            } report: { finding in
                line.clear()
                show(finding)
            }
        } catch is CancelledError {
            line.clear()
            if output.json { Console.out(FindingReport.cancelled) }
            throw VerdictReached(verdict: .cancelled)
        }
        line.clear()
        report(summary, took: start.duration(to: .now))
        throw VerdictReached(verdict: Verdict(rawValue: summary.exitBits))
    }

    private func show(_ finding: Finding) {
        guard output.json else {
            guard finding.severity != .info || common.verbose else { return }
            for line in FindingReport.lines(of: finding) { Console.out(line) }
            return
        }
        Console.out(FindingReport.json(of: finding))
    }

    private func report(_ summary: CheckSummary, took: Duration) {
        for reason in summary.incomplete { Console.note("could not look everywhere: \(reason)") }
        guard output.json else {
            guard !common.quiet || summary.exitBits != 0 else { return }
            for line in FindingReport.lines(of: summary, took: took) { Console.out(line) }
            return
        }
        Console.out(FindingReport.json(of: summary))
    }
}

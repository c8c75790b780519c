// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BucketSync
import SluiceBase
import Synchronization
import TerminalUI

struct Sync: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync",
        abstract: "Copy between folders, volumes and buckets and verify what arrived.",
        discussion:
            "Addresses are paths, file://PATH, jfs://NAME/PATH, where NAME is an environment variable with "
            + "the address of the volume's engine, s3://[KEY:SECRET@]BUCKET.HOST/PREFIX, or "
            + "minio://[KEY:SECRET@]HOST/BUCKET/PREFIX. Both end in / or both do not.\n\n" + Verdict.help
    )

    @Argument(help: ArgumentHelp("Where to copy from.", valueName: "SOURCE"))
    var source: String

    @Argument(help: ArgumentHelp("Where to copy to.", valueName: "DESTINATION"))
    var destination: String

    @OptionGroup(title: "Selection") var selection: SyncSelectionFlags
    @OptionGroup(title: "Action") var action: SyncActionFlags

    @Flag(name: [.customLong("dry"), .long], help: "Only print what would be done.")
    var dryRun = false

    @Option(name: [.customShort("p"), .long], help: "Transfers at a time.")
    var threads = 10

    @Option(help: ArgumentHelp("Limit in Mbit/s, 0 for none; suffixes K, M, G.", valueName: "rate"))
    var bwlimit = "0"

    @Flag(help: "Speak HTTP with buckets instead of HTTPS.")
    var noHttps = false

    @Option(help: "Stop when that many objects failed; -1 goes on.")
    var maxFailure: Int64 = -1

    @OptionGroup var output: OutputOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
        let from = try SyncAddress(source, isPlain: noHttps)
        let to = try SyncAddress(destination, isPlain: noHttps)
        try SyncAddress.requireSameKind(from, to)
        let options = try options()
        let running = RunningSync()
        let cancellation = Interruption.watch { running.text }
        let writesSource = !dryRun && (action.deleteSrc || action.deleteSrcAfter)
        let sourceEnd = try SyncEndpoint(from, isWritten: writesSource, cancellation)
        let destinationEnd = try SyncEndpoint(to, isWritten: !dryRun, isMade: !dryRun, cancellation)
        let printer = SyncPrinter(json: output.json, isDry: dryRun, common: common)
        let run: SyncRun
        do {
            run = try SyncRun(
                from: sourceEnd.side,
                to: destinationEnd.side,
                options,
                cancellation: cancellation,
                events: printer.show
            )
        } catch {
            try sourceEnd.close()
            try destinationEnd.close()
            throw Failure(error.reason, status: .usage)
        }
        running.start(run)
        common.inform("syncing from \(sourceEnd.side.address) to \(destinationEnd.side.address)")
        let line = Console.progressLine(quiet: common.quiet)
        let ticker = try PeriodicTask(every: .milliseconds(250), name: "progress") {
            line.update { running.text ?? "" }
            // A volume that took our registration away must not be written to.
            if (try? sourceEnd.check()) == nil || (try? destinationEnd.check()) == nil {
                cancellation.cancel()
            }
        }
        let report = Result { try run.run() }
        ticker.stop()
        line.clear()
        let closing = Result {
            try destinationEnd.close()
            try sourceEnd.close()
        }
        let finished = try report.get()
        let verdict = SyncRendering.verdict(of: finished)
        printer.finish(finished, options, verdict)
        try closing.get()
        guard verdict.isEmpty else { throw VerdictReached(verdict: verdict) }
    }

    private func options() throws -> SyncOptions {
        var options = SyncOptions()
        try selection.apply(to: &options, arguments: CommandLine.arguments) { Console.note($0) }
        try action.apply(to: &options)
        options.isDry = dryRun
        if threads < 1 { Console.note("warning: --threads is less than 1, 1 is taken") }
        options.threads = max(1, threads)
        options.bytesPerSecond = try Self.bytesPerSecond(bwlimit)
        options.maximumFailures = maxFailure > 0 ? UInt64(maxFailure) : nil
        return options
    }

    /// Mbit/s unless a decimal suffix is given.
    static func bytesPerSecond(_ text: String) throws -> UInt64 {
        let units: [Character: UInt64] = ["K": 1000, "M": 1_000_000, "G": 1_000_000_000]
        let unit = text.last.flatMap { units[Character($0.uppercased())] }
        let digits = unit == nil ? text[...] : text.dropLast()
        guard let number = UInt64(digits) else {
            throw Failure("--bwlimit: '\(text)' is no rate", status: .usage)
        }
        let (bits, overflow) = number.multipliedReportingOverflow(by: unit ?? 1_000_000)
        guard !overflow else { throw Failure("--bwlimit: '\(text)' is too large", status: .usage) }
        return number == 0 ? 0 : max(1, bits / 8)
    }
}

/// The run that signals and the progress line ask about.
private final class RunningSync: Sendable {
    private let run = Mutex<SyncRun?>(nil)

    func start(_ run: SyncRun) {
        self.run.withLock { $0 = run }
    }

    /// Where the work is; nil before it starts.
    var text: String? {
        run.withLock { $0 }.map { SyncRendering.progress($0.progress) }
    }
}

// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Maintenance
import Metadata
import SluiceBase
import TerminalUI
import VolumeModel

struct Load: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a volume of a dump in an empty database.",
        discussion:
            "Usage, link counts, references and directory statistics are counted anew. Until all of it is "
            + "there a mark keeps every client away; --resume clears what a killed load left.\n\n"
            + ExitStatus.help
    )

    @Argument(
        help: ArgumentHelp("Address of the metadata engine; with --stat the file.", valueName: "META-URL")
    )
    var address: String

    @Argument(help: ArgumentHelp("The dump; standard input without one.", valueName: "FILE"))
    var file: String?

    @Flag(help: "The dump is in JuiceFS's binary format.")
    var binary = false

    @Flag(help: "With --binary: show what the file holds, load nothing.")
    var stat = false

    @Flag(help: "Clear what an interrupted load left, and load from the start.")
    var resume = false

    @Flag(help: "Load a dump even when its footer does not fit.")
    var force = false

    @Option(
        name: [.customShort("p"), .customLong("threads")],
        help: "Accepted for JuiceFS's scripts: one writes."
    )
    var threads = 10

    @OptionGroup var output: OutputOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if stat, !binary { throw ValidationError("--stat needs --binary") }
    }

    func run() throws {
        if stat { return try showStat(ByteString(file ?? address)) }
        let cancellation = Interruption.watch()
        let source = try DumpSource(file.map { ByteString($0) })
        guard source.looksLikeJSON != binary else {
            throw Failure(
                binary ? "this is no binary dump" : "this is no JSON dump",
                hint: binary ? "leave --binary out" : "is it a binary dump? add --binary"
            )
        }
        let engine = try Wiring.engine(address, creating: true)
        defer { engine.close() }
        var options = LoadOptions()
        options.isResuming = resume
        options.isForced = force
        options.cancellation = cancellation
        if binary { return try loadBinaryDump(source, engine) }
        let line = Console.progressLine(quiet: common.quiet || output.json)
        defer { line.clear() }
        let summary = try loadJSON(from: source, into: engine, options: options) { count in
            line.update { "\(formatCount(count)) entries read" }
        }
        line.clear()
        report(DumpReport.json(of: summary), DumpReport.lines(of: summary))
        if summary.lacksSecrets { warnOfSecrets() }
    }

    private func loadBinaryDump(_ source: DumpSource, _ engine: any MetadataEngine) throws {
        var begun: LoadTarget?
        do {
            let (target, found) = try loadBinary(from: source) { settings in
                let target = try LoadTarget.begin(engine, for: settings, resuming: resume)
                begun = target
                return target
            }
            try target.finish(try found.settings.sealed())
            report(DumpReport.json(of: found), DumpReport.lines(of: found))
            if found.settings.hasRemovedSecret { warnOfSecrets() }
        } catch {
            begun?.abandon()
            throw error
        }
    }

    private func showStat(_ path: ByteString) throws {
        let source = try DumpSource(path)
        guard !source.looksLikeJSON else { throw Failure("\(path) is no binary dump") }
        let summary = try summarizeBinary(source)
        report(DumpReport.json(of: summary), DumpReport.table(of: summary))
    }

    private func report(_ json: JSONObject, _ lines: [String]) {
        guard !output.json else { return Console.out(JSONReport.text(json)) }
        guard !common.quiet else { return }
        for line in lines { Console.out(line) }
    }

    private func warnOfSecrets() {
        Console.note("warning: the dump came without secrets, the volume cannot reach its objects")
        Console.note("hint: set them with 'sluice config', for example --secret-key")
    }
}

// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BlockStore
import Maintenance
import Metadata
import SluiceBase
import TerminalUI
import VolumeModel

struct Dump: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dump",
        abstract: "Write the metadata of a volume to a file.",
        discussion:
            "One consistent state, in memory that does not grow with the volume. The file appears when it is "
            + "whole and on disk; .gz and .zstd compress.\n\n" + ExitStatus.help
    )

    @Argument(help: ArgumentHelp("Address of the metadata engine.", valueName: "META-URL"))
    var address: String

    @Argument(help: ArgumentHelp("The file; standard output without one.", valueName: "FILE"))
    var file: String?

    @Option(help: ArgumentHelp("Dump this directory as if it were the root.", valueName: "PATH"))
    var subdir: String?

    @Flag(help: "Leave the secrets of the settings in, sealed as they are stored.")
    var keepSecretKey = false

    @Flag(help: "Leave the trash out.")
    var skipTrash = false

    @Flag(help: "Write JuiceFS's binary format.")
    var binary = false

    @Flag(help: "Accepted for JuiceFS's scripts: nothing has to be held in memory to be fast.")
    var fast = false

    @Option(
        name: [.customShort("p"), .customLong("threads")],
        help: "Accepted for JuiceFS's scripts: one reads."
    )
    var threads = 10

    @OptionGroup var output: OutputOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if let subdir, !subdir.hasPrefix("/") {
            throw ValidationError("--subdir must start at the root: /\(subdir)")
        }
        if binary, subdir != nil || skipTrash {
            throw ValidationError("--binary dumps the whole volume: without --subdir and --skip-trash")
        }
        if output.json, file == nil {
            throw ValidationError("--json needs a FILE: the dump goes to standard output")
        }
    }

    func run() throws {
        let cancellation = Interruption.watch()
        let volume = try Wiring.volume(address)
        defer { volume.engine.close() }
        var options = DumpOptions()
        options.subdirectory = subdir.map { ByteString($0) }
        options.keepsSecrets = keepSecretKey
        options.skipsTrash = skipTrash
        options.cancellation = cancellation
        let target = try DumpFile(
            file.map { ByteString($0) },
            mode: keepSecretKey ? 0o600 : 0o644,
            format: file.flatMap { StreamFormat(suffixOf: ByteString($0)) }
        )
        let line = Console.progressLine(quiet: common.quiet || output.json)
        defer { line.clear() }
        let report: JSONObject
        if binary {
            report = try writeBinary(volume, target, options)
        } else {
            let summary = try volume.engine.snapshot { scanner in
                try dumpJSON(scanner: scanner, settings: volume.settings, options: options, to: target) {
                    count in
                    line.update { "\(formatCount(count)) nodes read" }
                }
            }
            if summary.unreachable > 0 {
                common.inform(
                    "warning: \(summary.unreachable) directories cannot be reached from the root and are not "
                        + "in the dump; 'sluice fsck' tells more"
                )
            }
            report = DumpReport.json(of: summary)
        }
        try target.finish()
        line.clear()
        if output.json { return Console.out(JSONReport.text(report)) }
        if let file { common.inform("dumped the metadata of \(volume.settings.name) to \(file)") }
    }

    private func writeBinary(
        _ volume: Volume,
        _ target: DumpFile,
        _ options: DumpOptions
    ) throws -> JSONObject {
        let summary = try volume.engine.snapshot { scanner in
            try dumpBinary(scanner, settings: volume.settings, options: options, to: target)
        }
        return DumpReport.json(of: summary)
    }
}

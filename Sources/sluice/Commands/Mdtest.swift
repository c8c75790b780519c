// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BlockStore
import Maintenance
import Metadata
import SluiceBase
import TerminalUI
import VirtualFS
import VolumeModel

struct Mdtest: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mdtest",
        abstract: "Measure what a metadata engine does in a second.",
        discussion:
            "Makes a tree of empty files at PATH, one transaction for each operation, looks at it and "
            + "removes it, past the trash.\n\n" + ExitStatus.help
    )

    @Argument(help: ArgumentHelp("Address of the metadata engine.", valueName: "META-URL"))
    var address: String

    @Argument(help: ArgumentHelp("The tree's top, which must not exist.", valueName: "PATH"))
    var path: String

    @Option(name: [.customShort("p"), .customLong("threads")], help: "Operations at a time.")
    var threads = 1

    @Option(help: "Directories in each directory.")
    var dirs = 3

    @Option(help: "Levels of directories.")
    var depth = 2

    @Option(help: "Files of each thread in each directory.")
    var files = 10

    @Flag(help: "Leave the tree there.")
    var keep = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var common: CommonOptions

    /// More would be a mistake.
    private static let mostDirectories = 1_000_000

    func validate() throws {
        guard (1...1024).contains(threads) else { throw ValidationError("--threads must be 1 to 1024") }
        guard dirs >= 0, (0...1000).contains(depth), (0...10_000_000).contains(files) else {
            throw ValidationError(
                "--dirs, --depth and --files must be 0 or more, --depth at most 1000, --files 10000000"
            )
        }
        guard options(Cancellation()).directoryCount <= Self.mostDirectories else {
            throw ValidationError("--dirs and --depth make more than \(Self.mostDirectories) directories")
        }
    }

    func run() throws {
        let cancellation = Interruption.watch()
        let volume = try Wiring.volume(address)
        defer { volume.engine.close() }
        let slices = try SliceStore(volume.settings, objects: try VolumeStore.open(volume.settings))
        let session = try WritingSession(opening: volume, slices: slices, info: .ofCommand("mdtest"))
        var phases: [MetadataTestPhase] = []
        let outcome = Result {
            try testMetadata(of: volume, options: options(cancellation)) { phase in
                try session.check()
                common.explain("\(phase.kind.rawValue): \(formatDuration(phase.measured.elapsed))")
                phases.append(phase)
            }
        }
        let closing = Result { try session.close() }
        // Why the work ended says more than why the session did.
        try outcome.get()
        try closing.get()
        if output.json {
            for phase in phases { Console.out(MetadataTestReport.json(of: phase).compact) }
        } else {
            for line in MetadataTestReport.table(of: phases) { Console.out(line) }
        }
    }

    private func options(_ cancellation: Cancellation) -> MetadataTestOptions {
        MetadataTestOptions(
            path: ByteString(path),
            threads: threads,
            width: dirs,
            depth: depth,
            files: files,
            isKept: keep,
            cancellation: cancellation
        )
    }
}

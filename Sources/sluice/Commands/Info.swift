// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Maintenance
import Metadata
import SluiceBase
import TerminalUI
import VolumeModel

struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Show size, paths and objects of files or directories.",
        discussion: "Asks the metadata engine; no mount is needed.\n\n" + ExitStatus.help
    )

    @Argument(help: ArgumentHelp("Address of the metadata engine.", valueName: "META-URL"))
    var address: String

    @OptionGroup var subject: SubjectOptions

    @Flag(name: [.customShort("r"), .customLong("recursive")], help: "Add up everything below directories.")
    var recursive = false

    @Flag(help: "Show slices instead of objects.")
    var raw = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard subject.count > 0 else { throw ValidationError("name something: --path or --inode") }
    }

    func run() throws {
        let volume = try Wiring.volume(address)
        defer { volume.engine.close() }
        let nodes = try subject.inodes(in: volume).map { inode in
            (
                node: try explainNode(inode, of: volume),
                summary: try summary(of: inode, in: volume)
            )
        }
        guard !output.json else {
            let list: [JSONValue] = nodes.map { node, summary in
                var object = ExplainReport.json(of: node)
                object["summary"] = .object(InfoReport.json(of: summary))
                return .object(object)
            }
            return Console.out(JSONValue.array(list).pretty(indent: 2))
        }
        for (node, summary) in nodes {
            for line in InfoReport.lines(of: node, summary, raw: raw) { Console.out(line) }
        }
    }

    /// Without `--recursive` a directory counts with its direct entries only.
    private func summary(of inode: Inode, in volume: Volume) throws -> TreeSummary {
        recursive ? try volume.treeSummary(of: inode) : try volume.entrySummary(of: inode)
    }
}

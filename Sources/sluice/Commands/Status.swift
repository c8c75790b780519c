// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Maintenance
import Metadata
import SluiceBase

struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show settings, clients and usage of a volume as JSON.",
        discussion: ExitStatus.help
    )

    @Argument(help: ArgumentHelp("Address of the metadata engine.", valueName: "META-URL"))
    var address: String

    @Option(
        name: [.customShort("s"), .customLong("session")],
        help: "Show one session with its files and locks."
    )
    var session: UInt64?

    @Flag(name: [.customShort("m"), .customLong("more")], help: "Also count trash and pending removals.")
    var more = false

    @Flag(help: "Accepted for symmetry: the output is JSON always.")
    var json = false

    @OptionGroup var common: CommonOptions

    func run() throws {
        let volume = try Wiring.volume(address)
        defer { volume.engine.close() }
        guard let session else {
            Console.out(JSONReport.text(StatusReport.json(of: try readStatus(of: volume, more: more))))
            return
        }
        Console.out(JSONReport.text(StatusReport.json(of: try readSession(session, of: volume))))
    }
}

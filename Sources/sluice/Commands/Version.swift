// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SluiceBase

struct Version: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "Show the version.",
        discussion: ExitStatus.help
    )

    @OptionGroup var output: OutputOptions
    @OptionGroup var common: CommonOptions

    func run() {
        guard output.json else {
            Console.out(Sluice.versionText)
            return
        }
        Console.out(JSONReport.text(["version": .string(Sluice.versionNumber), "juicefs_format": "1.4.2"]))
    }
}

// SPDX-License-Identifier: Apache-2.0
// The root command. What each command does is in Commands/, one file per command. Each says its name: to
// derive one from the name of its type costs a fifth of a millisecond, for every command at every start.

import ArgumentParser

struct Sluice: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sluice",
        abstract: "Administer JuiceFS-format volumes and move verified data.",
        discussion: ExitStatus.help,
        version: versionText,
        subcommands: [
            Format.self, Config.self, Status.self, Info.self, Explain.self, Fsck.self, Gc.self, Sync.self,
            Changelog.self, Dump.self, Load.self, Mdtest.self, Objbench.self, Destroy.self, Version.self,
        ]
    )

    static let versionNumber = "0.1.0"

    /// Names the program and the version of JuiceFS whose formats and rules it follows.
    static let versionText = "sluice version \(versionNumber) (JuiceFS format 1.4.2)"
}

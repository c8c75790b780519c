// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

@main
struct Sluice: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sluice", abstract: "Administer JuiceFS-format volumes and move verified data.")
}

// SPDX-License-Identifier: Apache-2.0
// Options that every command has; JuiceFS takes them before the command as well.

import ArgumentParser
import SluiceBase

struct CommonOptions: ParsableArguments {
    @Flag(
        name: [.customShort("v"), .customLong("verbose"), .customLong("debug"), .customLong("trace")],
        help: "Show more of what happens."
    )
    var verbose = false

    @Flag(name: [.customShort("q"), .customLong("quiet")], help: "Show warnings and errors only.")
    var quiet = false

    @Flag(help: "Never use colour; the output has none today, scripts may say so anyway.")
    var noColor = false

    @Flag(help: "Accepted for JuiceFS's scripts: sluice opens no debug port.")
    var noAgent = false

    /// Tells what happens, unless `--quiet`.
    func inform(_ line: @autoclosure () -> String) {
        guard !quiet else { return }
        Console.note(line())
    }

    /// Tells details, with `--verbose`.
    func explain(_ line: @autoclosure () -> String) {
        guard verbose, !quiet else { return }
        Console.note(line())
    }
}

/// Chooses between text for people and JSON for programs.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print JSON, as sluice-json(5) describes it.")
    var json = false
}

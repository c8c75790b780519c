// SPDX-License-Identifier: Apache-2.0
// The command tree as the built binary describes itself (`--experimental-dump-help`). Everything that is
// checked for every command derives its list from here, so a new command cannot be forgotten.

import SluiceBase
import Testing

/// One command below the root.
struct CommandDescription: Sendable, CustomTestStringConvertible {
    /// As typed, such as `fsck`.
    let name: String
    /// Long option names without dashes, those of its own subcommands included; `help` and `version` left
    /// out.
    let longOptions: Set<String>

    var page: String { "Man/sluice-\(name).1" }
    var testDescription: String { name }

    /// The commands of the built binary, in the order in which it lists them.
    static func all() throws -> [CommandDescription] {
        let result = try Repository.run("'\(Repository.binary())' --experimental-dump-help")
        try #require(result.status == 0)
        let dump = try JSONValue.parse(result.output)
        let commands = dump["command"]?["subcommands"]?.arrayValue ?? []
        return commands.compactMap { command in
            guard let name = command["commandName"]?.stringValue, name != "help" else { return nil }
            guard command["shouldDisplay"]?.boolValue != false else { return nil }
            let implied: Set<String> = ["help", "version"]
            return CommandDescription(name: name, longOptions: options(of: command).subtracting(implied))
        }
    }

    private static func options(of command: JSONValue) -> Set<String> {
        var names: Set<String> = []
        for argument in command["arguments"]?.arrayValue ?? [] {
            guard argument["shouldDisplay"]?.boolValue != false else { continue }
            for name in argument["names"]?.arrayValue ?? [] where name["kind"]?.stringValue == "long" {
                if let text = name["name"]?.stringValue { names.insert(text) }
            }
        }
        for subcommand in command["subcommands"]?.arrayValue ?? []
        where subcommand["commandName"]?.stringValue != "help" {
            names.formUnion(options(of: subcommand))
        }
        return names
    }
}

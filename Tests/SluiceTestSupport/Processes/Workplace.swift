// SPDX-License-Identifier: Apache-2.0
// A folder for one test of commands: databases, stores and journals lie in it, programs have it as their
// home, and all of it goes when the test ends. The test's volume may have its metadata in a server instead.

import Glibc
package import SluiceBase

package final class Workplace: Sendable {
    /// The folder, absolute, without a trailing slash.
    package let folder: String
    /// The `sluice` that is run.
    package let binary: String
    /// Of the test's volume.
    package let database: VolumeDatabase

    /// - Parameter kind: of the volume's engine.
    package init(_ kind: EngineKind = .sqlite) throws {
        folder = "\(try Posix.makeTemporaryDirectory(prefix: "sluice-command-"))"
        binary = try Programs.sluice()
        database = try VolumeDatabase(kind, file: "\(folder)/vol.db")
    }

    deinit {
        // What cannot be removed stays in the folder for temporary files; a test must not end by it.
        try? Posix.removeTree(ByteString(folder))
    }

    package func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// The address of the test's volume.
    package func address() -> String { database.address }

    /// The address of another SQLite database, whose name is without `.db`.
    package func address(_ name: String) -> String { "sqlite3://\(folder)/\(name).db" }

    /// What every program of the test sees; `V` names the volume for `jfs://V/`.
    package var environment: [String: String] {
        [
            "PATH": Programs.searchPath, "HOME": folder, "XDG_STATE_HOME": path("state"), "LC_ALL": "C",
            "TMPDIR": "\(Posix.temporaryDirectory)", "V": address(), "JFS_GC_SKIPPEDTIME": "0",
        ]
    }

    /// A run of sluice that has not begun.
    package func program(_ arguments: [String], environment: [String: String] = [:]) -> Program {
        Program(binary, arguments, environment: self.environment.merging(environment) { $1 })
    }

    /// Runs sluice.
    @discardableResult
    package func sluice(_ arguments: String..., environment: [String: String] = [:]) throws -> ProgramResult {
        try program(arguments, environment: environment).run()
    }

    /// Runs any other program of the search path.
    @discardableResult
    package func tool(_ name: String, _ arguments: String..., input: [UInt8] = []) throws -> ProgramResult {
        guard let path = Programs.named(name) else {
            throw ProgramError(description: "there is no program \(name) on this machine")
        }
        var program = Program(path, arguments, environment: environment)
        program.input = input
        return try program.run()
    }

    /// Runs a script of bash that must succeed.
    /// - Returns: its standard output.
    @discardableResult
    package func script(_ text: String) throws -> String {
        let result = try tool("bash", "-euo", "pipefail", "-c", "cd '\(folder)'\n\(text)")
        guard result.status == 0 else { throw ProgramError(description: "\(text)\n\(result.story)") }
        return result.text
    }

    /// Runs SQL on a database of the test with the sqlite3 program.
    /// - Returns: its rows, one per line, columns separated by `|`.
    @discardableResult
    package func sql(_ statements: String, in name: String = "vol") throws -> String {
        let result = try tool(
            "sqlite3",
            "-batch",
            "-noheader",
            "-cmd",
            ".timeout 20000",
            path("\(name).db"),
            statements
        )
        guard result.status == 0, result.errors.isEmpty else {
            throw ProgramError(description: "\(statements)\n\(result.story)")
        }
        return result.text
    }

    /// Formats a volume `vol` with its objects in the folder `store`.
    package func format(_ options: String..., environment: [String: String] = [:]) throws {
        let arguments = ["format", address(), "vol", "--bucket", path("store")] + options
        let result = try program(arguments, environment: environment).run()
        guard result.status == 0 else { throw ProgramError(description: result.story) }
    }

    package func exists(_ name: String) -> Bool {
        unsafe access(path(name), F_OK) == 0
    }
}

extension ProgramResult {
    /// Standard output as one JSON document.
    package func json() throws -> JSONValue {
        try JSONValue.parse(text)
    }

    /// Standard output as JSON lines.
    package func jsonLines() throws -> [JSONValue] {
        try text.split(separator: "\n").map { try JSONValue.parse(String($0)) }
    }

    /// The codes of the findings of some severities in the JSON lines of fsck, each once.
    package func findings(_ severities: Set<String> = ["warning", "error"]) throws -> Set<String> {
        Set(
            try jsonLines().filter {
                $0["type"]?.stringValue == "finding" && severities.contains($0["severity"]?.stringValue ?? "")
            }.compactMap { $0["code"]?.stringValue }
        )
    }
}

extension String {
    /// The text without the white space at its end.
    package var trimmed: String {
        var text = self
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}

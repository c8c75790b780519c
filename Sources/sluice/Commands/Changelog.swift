// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Metadata
import SluiceBase
import TerminalUI
import VolumeModel

struct Changelog: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "changelog",
        abstract: "Show the change log of a volume.",
        discussion: "Ends with the last line, unless told to follow.\n\n" + ExitStatus.help
    )

    @Argument(help: ArgumentHelp("Address of the metadata engine.", valueName: "META-URL"))
    var address: String

    @Option(
        help: ArgumentHelp(
            "Begin after this version; otherwise with the oldest line, when following with the next one.",
            valueName: "version"
        )
    )
    var from: Int64?

    @Flag(name: [.customShort("f"), .customLong("follow")], help: "Wait for more lines until interrupted.")
    var follow = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var common: CommonOptions

    /// Lines read at a time.
    private static let page = 1000

    func validate() throws {
        guard from ?? 0 >= 0 else { throw ValidationError("--from is a version, 0 or more") }
    }

    func run() throws {
        let cancellation = Interruption.watch()
        let volume = try Wiring.volume(address)
        defer { volume.engine.close() }
        guard volume.settings.changeLog else {
            throw Failure(
                "volume \(volume.settings.name) keeps no change log",
                hint: "turn it on with 'sluice config --changelog'"
            )
        }
        // Compatibility: following from 0 means from now on (JuiceFS 1.4.2).
        var last = from ?? 0
        if follow, last == 0 { last = try volume.engine.read { try $0.lastChange() } }
        let pause = Monitor(())
        while true {
            try cancellation.throwIfCancelled()
            let lines = try volume.engine.read { [last] in try $0.changes(after: last, limit: Self.page) }
            for line in lines { Console.out(text(of: line)) }
            last = lines.last?.version ?? last
            guard lines.count < Self.page else { continue }
            guard follow else { return }
            pause.wait(deadline: MonotonicTime.now + .milliseconds(200)) { _ in nil as Void? }
        }
    }

    private func text(of line: ChangeRecord) -> String {
        let entry = ByteString(line.entry)
        guard output.json else { return "\(line.version): \(terminalSafe(entry.description))" }
        var object = JSONObject([("type", .string("change")), ("version", JSONValue(line.version))])
        object.set("entry", entry)
        return JSONValue.object(object).compact
    }
}

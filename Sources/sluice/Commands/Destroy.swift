// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Maintenance
import Metadata
import ObjectStorage
import SluiceBase
import TerminalUI
import VolumeModel

struct Destroy: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "destroy",
        abstract: "Delete all objects and all metadata of a volume.",
        discussion:
            "There is no way back. Every object is named in the journal before it is deleted; the metadata "
            + "go last, and only when every object is gone.\n\n" + ExitStatus.help
    )

    @Argument(help: ArgumentHelp("Address of the metadata engine.", valueName: "META-URL"))
    var address: String

    @Argument(help: ArgumentHelp("UUID of the volume, as 'status' shows it.", valueName: "UUID"))
    var uuid: String

    @Flag(name: [.customShort("y"), .customLong("yes")], help: "Do not ask.")
    var yes = false

    @Flag(help: "Also with live clients, and metadata even when objects are left; implies --yes.")
    var force = false

    @Flag(help: "Show what would be deleted.")
    var dryRun = false

    @Option(name: [.customShort("p"), .customLong("threads")], help: "Deletions at a time.")
    var threads = 8

    @Option(help: "File that the deletions are written to first (default: in the state folder).")
    var journal: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard threads > 0 else { throw ValidationError("--threads must be 1 or more") }
    }

    func run() throws {
        let volume = try Wiring.volume(address, durable: true)
        defer { volume.engine.close() }
        let settings = volume.settings
        guard settings.uuid == uuid else {
            throw Failure(
                "the UUID does not match: the volume at \(volume.engine.address) is \(settings.uuid)",
                hint: "'sluice status' shows the UUID"
            )
        }
        let store = try VolumeStore.open(settings)
        let clients = try liveSessions(of: volume)
        if !clients.isEmpty, !force { throw inUse(by: clients) }
        if !force { try requireIdentity(of: settings, in: store) }
        let usage = try volume.statistics()
        common.inform(
            "volume \(settings.name) (\(uuid)) in \(store.address): \(formatBytes(usage.usedSpace)),"
                + " \(usage.usedInodes) inodes"
        )
        guard !dryRun else { return common.inform("dry run: all of it would be deleted") }
        try Consent.requireName(settings.name, for: "delete all its data", given: yes || force)
        try destroy(volume, store)
    }

    private func destroy(_ volume: Volume, _ store: any ObjectStore) throws {
        let file = try JournalPath.resolved(journal, command: "destroy", uuid: uuid)
        let line = Console.progressLine(quiet: common.quiet)
        let report = try destroyVolume(
            volume,
            store: store,
            threads: threads,
            journal: DeletionJournal(file),
            removesMetadataAnyway: force,
            cancellation: Interruption.watch()
        ) { count in line.update { "\(count) objects deleted" } }
        line.clear()
        for failure in report.failures.prefix(20) { Console.note("warning: \(failure)") }
        guard report.removedMetadata else {
            throw Failure(
                "\(report.failures.count) objects could not be deleted, so the metadata were kept",
                hint: "repeat the command when the storage works; the journal is \(file)"
            )
        }
        guard !output.json else {
            var object: JSONObject = [
                "deleted_objects": JSONValue(report.deletedObjects),
                "failed_objects": JSONValue(report.failures.count),
            ]
            object.set("journal", file)
            return Console.out(JSONReport.text(object))
        }
        common.inform("\(report.deletedObjects) objects and the metadata are deleted; journal: \(file)")
    }

    private func inUse(by clients: [SessionStatus]) -> Failure {
        let list = clients.prefix(5).map { "\($0.record.id) (\($0.info.hostName) \($0.info.mountPoint))" }
        return Failure(
            "\(clients.count) clients work on the volume: sessions \(list.joined(separator: ", "))",
            hint: "unmount them first",
            status: .inUse
        )
    }
}

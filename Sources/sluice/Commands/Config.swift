// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Maintenance
import Metadata
import SluiceBase
import VolumeModel

struct Config: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Show or change a volume's settings.",
        discussion:
            "Without options the settings are printed as JSON, secrets hidden. Running clients follow a "
            + "change at their next heartbeat.\n\n" + ExitStatus.help
    )

    @Argument(help: ArgumentHelp("Address of the metadata engine.", valueName: "META-URL"))
    var address: String

    @OptionGroup(title: "Data storage") var storage: StorageOptions

    @Option(help: "Tag of new objects, key=value.")
    var tag: String?

    @Option(help: "The tier, 0 to 3, that --storage-class and --tag belong to.")
    var tier: UInt8?

    @Option(help: "Upload limit of each client in Mbit/s; 0 is none.")
    var uploadLimit: Int64?

    @Option(help: "Download limit of each client in Mbit/s; 0 is none.")
    var downloadLimit: Int64?

    @Flag(help: "Seal secrets that are stored in clear.")
    var encryptSecret = false

    @OptionGroup(title: "Management") var management: ManagementOptions

    @Option(help: "Least version of clients; cannot be lowered.")
    var minClientVersion: String?

    @Option(help: "Last version of clients; empty for any.")
    var maxClientVersion: String?

    @Flag(inversion: .prefixedNo, help: "Keep usage per directory.")
    var dirStats: Bool?

    @Flag(inversion: .prefixedNo, help: "Keep usage per user and group.")
    var userGroupQuota: Bool?

    @Flag(inversion: .prefixedNo, help: "Keep a log of changes.")
    var changelog: Bool?

    @Option(help: "Age at which lines of the change log go, 0 for never (JuiceFS: 2h).")
    var changelogMaxAge: String?

    @Option(help: "Most lines of the change log, 0 for any number.")
    var changelogMaxLines: Int64?

    @Flag(help: "Skip the storage test and the checks of usage, quotas and clients.")
    var force = false

    @Flag(name: [.customShort("y"), .customLong("yes")], help: "Do not ask.")
    var yes = false

    @Flag(help: "Show the changes without making them.")
    var dryRun = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
        let volume = try Wiring.volume(address)
        defer { volume.engine.close() }
        let asked = try request(volume.settings)
        let plan = try planConfiguration(of: volume, asked, ignoresGuards: force)
        guard !plan.isEmpty else {
            guard asked.isEmpty else { return common.inform("nothing changed") }
            return Console.out(JSONReport.text(volume.settings.shown.json))
        }
        for warning in plan.warnings { Console.note("warning: \(warning)") }
        if !dryRun {
            if !plan.warnings.isEmpty { try Consent.require("Proceed anyway?", given: yes || force) }
            try apply(plan, asked, to: volume)
        }
        guard !output.json else {
            return Console.out(
                JSONReport.text([
                    "applied": JSONValue(!dryRun), "changes": .array(plan.changes.map { .string($0) }),
                    "warnings": .array(plan.warnings.map { .string($0) }),
                ])
            )
        }
        for change in plan.changes { Console.out(change) }
    }

    private func apply(_ plan: ConfigurationPlan, _ asked: ConfigurationRequest, to volume: Volume) throws {
        if asked.touchesStorage, !force, Posix.environment("JFS_NO_CHECK_OBJECT_STORAGE") == nil {
            let store = try VolumeStore.open(plan.settings)
            try StorageProbe.run(on: store)
            try requireIdentity(of: plan.settings, in: store)
        }
        try applyConfiguration(plan.settings, to: volume, forced: force)
    }

    private func request(_ settings: VolumeSettings) throws -> ConfigurationRequest {
        var request = ConfigurationRequest()
        try storage.fill(&request, current: settings.storage)
        try management.fill(&request)
        request.tag = tag
        request.tier = tier
        request.uploadLimit = uploadLimit
        request.downloadLimit = downloadLimit
        request.sealsSecrets = encryptSecret
        request.minClientVersion = minClientVersion
        request.maxClientVersion = maxClientVersion
        request.dirStats = dirStats
        request.userGroupQuota = userGroupQuota
        request.changeLog = changelog
        request.changeLogMaxAge = try changelogMaxAge.map { Int64(try parseDuration($0).inSeconds) }
        request.changeLogMaxLines = changelogMaxLines
        return request
    }
}

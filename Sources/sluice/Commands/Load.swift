// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BlockStore
import Maintenance
import Metadata
import ObjectStorage
import SluiceBase
import TerminalUI
import VolumeModel

struct Load: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Make a volume of a dump in an empty database.",
        discussion:
            "Usage, link counts, references and directory statistics are counted anew. Until all of it is "
            + "there a mark keeps every client away; --resume clears what a killed load left.\n\n"
            + ExitStatus.help
    )

    @Argument(
        help: ArgumentHelp("Address of the metadata engine; with --stat the file.", valueName: "META-URL")
    )
    var address: String

    @Argument(help: ArgumentHelp("The dump; standard input without one.", valueName: "FILE"))
    var file: String?

    @Flag(help: "The dump is in JuiceFS's binary format.")
    var binary = false

    @Flag(help: "With --binary: show what the file holds, load nothing.")
    var stat = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "With --stat: show the segment that begins at this byte; -1 shows where segments begin.",
            valueName: "BYTE"
        )
    )
    var offset: Int64 = 0

    @Option(help: ArgumentHelp("The dump is encrypted with this private key.", valueName: "PEM-FILE"))
    var encryptRsaKey: String?

    @Option(help: "How: aes256gcm-rsa, chacha20-rsa or sm4gcm.")
    var encryptAlgo = "aes256gcm-rsa"

    @Flag(help: "Clear what an interrupted load left, and load from the start.")
    var resume = false

    @Flag(help: "Load a dump even when its footer does not fit, or when it contradicts itself.")
    var force = false

    @Option(
        name: [.customShort("p"), .customLong("threads")],
        help: "Accepted for JuiceFS's scripts: one writes."
    )
    var threads = 10

    @OptionGroup var output: OutputOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if stat, !binary { throw ValidationError("--stat needs --binary") }
        if offset != 0, !stat { throw ValidationError("--offset needs --stat") }
        guard offset >= -1 else { throw ValidationError("--offset is -1 or the byte of a segment") }
        guard EncryptionAlgorithm(settingsName: encryptAlgo) != nil else {
            throw ValidationError("--encrypt-algo is aes256gcm-rsa, chacha20-rsa or sm4gcm")
        }
    }

    func run() throws {
        if stat { return try showStat(file ?? address) }
        let cancellation = Interruption.watch()
        let source = try open(file)
        guard source.looksLikeJSON != binary else {
            throw Failure(
                binary ? "this is no binary dump" : "this is no JSON dump",
                hint: binary ? "leave --binary out" : "is it a binary dump? add --binary"
            )
        }
        let engine = try Wiring.engine(address, creating: true)
        defer { engine.close() }
        var options = LoadOptions()
        options.isResuming = resume
        options.isForced = force
        options.cancellation = cancellation
        if binary { return try loadBinaryDump(source, engine, options) }
        let line = Console.progressLine(quiet: common.quiet || output.json)
        defer { line.clear() }
        let summary = try loadJSON(from: source, into: engine, options: options) { count in
            line.update { "\(formatCount(count)) entries read" }
        }
        line.clear()
        report(DumpReport.json(of: summary), DumpReport.lines(of: summary))
        warnOfDisputes(summary.disputedSlices)
        if summary.lacksSecrets { warnOfSecrets() }
    }

    private func loadBinaryDump(
        _ source: DumpSource,
        _ engine: any MetadataEngine,
        _ options: LoadOptions,
    ) throws {
        var begun: LoadTarget?
        do {
            let (target, found) = try loadBinary(from: source, options: options) { settings in
                let target = try LoadTarget.begin(engine, for: settings, resuming: resume)
                begun = target
                return target
            }
            try target.finish(try found.settings.sealed())
            report(DumpReport.json(of: found), DumpReport.lines(of: found))
            warnOfDisputes(found.disputedSlices)
            if found.settings.hasRemovedSecret { warnOfSecrets() }
        } catch {
            begun?.abandon()
            throw error
        }
    }

    /// Opens the dump, or standard input, and decrypts it when a key is named.
    private func open(_ file: String?) throws -> DumpSource {
        let path = file.map { ByteString($0) }
        guard let encryptRsaKey, let algorithm = EncryptionAlgorithm(settingsName: encryptAlgo) else {
            return try DumpSource(path)
        }
        let pem = try Posix.readWholeFile(ByteString(encryptRsaKey), limit: 1 << 20)
        let passphrase = Posix.environment(VolumeStorage.passphraseVariable)
        let key = try PrivateKey(pem: pem, passphrase: passphrase)
        return try DumpSource(path, envelope: Envelope(algorithm, key: key))
    }

    private func showStat(_ path: String) throws {
        let source = try open(path)
        guard !source.looksLikeJSON else { throw Failure("\(path) is no binary dump") }
        guard offset <= 0 else {
            let (kind, value) = try describeSegment(at: UInt64(offset), of: source)
            return report(
                DumpReport.json(of: kind, value),
                ["Segment: \(kind.name)", "Value: \(JSONReport.text(value))"]
            )
        }
        let summary = try summarizeBinary(source)
        report(
            DumpReport.json(of: summary, withOffsets: offset == -1),
            DumpReport.table(of: summary, withOffsets: offset == -1)
        )
    }

    private func report(_ json: JSONObject, _ lines: [String]) {
        guard !output.json else { return Console.out(JSONReport.text(json)) }
        guard !common.quiet else { return }
        for line in lines { Console.out(line) }
    }

    private func warnOfDisputes(_ slices: UInt64) {
        guard slices > 0 else { return }
        Console.note("warning: the dump records \(slices) slices with several sizes: files name foreign data")
        Console.note("hint: 'sluice fsck' shows which")
    }

    private func warnOfSecrets() {
        Console.note("warning: the dump came without secrets, the volume cannot reach its objects")
        Console.note("hint: set them with 'sluice config', for example --secret-key")
    }
}

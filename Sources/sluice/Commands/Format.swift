// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Maintenance
import Metadata
import SluiceBase
import VolumeModel

struct Format: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "format",
        abstract: "Make a volume.",
        discussion:
            "The only command that creates a database. An existing volume is not made anew: its settings are "
            + "changed as 'config' does.\n\n" + ExitStatus.help
    )

    @Argument(help: ArgumentHelp("Address of the metadata engine.", valueName: "META-URL"))
    var address: String

    @Argument(help: ArgumentHelp("Name of the volume: 3 to 63 of a-z, 0-9 and -.", valueName: "NAME"))
    var name: String

    @OptionGroup(title: "Data storage") var storage: StorageOptions

    @Option(
        help:
            "Bytes of a block, in KiB unless a unit is given; a power of two from 64K to 16M (default 4M)."
    )
    var blockSize: String?

    @Option(help: "Compression of blocks: none, lz4 or zstd (default none).")
    var compress: String?

    @Option(help: "PEM file of the RSA key that encrypts the objects; passphrase in JFS_RSA_PASSPHRASE.")
    var encryptRsaKey: String?

    @Option(help: "Cipher of encrypted objects: aes256gcm-rsa, chacha20-rsa or sm4gcm.")
    var encryptAlgo = "aes256gcm-rsa"

    @Option(help: "Accepted as JuiceFS does, which does not store it; tags are set with 'config'.")
    var tag: String?

    @Flag(inversion: .prefixedNo, help: "Put a hash in front of object names.")
    var hashPrefix: Bool?

    @Option(help: "Spread objects over so many buckets, named with %d; at most 256.")
    var shards: Int64?

    @OptionGroup(title: "Management") var management: ManagementOptions

    @Flag(help: "Replace the settings of an existing volume, even those that its objects depend on.")
    var force = false

    @Flag(help: "Succeed without a change when the volume exists.")
    var noUpdate = false

    @Flag(name: [.customShort("y"), .customLong("yes")], help: "Do not ask.")
    var yes = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard VolumeSettings.isValidName(name) else {
            throw ValidationError(
                "invalid name: \"\(name)\", only a-z, 0-9 and - are allowed, and the length should be 3 to 63"
            )
        }
        if let compress, !["none", "lz4", "zstd"].contains(compress) {
            throw ValidationError("unknown compression '\(compress)': none, lz4 or zstd")
        }
        guard ["aes256gcm-rsa", "chacha20-rsa", "sm4gcm"].contains(encryptAlgo) else {
            throw ValidationError("unknown cipher '\(encryptAlgo)': aes256gcm-rsa, chacha20-rsa or sm4gcm")
        }
        if let shards, !(0...256).contains(shards) { throw ValidationError("--shards must be 0 to 256") }
    }

    func run() throws {
        var request = ConfigurationRequest()
        try storage.fill(&request)
        try management.fill(&request)
        let engine = try Wiring.engine(address, creating: true)
        defer { engine.close() }
        if try engine.isFormatted() {
            try ExistingVolume(engine: engine, format: self).update(request)
            return
        }
        try make(request, engine: engine)
    }

    private func make(_ request: ConfigurationRequest, engine: any MetadataEngine) throws {
        let settings = try newSettings(request)
        let report = try formatVolume(
            engine,
            settings: settings,
            store: try VolumeStore.open(settings),
            checksStorage: Posix.environment("JFS_NO_CHECK_OBJECT_STORAGE") == nil
        )
        for warning in report.warnings { Console.note("warning: \(warning)") }
        let shown = JSONReport.text(report.settings.shown.json)
        guard !output.json else { return Console.out(shown) }
        common.inform("volume \(name) is formatted as \(shown)")
    }

    /// The settings of a new volume: what was asked for, over the defaults, secrets from the environment.
    private func newSettings(_ request: ConfigurationRequest) throws -> VolumeSettings {
        var settings = VolumeSettings()
        settings.name = name
        settings.uuid = UUID.random()
        settings.bucket = BucketPath.standard
        if let blockSize {
            settings.blockSizeKiB = try BlockSize.kibibytes(blockSize) { Console.note("warning: \($0)") }
        }
        settings.compression = compress ?? "none"
        settings.shards = shards ?? 0
        settings.hashPrefix = hashPrefix ?? false
        settings.encryptAlgorithm = encryptAlgo
        if let path = encryptRsaKey {
            let pem = try Posix.readWholeFile(ByteString(path), limit: 1 << 20)
            // Opened once, so that a wrong passphrase is found before anything is written.
            _ = try PrivateKey(pem: pem, passphrase: Posix.environment("JFS_RSA_PASSPHRASE"))
            settings.encryptKey = String(decoding: pem, as: UTF8.self)
        }
        var request = request
        request.accessKey = request.accessKey ?? Posix.environment("ACCESS_KEY")
        request.secretKey = request.secretKey ?? Posix.environment("SECRET_KEY")
        request.sessionToken = request.sessionToken ?? Posix.environment("SESSION_TOKEN")
        return try settings.configured(by: request)
    }
}

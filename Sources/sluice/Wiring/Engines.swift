// SPDX-License-Identifier: Apache-2.0
// From an address to an engine, from settings to a store: the only place that knows which drivers there are.

import BlockStore
import DatabaseObjects
import Metadata
import MetadataRedis
import MetadataSQL
import ObjectDrivers
import ObjectStorage
import SluiceBase
import VolumeModel

enum Wiring {
    /// For those who typed no address.
    static let addressHint =
        """
        addresses look like sqlite3:///var/lib/vol.db, postgres://user@host/database or redis://host:6379/1
        """

    /// Opens the engine of an address; nothing is created unless `creating`.
    static func engine(
        _ address: String,
        creating: Bool = false,
        durable: Bool = false
    ) throws -> any MetadataEngine {
        switch try scheme(of: address) {
        case "sqlite3", "sqlite":
            return try openSQLite(address: address, creating: creating, durable: durable)
        case "postgres", "postgresql":
            return try openPostgres(
                address: address,
                environment: { Posix.environment($0) },
                durable: durable
            )
        case "redis", "rediss", "unix":
            let engine = try openRedis(address: address, environment: Posix.environment)
            for warning in engine.warnings { Console.note("warning: \(warning)") }
            return engine
        case let scheme:
            throw Failure(
                "there is no engine '\(scheme)' in this version (\(redactedAddress(address)))",
                hint: "known engines: sqlite3, postgres, redis, rediss, unix",
                status: .usage
            )
        }
    }

    /// As with JuiceFS, text without `://` is the address of a Redis server; but a variable that is not set
    /// and the name of a file are no such text.
    private static func scheme(of address: String) throws -> String {
        if address.contains("://") {
            return address.split(separator: ":", maxSplits: 1).first.map(String.init) ?? ""
        }
        let isFile = try address.hasSuffix(".db") || Posix.statusIfPresent(ByteString(address)) != nil
        guard !isFile, !address.isEmpty else {
            throw Failure(
                "'\(redactedAddress(address))' is not the address of a metadata engine",
                hint: addressHint,
                status: .usage
            )
        }
        return "redis"
    }

    /// Opens an existing volume.
    /// - Parameter durable: commits survive a power cut; for commands that delete objects after a commit.
    static func volume(_ address: String, durable: Bool = false) throws -> Volume {
        try Volume.open(engine: engine(address, durable: durable))
    }
}

extension Wiring {
    /// Every driver of this build.
    static let storageDrivers =
        StorageDriver.local + [
            StorageDriver.s3, .redis, .sqlite, .postgres, .webdav, .sftp,
        ]

    /// The names that `--storage` takes; objects in memory would end with the command.
    static let storageNames = storageDrivers.flatMap(\.names).filter { $0 != "mem" }
}

enum VolumeStore {
    /// Opens a volume's object storage: its prefix, shards and encryption included.
    static func open(_ settings: VolumeSettings) throws -> any ObjectStore {
        try VolumeStorage.open(
            settings: settings.opened(),
            drivers: Wiring.storageDrivers,
            environment: { Posix.environment($0) }
        )
    }
}

// SPDX-License-Identifier: Apache-2.0
// From an address to an engine, from settings to a store: the only place that knows which drivers there are.

import BlockStore
import Metadata
import MetadataSQL
import ObjectDrivers
import ObjectStorage
import SluiceBase
import VolumeModel

enum Wiring {
    /// Opens the engine of an address; nothing is created unless `creating`.
    static func engine(
        _ address: String,
        creating: Bool = false,
        durable: Bool = false
    ) throws -> any MetadataEngine {
        let scheme = address.split(separator: ":", maxSplits: 1).first.map(String.init) ?? ""
        guard address.contains("://") else {
            throw Failure(
                "'\(redactedAddress(address))' is not the address of a metadata engine",
                hint: "SQLite addresses look like sqlite3:///var/lib/vol.db",
                status: .usage
            )
        }
        switch scheme {
        case "sqlite3", "sqlite":
            return try openSQLite(address: address, creating: creating, durable: durable)
        default:
            throw Failure(
                "there is no engine '\(scheme)' in this version (\(redactedAddress(address)))",
                hint: "known engines: sqlite3",
                status: .usage
            )
        }
    }

    /// Opens an existing volume.
    /// - Parameter durable: commits survive a power cut; for commands that delete objects after a commit.
    static func volume(_ address: String, durable: Bool = false) throws -> Volume {
        try Volume.open(engine: engine(address, durable: durable))
    }
}

extension Wiring {
    /// Every driver of this build.
    static let storageDrivers = StorageDriver.local + [StorageDriver.s3]

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

// SPDX-License-Identifier: Apache-2.0
// From an address to an engine, from settings to a store: the only place that knows which drivers there are.

import BlockStore
import Metadata
import MetadataSQL
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
                hint: "addresses look like sqlite3:///var/lib/vol.db or postgres://user@host/database",
                status: .usage
            )
        }
        switch scheme {
        case "sqlite3", "sqlite":
            return try openSQLite(address: address, creating: creating, durable: durable)
        case "postgres", "postgresql":
            return try openPostgres(
                address: address,
                environment: { Posix.environment($0) },
                durable: durable
            )
        default:
            throw Failure(
                "there is no engine '\(scheme)' in this version (\(redactedAddress(address)))",
                hint: "known engines: sqlite3, postgres",
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

enum VolumeStore {
    /// Opens a volume's object storage: its prefix, shards and encryption included.
    static func open(_ settings: VolumeSettings) throws -> any ObjectStore {
        try VolumeStorage.open(settings: settings.opened(), environment: Posix.environment)
    }
}

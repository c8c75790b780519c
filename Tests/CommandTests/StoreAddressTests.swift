// SPDX-License-Identifier: Apache-2.0
// What the commands make of the addresses of storages that are no folders.

import SluiceBase
import SluiceTestSupport
import Testing

@Suite("Addresses of storages")
struct StoreAddressTests {
    private let place: Workplace

    init() throws {
        place = try Workplace()
    }

    @Test("sync refuses databases that it cannot tell from keys, and says how to write them")
    func refusals() throws {
        try place.script("mkdir source; echo a > source/a")
        for (address, hint) in [
            ("redis://localhost/photos/", "redis://HOST/DATABASE/PREFIX"),
            ("postgres://u:geheim@localhost/", "postgres://USER@HOST/DATABASE/PREFIX"),
            ("sqlite3://\(place.path("nothing/"))", "sqlite3://FILE/PREFIX"),
            ("mysql://u:geheim@localhost/d/", "it knows local paths"),
            ("hdfs://localhost/d/", "it knows local paths"),
        ] {
            let result = try place.sluice("sync", place.path("source/"), address)
            #expect(result.status != 0)
            #expect(result.errorText.contains(hint), "\(result.story)")
            #expect(!result.story.contains("geheim"), "\(result.story)")
        }
    }

    @Test("format refuses storages of other versions by name, and lists its own")
    func unknownStorage() throws {
        for storage in ["etcd", "tikv", "mysql", "hdfs", "nfs"] {
            let result = try place.sluice(
                "format",
                place.address(),
                "vol",
                "--storage",
                storage,
                "--bucket",
                "x"
            )
            #expect(result.status != 0)
            #expect(result.errorText.contains("'\(storage)'"), "\(result.story)")
            #expect(result.errorText.contains("redis, sqlite3, postgres"), "\(result.story)")
        }
    }

    @Test("The password in a bucket's address is used and never shown")
    func passwordInBucket() throws {
        let bucket = "redis://:geheim@127.0.0.1:1/0"
        let format = try place.sluice(
            "format",
            place.address(),
            "vol",
            "--storage",
            "redis",
            "--bucket",
            bucket
        )
        #expect(format.status != 0)
        #expect(format.errorText.contains("127.0.0.1:1"), "\(format.story)")
        #expect(!format.story.contains("geheim"), "\(format.story)")
        try place.format()
        let config = try place.sluice(
            "config",
            place.address(),
            "--force",
            "--yes",
            "--storage",
            "redis",
            "--bucket",
            bucket
        )
        #expect(config.status == 0, "\(config.story)")
        let status = try place.sluice("config", place.address())
        #expect(status.text.contains("redis://:****@127.0.0.1:1/0"), "\(status.story)")
        #expect(!(config.story + status.story).contains("geheim"), "\(config.story)")
    }

    @Test("A bucket of sqlite3 becomes an absolute path, which the real program opens too")
    func relativeFile() throws {
        let format = try place.script(
            """
            '\(place.binary)' format sqlite3://vol.db vol --storage sqlite3 --bucket sqlite3://blobs.db 2>&1
            """
        )
        #expect(format.contains("\"\(place.path("blobs.db"))\""), "\(format)")
        let count = try place.sql("SELECT CAST(key AS TEXT) FROM jfs_blob", in: "blobs")
        #expect(count.trimmed == "vol/juicefs_uuid")
    }
}

// SPDX-License-Identifier: Apache-2.0
// Objects in tables: the promises of a store, and that the tables are the real program's.

import DatabaseObjects
import ObjectStorage
import SluiceBase
import SluiceTestSupport
import Synchronization
import Testing

/// A store over a database of its own.
enum BlobBench {
    static func sqlite(_ place: Workplace, _ options: String = "") throws -> any ObjectStore {
        let bucket = place.path("blobs.db") + options
        return try StorageDriver.sqlite.open(StorageRequest(storage: "sqlite3", bucket: bucket))
    }

    static func postgres(_ database: String, _ options: String = "") throws -> any ObjectStore {
        let server = try PostgresServer.shared
        let bucket = "127.0.0.1:\(server.port)/\(database)?sslmode=disable\(options)"
        return try StorageDriver.postgres.open(
            StorageRequest(storage: "postgres", bucket: bucket, accessKey: "postgres", secretKey: "none")
        )
    }
}

@Suite("Objects in an SQLite file")
struct SQLiteBlobTests {
    private let place: Workplace

    init() throws {
        place = try Workplace()
    }

    @Test("keeps every promise of a store", arguments: ObjectStorageConformance.cases)
    func conforms(_ promise: ObjectStorageCase) throws {
        try promise.check(try BlobBench.sqlite(place, "?_synchronous=off"))
    }

    @Test("The table is, byte for byte, the one that JuiceFS 1.4.2 makes, in its journal mode")
    func schema() throws {
        let store = try BlobBench.sqlite(place)
        try store.create()
        try store.put("vol/a", [1, 2, 0])
        let found = try place.sql("SELECT sql FROM sqlite_master WHERE name LIKE '%jfs%'", in: "blobs")
        #expect(
            found.trimmed == """
                CREATE TABLE `jfs_blob` (`id` INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, \
                `key` BLOB NOT NULL, `size` INTEGER NOT NULL, `modified` DATETIME NOT NULL, \
                `data` BLOB NULL)
                CREATE UNIQUE INDEX `UQE_jfs_blob_blob` ON `jfs_blob` (`key`)
                """
        )
        let row = try place.sql(
            """
            SELECT hex(key), size, typeof(modified), length(modified), hex(data), typeof(data) FROM jfs_blob;
            PRAGMA journal_mode
            """,
            in: "blobs"
        )
        #expect(row.trimmed == "766F6C2F61|3|text|19|010200|blob\ndelete")
    }

    @Test("A row of another hand: time, empty data, a wrong size")
    func foreignRows() throws {
        let store = try BlobBench.sqlite(place)
        try store.create()
        try place.sql(
            """
            INSERT INTO jfs_blob (key, size, modified, data) VALUES
            (x'61', 2, '2026-11-27 02:44:24', x'0102'), (x'62', 0, '2026-11-27 02:44:24', NULL),
            (x'63', 999, 'never', x'07')
            """,
            in: "blobs"
        )
        let listed = try objects(store, ListRequest())
        let time = Timestamp(seconds: 1_795_747_464)
        #expect(listed.map(\.key) == ["a", "b", "c"])
        #expect(listed.map(\.size) == [2, 0, 1])
        #expect(listed.map(\.modified) == [time, time, .epoch])
        #expect(try store.head("a") == listed[0])
        #expect(try store.bytes(of: "b") == [])
        #expect(try store.bytes(of: "c") == [7])
    }

    @Test("A put proves what it stored")
    func receipt() throws {
        let store = try BlobBench.sqlite(place)
        try store.create()
        let bytes = pattern(100_000, seed: 9)
        let receipt = try store.put("a", bytes)
        #expect(receipt == PutReceipt(size: 100_000, crc32c: Crc32c.checksum(bytes)))
    }

    @Test("What is no database of objects is refused, and never taken for an empty one")
    func refusals() throws {
        let store = try BlobBench.sqlite(place)
        #expect(code { try store.head("a") } == .failed)
        #expect(code { try keys(store) } == .failed)
        #expect(!place.exists("blobs.db"))
        try place.script("head -c 5000 /dev/urandom > blobs.db")
        #expect(code { try store.put("a", [1]) } == .failed)
        #expect(code { try store.create() } == .failed)
        try place.script("rm blobs.db")
        try place.sql("CREATE TABLE other (x)", in: "blobs")
        #expect(reason { try keys(store) } == "the database has no table jfs_blob")
        try store.create()
        #expect(try keys(store).isEmpty)
        try place.script("rm blobs.db")
        try place.sql("CREATE TABLE jfs_blob (x)", in: "blobs")
        let other = try BlobBench.sqlite(place)
        #expect(code { try other.head("a") } == .failed)
        #expect(code { try BlobBench.sqlite(place, "?nonsense=1") } == .unsupported)
    }

    @Test("A file that cannot be written is an error of its own")
    func readOnly() throws {
        let store = try BlobBench.sqlite(place)
        try store.create()
        try store.put("a", [1])
        let reading = try BlobBench.sqlite(place, "?mode=ro")
        #expect(try reading.bytes(of: "a") == [1])
        #expect(code { try reading.put("a", [2]) } == .denied)
    }
}

@Suite(
    "Objects in a PostgreSQL database",
    .enabled(if: PostgresServer.programs != nil, "PostgreSQL is not installed")
)
struct PostgresBlobTests {
    private let server: PostgresServer
    private let database: String

    init() throws {
        server = try PostgresServer.shared
        database = try server.makeDatabase()
    }

    @Test("keeps every promise of a store", arguments: ObjectStorageConformance.cases)
    func conforms(_ promise: ObjectStorageCase) throws {
        try promise.check(try BlobBench.postgres(database))
    }

    @Test("The table is the one that JuiceFS 1.4.2 makes")
    func schema() throws {
        let store = try BlobBench.postgres(database)
        try store.create()
        let columns = try server.run(
            """
            SELECT column_name, data_type, is_nullable, column_default FROM information_schema.columns
            WHERE table_name = 'jfs_blob' ORDER BY ordinal_position
            """,
            in: database
        )
        #expect(
            columns.trimmed == """
                id|bigint|NO|nextval('jfs_blob_id_seq'::regclass)
                key|bytea|NO|
                size|bigint|NO|
                modified|timestamp without time zone|NO|
                data|bytea|YES|
                """
        )
        let indexes = try server.run(
            "SELECT indexdef FROM pg_indexes WHERE tablename = 'jfs_blob' ORDER BY indexname",
            in: database
        )
        #expect(
            indexes.trimmed == """
                CREATE UNIQUE INDEX "UQE_jfs_blob_blob" ON public.jfs_blob USING btree (key)
                CREATE UNIQUE INDEX jfs_blob_pkey ON public.jfs_blob USING btree (id)
                """
        )
    }

    @Test("A put is proven by what the server says; times are unknown, because rows do not tell their zone")
    func receipt() throws {
        let store = try BlobBench.postgres(database)
        try store.create()
        let bytes = pattern(100_000, seed: 9)
        #expect(try store.put("a", bytes) == PutReceipt(size: 100_000, crc32c: Crc32c.checksum(bytes)))
        var quick = PutOptions()
        quick.wantsChecksum = false
        #expect(try store.put("a", bytes, options: quick) == PutReceipt(size: 100_000))
        #expect(try store.head("a").modified == .epoch)
    }

    @Test("Bytes that a server changed are an error, not a success")
    func changed() throws {
        let store = try BlobBench.postgres(database)
        try store.create()
        try server.run(
            """
            CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN NEW.data = 'other'; RETURN NEW; END $$;
            CREATE TRIGGER spoil BEFORE INSERT ON jfs_blob FOR EACH ROW EXECUTE FUNCTION spoil()
            """,
            in: database
        )
        #expect(code { try store.put("a", [1, 2, 3]) } == .corrupt)
    }

    @Test("A database that is not there, one without table, and two users are refused")
    func refusals() throws {
        let nowhere = try BlobBench.postgres("nowhere")
        #expect(code { try nowhere.head("a") } == .failed)
        let empty = try BlobBench.postgres(database)
        #expect(reason { try keys(empty) } == "the database has no table jfs_blob")
        #expect(code { try empty.put("a", [1]) } == .failed)
        let wrong = try StorageDriver.postgres.open(
            StorageRequest(
                storage: "postgres",
                bucket: "keeper:wrong@127.0.0.1:\(server.port)/\(database)?sslmode=disable"
            )
        )
        #expect(code { try wrong.head("a") } == .denied)
        #expect(!wrong.address.contains("wrong"))
        let twice = StorageRequest(storage: "postgres", bucket: "a:b@h/d", accessKey: "c", secretKey: "d")
        #expect(code { try StorageDriver.postgres.open(twice) } == .unsupported)
    }

    @Test("Several clients make the table at a time")
    func concurrentCreation() throws {
        let database = database
        let failures = Mutex<[String]>([])
        try runThreads(8) { _ in
            do {
                let store = try BlobBench.postgres(database)
                try store.create()
                try store.put("a", [1])
            } catch {
                failures.withLock { $0.append("\(error)") }
            }
        }
        #expect(failures.withLock { $0 } == [])
    }
}

/// Why the call fails; nil when it does not, or not with an error of a storage.
func reason(_ body: () throws -> some Any) -> String? {
    do {
        _ = try body()
        return nil
    } catch {
        return (error as? StorageError)?.reason
    }
}

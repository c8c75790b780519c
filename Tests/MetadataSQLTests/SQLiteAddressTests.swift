// SPDX-License-Identifier: Apache-2.0

import Metadata
@testable import MetadataSQL
import Testing

@Suite("SQLite addresses")
struct SQLiteAddressTests {
    @Test("Paths are absolute or relative, whatever they look like")
    func paths() throws {
        #expect(try SQLiteAddress("sqlite3:///a/b.db").path == "/a/b.db")
        #expect(try SQLiteAddress("sqlite://b.db").path == "./b.db")
        #expect(try SQLiteAddress("sqlite3://file:b.db?cache=shared").path == "./file:b.db")
        #expect(SQLiteConnector.escaped("/a b/%?#é.db") == "/a%20b/%25%3F%23%C3%A9.db")
    }

    @Test("Options of JuiceFS's driver are understood")
    func options() throws {
        let all = try SQLiteAddress(
            """
            sqlite3:///m.db?cache=shared&_journal=DELETE&_timeout=100&_sync=2&_cache_size=-2000\
            &table_prefix=a1&max_open_conns=3\
            &max_idle_conns=1&max_idle_time=7&max_life_time=9&_txlock=immediate&mode=rw
            """
        )
        var wanted = SQLiteOptions()
        wanted.journal = .delete
        wanted.busyTimeout = 100
        wanted.synchronous = .full
        wanted.cacheSize = -2000
        wanted.tablePrefix = "jfs_a1_"
        wanted.pool = PoolLimits(open: 3, idle: 1, idleTime: 7, lifeTime: 9)
        #expect(all.options == wanted)
        #expect(try SQLiteAddress("sqlite3:///m.db?_synchronous=extra").options.synchronous == .extra)
        #expect(try SQLiteAddress("sqlite3:///m.db?mode=ro").options.isReadOnly)
    }

    @Test(
        "What makes no sense is refused by name",
        arguments: [
            ("sqlite3://", "names no file"), ("sqlite3://?cache=shared", "names no file"),
            ("redis://h", "sqlite3://"), ("sqlite3://:memory:", "memory"),
            ("sqlite3:///m.db?_loc=auto", "_loc"), ("sqlite3:///m.db?_journal=OFF", "_journal"),
            ("sqlite3:///m.db?_timeout=-1", "_timeout"), ("sqlite3:///m.db?_timeout=soon", "_timeout"),
            ("sqlite3:///m.db?cache=mine", "cache"), ("sqlite3:///m.db?table_prefix=a`b", "table_prefix"),
            ("sqlite3:///m.db?max_open_conns=-1", "max_open_conns"), ("sqlite3:///m.db?mode=rwc", "mode"),
            ("sqlite3:///m.db?_cache_size=much", "_cache_size"),
            ("sqlite3:///m.db?_sync=9", "_sync"), ("sqlite3:///m.db?_txlock=none", "_txlock"),
        ]
    )
    func refused(_ text: String, _ word: String) throws {
        let error = try #require(throws: EngineError.self) { try SQLiteAddress(text) }
        #expect(error.code == .invalidAddress)
        #expect(error.reason.contains(word))
    }
}

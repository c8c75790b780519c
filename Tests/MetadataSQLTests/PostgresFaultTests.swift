// SPDX-License-Identifier: Apache-2.0
// What goes wrong between a client and a server, and what the client makes of it.

import Metadata
@testable import MetadataSQL
import SluiceBase
import SluiceTestSupport
import Synchronization
import Testing
import VolumeModel

@Suite("PostgreSQL in trouble", .enabled(if: PostgresServer.programs != nil))
struct PostgresFaultTests {
    private func code(_ body: () throws -> Void) throws -> EngineError.Code? {
        do {
            try body()
            return nil
        } catch let error as EngineError {
            #expect(!"\(error)".contains(PostgresServer.password))
            return error.code
        }
    }

    private func directory(linkCount: UInt32 = 2) -> Attributes {
        let time = Timestamp(seconds: 1_800_000_000, nanoseconds: 5)
        return Attributes(
            type: .directory,
            mode: 0o755,
            time: time,
            linkCount: linkCount,
            length: 4096,
            parent: .root
        )
    }

    /// Runs `body` with an engine that reaches the database through a proxy.
    private func withProxy(
        cutting cut: PostgresProxy.Cut,
        at text: String,
        times: Int = 1,
        _ body: (any MetadataEngine, PostgresBench) throws -> Void
    ) throws {
        let bench = try PostgresBench()
        let direct = try bench.engine()
        try direct.createSchema()
        let proxy = try PostgresProxy(to: bench.server, cutting: cut, at: text, times: times)
        let address = "postgres://postgres@127.0.0.1:\(proxy.port)/\(bench.database)?sslmode=disable"
        let engine = try openPostgres(address: address)
        try body(engine, bench)
        #expect(proxy.cuts <= 0)
        engine.close()
        direct.close()
        proxy.stop()
        try bench.cleanUp()
    }

    @Test("a commit whose answer is lost counts once", arguments: [PostgresProxy.Cut.before, .afterAnswer])
    func lostCommit(cut: PostgresProxy.Cut) throws {
        try withProxy(cutting: cut, at: "COMMIT\0") { engine, bench in
            let runs = Atomic(0)
            try engine.write { transaction in
                runs.add(1, ordering: .relaxed)
                try transaction.add(1, to: .usedSpace)
            }
            #expect(runs.load(ordering: .relaxed) == (cut == .before ? 2 : 1))
            #expect(try bench.execute("SELECT value FROM jfs_counter") == "1\n")
        }
    }

    @Test("a commit of which nobody can tell is an error, and is not repeated")
    func unknownCommit() throws {
        try withProxy(cutting: .afterAnswer, at: "COMMIT\0") { engine, bench in
            let counts = Atomic(0)
            // The server has lost count of its transactions, as one restored from a copy has.
            try bench.execute(
                """
                CREATE SCHEMA fake; CREATE FUNCTION fake.txid_status(bigint) RETURNS text
                LANGUAGE sql AS 'SELECT NULL::text';
                ALTER DATABASE \(bench.database) SET search_path = fake, pg_catalog, public
                """
            )
            let error = try code {
                try engine.write { transaction in
                    counts.add(1, ordering: .relaxed)
                    try transaction.add(1, to: .usedSpace)
                }
            }
            #expect(error == .failed)
            #expect(counts.load(ordering: .relaxed) == 1)
            #expect(try bench.execute("SELECT value FROM public.jfs_counter") == "1\n")
        }
    }

    @Test("a transaction that loses its connection runs again")
    func lostTransaction() throws {
        try withProxy(cutting: .afterAnswer, at: "jfs_symlink", times: 2) { engine, bench in
            try engine.write { transaction in
                try transaction.insertNode(.root, directory())
                #expect(try transaction.node(.root) != nil)
                try transaction.setSymlinkTarget("target", of: Inode(5))
                #expect(try transaction.symlinkTarget(of: Inode(5)) == "target")
            }
            #expect(try bench.execute("SELECT COUNT(*) FROM jfs_node") == "1\n")
        }
    }

    @Test("a read that loses its connection says so")
    func lostRead() throws {
        try withProxy(cutting: .afterAnswer, at: "jfs_symlink") { engine, _ in
            let error = try code {
                try engine.read { reader in
                    _ = try reader.node(.root)
                    _ = try reader.symlinkTarget(of: .root)
                }
            }
            #expect(error == .unreachable)
            #expect(try engine.read { try $0.symlinkTarget(of: .root) } == nil)
        }
    }

    @Test("connections that the server closed meanwhile are opened anew")
    func idleConnections() throws {
        let bench = try PostgresBench()
        let engine = try bench.engine()
        try engine.createSchema()
        for isReading in [true, false, true] {
            try bench.server.run(
                """
                SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                WHERE datname = '\(bench.database)'
                """
            )
            if isReading {
                #expect(try engine.read { try $0.node(.root) } == nil)
            } else {
                try engine.write { try $0.add(1, to: .usedSpace) }
            }
        }
        #expect(try bench.execute("SELECT value FROM jfs_counter") == "1\n")
        engine.close()
        try bench.cleanUp()
    }

    @Test("clients that block each other run again, and lose nothing")
    func deadlocks() throws {
        let bench = try PostgresBench()
        let engines = try [bench.engine(), bench.engine()]
        try engines[0].createSchema()
        try engines[0].write { transaction in
            for number in [UInt64(5), 6] {
                try transaction.insertNode(Inode(number), directory(linkCount: 0))
            }
        }
        let failures = Mutex<[String]>([])
        try runThreads(2) { number in
            let order = number == 0 ? [Inode(5), Inode(6)] : [Inode(6), Inode(5)]
            do {
                for _ in 0..<50 {
                    try engines[number].write { transaction in
                        for inode in order {
                            try transaction.lock([inode])
                            guard var node = try transaction.node(inode) else {
                                throw ProgramError(description: "the node is missing")
                            }
                            node.linkCount += 1
                            try transaction.updateNode(inode, node)
                        }
                    }
                }
            } catch {
                failures.withLock { $0.append("\(error)") }
            }
        }
        #expect(failures.withLock { $0 } == [])
        #expect(
            try engines[0].read { try $0.nodes([Inode(5), Inode(6)]) }.map { $0?.linkCount } == [100, 100]
        )
        for engine in engines { engine.close() }
        try bench.cleanUp()
    }

    /// A trigger that refuses the first changes of a counter with a serialisation failure; a sequence counts
    /// them, as it does not go back with a transaction.
    private func refuseChanges(_ bench: PostgresBench, times: Int) throws {
        try bench.execute(
            """
            CREATE SEQUENCE tries;
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF nextval('tries') <= \(times) THEN
                    RAISE 'could not serialize access' USING ERRCODE = '40001';
                END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON jfs_counter
            FOR EACH ROW EXECUTE FUNCTION refuse()
            """
        )
    }

    @Test("a transaction that the server could not serialise runs again")
    func serialization() throws {
        let bench = try PostgresBench()
        let engine = try bench.engine()
        try engine.createSchema()
        try refuseChanges(bench, times: 3)
        let runs = Atomic(0)
        try engine.write { transaction in
            runs.add(1, ordering: .relaxed)
            try transaction.insertNode(.root, directory())
            try transaction.add(1, to: .usedSpace)
        }
        #expect(runs.load(ordering: .relaxed) == 4)
        #expect(try bench.execute("SELECT value FROM jfs_counter") == "1\n")
        #expect(try bench.execute("SELECT COUNT(*) FROM jfs_node") == "1\n")
        engine.close()
        try bench.cleanUp()
    }

    @Test("a transaction that the server never serialises ends as busy, and nothing of it is stored")
    func endlessSerialization() throws {
        let bench = try PostgresBench()
        let engine = try openPostgres(PostgresAddress(bench.address), maximumTries: 5)
        try engine.createSchema()
        try refuseChanges(bench, times: 1_000_000)
        let runs = Atomic(0)
        let error = #expect(throws: EngineError.self) {
            try engine.write { transaction in
                runs.add(1, ordering: .relaxed)
                try transaction.insertNode(.root, directory())
                try transaction.add(1, to: .usedSpace)
            }
        }
        #expect(error?.code == .busy)
        #expect(error?.reason.contains("could not serialize access") == true, "\(String(describing: error))")
        #expect(runs.load(ordering: .relaxed) == 5)
        #expect(try bench.execute("SELECT COUNT(*) FROM jfs_node") == "0\n")
        #expect(try engine.read { try $0.counter(.usedSpace) } == nil)
        engine.close()
        try bench.cleanUp()
    }

    @Test(
        "a database whose transactions are stricter by default changes nothing for ours",
        arguments: ["repeatable read", "serializable"]
    )
    func strictDatabase(isolation: String) throws {
        let bench = try PostgresBench()
        try bench.execute(
            """
            ALTER DATABASE \(bench.database) SET default_transaction_isolation = '\(isolation)'
            """
        )
        let engine = try bench.engine()
        try engine.createSchema()
        try engine.write { try $0.insertNode(Inode(5), directory()) }
        let runs = Atomic(0)
        try engine.write { transaction in
            runs.add(1, ordering: .relaxed)
            // The transaction has begun, another client changes the row, and then it is read and changed.
            #expect(try transaction.node(.root) == nil)
            try bench.execute("UPDATE jfs_node SET nlink = nlink + 10 WHERE inode = 5")
            try transaction.lock([Inode(5)])
            guard var node = try transaction.node(Inode(5)) else {
                throw ProgramError(description: "the node is missing")
            }
            node.linkCount += 1
            try transaction.updateNode(Inode(5), node)
        }
        #expect(runs.load(ordering: .relaxed) == 1)
        #expect(try bench.execute("SELECT nlink FROM jfs_node WHERE inode = 5") == "13\n")
        engine.close()
        try bench.cleanUp()
    }

    @Test("an entry, a counter or settings that changed since they were read are read again")
    func optimism() throws {
        let bench = try PostgresBench()
        let engine = try bench.engine()
        try engine.createSchema()
        try engine.write { transaction in
            try transaction.insertEntry(NamedEntry(name: "a", inode: Inode(5), type: .file), in: .root)
            try transaction.setCounter(.lastCleanupFiles, to: 1)
            try transaction.setSetting(Array("old".utf8))
        }
        let seen = Mutex<[String]>([])
        try engine.write { transaction in
            let entry = try transaction.entry(named: "a", in: .root)?.inode.number ?? 0
            let counter = try transaction.counter(.lastCleanupFiles) ?? 0
            let setting = String(decoding: try transaction.setting() ?? [], as: UTF8.self)
            let run = seen.withLock { seen in
                seen.append("\(entry) \(counter) \(setting)")
                return seen.count
            }
            let changes = [
                "UPDATE jfs_edge SET inode = 6", "UPDATE jfs_counter SET value = 2",
                "UPDATE jfs_setting SET value = 'new'",
            ]
            if run <= changes.count { try bench.execute(changes[run - 1]) }
            try transaction.deleteEntry(named: "a", in: .root)
            try transaction.setCounter(.lastCleanupFiles, to: 9)
            try transaction.setSetting(Array("ours".utf8))
        }
        #expect(seen.withLock { $0 } == ["5 1 old", "6 1 old", "6 2 old", "6 2 new"])
        engine.close()
        try bench.cleanUp()
    }

    @Test("what cannot be reached or is refused has a code of its own")
    func refusals() throws {
        let server = try PostgresServer.shared
        let host = "127.0.0.1:\(server.port)"
        let cases: [(String, EngineError.Code)] = [
            ("postgres://postgres@127.0.0.1:1/postgres", .unreachable),
            ("postgres://keeper:wrong@\(host)/postgres", .denied),
            ("postgres://keeper@\(host)/postgres", .denied),
            ("postgres://nobody@\(host)/postgres", .denied),
            ("postgres://postgres@\(host)/nowhere", .missing),
            ("postgres://postgres@\(host)/postgres?sslmode=require", .unreachable),
        ]
        for (address, expected) in cases {
            #expect(try code { _ = try openPostgres(address: address) } == expected, "\(address)")
        }
        let environment = ["META_PASSWORD": PostgresServer.password]
        let address = "postgres://keeper@\(host)/postgres"
        try openPostgres(address: address, environment: { environment[$0] }).close()
    }

    @Test("an empty database is no volume, a table of another version is told of")
    func otherTables() throws {
        let bench = try PostgresBench()
        let engine = try bench.engine()
        #expect(try !engine.isFormatted())
        #expect(try code { try engine.read { _ = try $0.node(.root) } } == .notAVolume)
        try engine.createSchema()
        try bench.execute("ALTER TABLE jfs_node DROP tier_id")
        #expect(try code { try engine.read { _ = try $0.node(.root) } } == .incompatible)
        #expect(try engine.read { try $0.counter(.usedSpace) } == nil)
        engine.close()
        try bench.cleanUp()
    }

    @Test("a database that may only be read is read")
    func readOnly() throws {
        let bench = try PostgresBench()
        let engine = try bench.engine()
        try engine.createSchema()
        engine.close()
        try bench.execute("ALTER DATABASE \(bench.database) SET default_transaction_read_only = on")
        let later = try bench.engine()
        #expect(try later.read { try $0.node(.root) } == nil)
        #expect(try code { try later.write { try $0.add(1, to: .usedSpace) } } == .readOnly)
        later.close()
        try bench.cleanUp()
    }

    @Test("numbers and names that the columns cannot hold are refused, and nothing is stored")
    func limits() throws {
        let bench = try PostgresBench()
        let engine = try bench.engine()
        try engine.createSchema()
        let changes: [(inout Attributes) -> Void] = [
            { $0.uid = 4_294_967_294 }, { $0.gid = 1 << 31 }, { $0.device = .max }, { $0.linkCount = .max },
            { $0.length = .max },
        ]
        for change in changes {
            var node = directory()
            change(&node)
            let wrong = node
            #expect(try code { try engine.write { try $0.insertNode(Inode(5), wrong) } } == .overflow)
        }
        let reference = SliceReference(id: 1, size: .max, count: 1)
        #expect(try code { try engine.write { try $0.insertSliceReference(reference) } } == .overflow)
        let name = ByteString([0x75, 0xFF])
        #expect(
            try code { try engine.write { try $0.setExtendedAttribute(named: name, of: .root, to: [1]) } }
                == .unstorable
        )
        #expect(try engine.read { try $0.extendedAttribute(named: name, of: .root) } == nil)
        try engine.write { try $0.deleteExtendedAttribute(named: name, of: .root) }
        #expect(try bench.execute("SELECT COUNT(*) FROM jfs_node") == "0\n")
        engine.close()
        try bench.cleanUp()
    }

    @Test("TLS: a certificate is checked when the address asks for it")
    func certificates() throws {
        let server = try PostgresServer(hasTLS: true)
        let base = "@localhost:\(server.port)/postgres?sslmode="
        let root = "&sslrootcert=\(server.folder)/server.crt"
        try openPostgres(address: "postgres://postgres\(base)require").close()
        try openPostgres(address: "postgres://postgres\(base)verify-full\(root)").close()
        #expect(
            try code {
                _ = try openPostgres(address: "postgres://postgres\(base)verify-full&sslrootcert=/dev/null")
            }
                == .unreachable
        )
    }

    @Test("commits wait for the disk when objects are deleted after them")
    func durability() throws {
        let bench = try PostgresBench()
        try bench.execute("ALTER DATABASE \(bench.database) SET synchronous_commit = off")
        for (isDurable, expected) in [(false, "off"), (true, "on")] {
            let connector = PostgresConnector(
                address: try PostgresAddress(bench.address),
                isDurable: isDurable
            )
            let connection = try connector.connect(creating: false)
            let query = Query("look", "SELECT current_setting('synchronous_commit')")
            let row = try connection.statement(query)
            #expect(try row.step())
            #expect(try row.bytes(0) == Array(expected.utf8))
            connection.close()
        }
        try bench.cleanUp()
    }

    @Test("what is expected is fetched ahead, after a lock that is waited for, and forgotten by changes")
    func expectation() throws {
        let bench = try PostgresBench()
        let engine = try bench.engine()
        try engine.createSchema()
        try engine.write { transaction in
            try transaction.insertNode(Inode(5), directory())
            try transaction.insertEntry(NamedEntry(name: "a", inode: Inode(5), type: .directory), in: .root)
        }
        let lock = FileLock(session: 1, owner: 2, isWrite: true)
        try engine.write { transaction in
            try transaction.expect([
                .node(Inode(5)), .lookup("a", in: .root), .entry("b", in: .root), .fileLocks(of: Inode(5)),
                .directoryQuotas, .chunk(0, of: Inode(5)), .parents(of: Inode(5)),
                .extendedAttribute("user.k", of: Inode(5)), .rangeLocks(of: Inode(5)),
            ])
            #expect(try transaction.lookup("a", in: .root)?.attributes == directory())
            #expect(try transaction.entry(named: "b", in: .root) == nil)
            // Another client takes a lock before this one waits for the node.
            try bench.execute("INSERT INTO jfs_flock (inode, sid, owner, ltype) VALUES (5, 1, 2, 87)")
            try transaction.lock([Inode(5)])
            #expect(try transaction.fileLocks(of: Inode(5)) == [lock])
            try transaction.expect([.fileLocks(of: Inode(5)), .parents(of: Inode(5))])
            #expect(try transaction.parents(of: Inode(5)).map(\.parent) == [.root])
            try transaction.deleteFileLock(session: 1, owner: 2, of: Inode(5))
            #expect(try transaction.fileLocks(of: Inode(5)) == [])
        }
        engine.close()
        try bench.cleanUp()
    }
}

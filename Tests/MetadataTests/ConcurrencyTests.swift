// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase
import SluiceTestSupport
import Synchronization
import Testing
import VolumeModel

@Suite("Several clients change one tree")
struct ConcurrencyTests {
    /// Names that the clients contend for: few enough to meet often.
    private static let names: [FileName] = ["a", "b", "c", "d"]

    private static func step(on volume: Volume, _ random: inout SeededRandom) throws {
        let directories = try volume.view { view in
            try [Inode.root]
                + view.reader.entries(of: .root, after: nil, limit: 10).filter { $0.type == .directory }
                .map(\.inode)
        }
        let (source, target) = (pick(directories, &random), pick(directories, &random))
        let (name, other) = (pick(names, &random), pick(names, &random))
        switch Int.random(in: 0..<12, using: &random) {
        case 0..<2: _ = try volume.makeDirectory(name, in: source)
        case 2..<5: _ = try volume.createFile(name, in: source)
        case 5: try volume.link(volume.lookup(name, in: source).inode, to: other, in: target)
        case 6..<8: try volume.unlink(name, in: source)
        case 8: try volume.removeDirectory(name, in: source)
        case 9..<11: try volume.rename(name, in: source, to: other, in: target)
        default: try volume.rename(name, in: source, to: other, in: target, flags: .exchange)
        }
    }

    private static func pick<Element>(_ list: [Element], _ random: inout SeededRandom) -> Element {
        list[Int.random(in: list.indices, using: &random)]
    }

    @Test("with one engine each, and the volume stays whole", arguments: [0, 1] as [Int64])
    func oneTree(trashDays: Int64) throws {
        guard PostgresServer.programs != nil else {
            print("skipped: PostgreSQL is not installed")
            return
        }
        let seed = SeededRandom.fromEnvironment().seed
        print("several clients: SLUICE_TEST_SEED=\(seed)")
        try EngineMaker.withSharedDatabase { connect in
            var settings = VolumeSettings()
            settings.trashDays = trashDays
            let first = try prepareVolume(on: connect(), settings: settings, clock: SystemClock())
            let clients = try [first] + (1..<4).map { _ in try Volume.open(engine: connect()) }
            let failures = Mutex<[String]>([])
            try runThreads(clients.count) { number in
                var random = SeededRandom(seed: seed &+ UInt64(number))
                for _ in 0..<150 {
                    do {
                        try Self.step(on: clients[number], &random)
                    } catch is VolumeError {
                        // Names that are taken, missing or in the way.
                    } catch {
                        failures.withLock { $0.append("\(error)") }
                    }
                }
            }
            #expect(failures.withLock { $0 } == [])
            for client in clients { try client.flushUsage() }
            // A stat that one client's removals brought below zero was counted anew, with what the others
            // added afterwards already in it (as live clients do).
            let directories = try first.engine.snapshot { try all($0.scanDirectoryStats()).map(\.inode) }
            for directory in directories { try first.recountDirectory(directory) }
            try checkInvariants(first)
            for client in clients { client.engine.close() }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Two clients of one volume under random operations: in turns on one tree, and at the same time, each on its
// own tree and both on a common directory.

import BlockStore
package import Metadata
package import ObjectStorage
import SluiceBase
import Synchronization
import Testing
import VolumeModel

/// Two clients of a fresh volume, whose objects are in memory.
package struct ClientPair: Sendable {
    package let volumes: [Volume]
    package let objects = MemoryStore()
    private let slices: SliceStore
    private let random: SeededRandom
    private let hasTrash: Bool

    /// - Parameters:
    ///   - second: an engine of its own on the same database, or the same.
    ///   - random: also decides whether the volume has a trash.
    package init(
        _ first: any MetadataEngine,
        _ second: any MetadataEngine,
        random: SeededRandom
    ) throws {
        self.random = random
        hasTrash = random.seed % 2 == 0
        var settings = VolumeSettings()
        settings.trashDays = hasTrash ? 1 : 0
        settings.blockSizeKiB = 64
        let clock = SystemClock()
        let volume = try prepareVolume(on: first, settings: settings, clock: clock)
        volumes = [volume, try Volume.open(engine: second, clock: clock)]
        slices = SliceStore(
            objects: objects,
            layout: BlockLayout(blockSize: 65536, hashPrefix: false),
            compression: .none
        )
    }

    private func actor(_ number: Int) -> any TreeActor { VolumeActor(volumes[number], slices) }

    /// Does steps one after the other, by one client or the other, and compares after each.
    package func takeTurns(steps: Int, clients: Int = 2) throws {
        var run = TreeModelRun((0..<clients).map(actor), hasTrash: hasTrash, random: random)
        try run.run(steps: steps) { _ in try flush() }
        try flush()
        try checkInvariants(volumes[0])
    }

    /// Lets both work at the same time; what they do to each other must come out as if one had waited.
    package func workTogether(steps: Int) throws {
        let common = try volumes[0].makeDirectory("common", in: .root).inode
        let own = try (0..<2).map { try volumes[0].makeDirectory("own-\($0)".name, in: .root).inode }
        let won = Mutex<[FileName]>([])
        let failures = Mutex<[String]>([])
        let pair = self
        try runThreads(2) { number in
            do {
                let names = try pair.race(number, in: common, steps: steps)
                won.withLock { $0 += names }
                try pair.workAlone(number, below: own[number], steps: steps)
            } catch {
                failures.withLock { $0.append("client \(number): \(error)") }
            }
        }
        #expect(failures.withLock { $0 } == [])
        // Each directory was made once, whoever asked first.
        let made = won.withLock { $0.sorted() }
        let wanted = (0..<steps).map { "d\($0)".name }.sorted()
        #expect(made == wanted)
        let left = try volumes[0].readDirectory(common, limit: 10_000)
        #expect(left.map(\.name) == (0..<steps).map { "d\($0)".name }.sorted() + ["winner"])
        try settleStats()
        try checkInvariants(volumes[0])
    }

    private func workAlone(_ number: Int, below directory: Inode, steps: Int) throws {
        let seed = SeededRandom(seed: random.seed &* 2 &+ UInt64(number))
        let mode = try volumes[number].attributes(of: directory).mode
        var run = TreeModelRun(
            [actor(number)],
            root: directory,
            mode: mode,
            hasTrash: hasTrash,
            random: seed
        )
        try run.run(steps: steps)
    }

    /// Makes files and directories that the other makes too, and moves the files over one name.
    /// - Returns: the directories that this client made.
    private func race(_ number: Int, in directory: Inode, steps: Int) throws -> [FileName] {
        let volume = volumes[number]
        var made: [FileName] = []
        for step in 0..<steps {
            let (file, inner) = ("f\(step)".name, "d\(step)".name)
            if try refusal({ _ = try volume.createFile(file, in: directory) }) == nil {
                let removal = try volume.rename(file, in: directory, to: "winner", in: directory)
                for file in removal.deletedFiles {
                    try volume.deleteData(of: file) { try slices.delete(slice: $0, size: $1) }
                }
            }
            if try refusal({ _ = try volume.makeDirectory(inner, in: directory) }) == nil {
                made.append(inner)
            }
        }
        return made
    }

    private func flush() throws {
        for volume in volumes { try volume.flushUsage() }
    }

    /// Counts the stats anew: of clients that flush at the same time, one may count what the other adds
    /// afterwards, as with the real program (metadata-format §5.8).
    private func settleStats() throws {
        try flush()
        let directories = try volumes[0].engine.snapshot { scanner in
            try all(scanner.scanDirectoryStats()).map(\.inode)
        }
        for directory in directories { try volumes[0].recountDirectory(directory) }
    }
}

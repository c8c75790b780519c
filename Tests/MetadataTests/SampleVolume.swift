// SPDX-License-Identifier: Apache-2.0
// A fresh volume in memory with a few nodes put in by hand, for tests of rules that need no namespace.

import Metadata
import SluiceBase
import SluiceTestSupport
import VolumeModel

struct SampleVolume {
    let engine: MemoryEngine
    let clock = TestClock()
    let volume: Volume

    /// - Parameter adjust: changes the settings before the volume is made.
    init(likeRedis: Bool = false, _ adjust: (inout VolumeSettings) -> Void = { _ in }) throws {
        engine = MemoryEngine(likeRedis: likeRedis)
        var settings = Self.settings
        adjust(&settings)
        volume = try Volume.format(engine: engine, settings: settings, clock: clock)
    }

    static var settings: VolumeSettings {
        var settings = VolumeSettings()
        settings.name = "sample"
        settings.uuid = "b8735186-e2b4-4bac-969a-c82fe92caef2"
        return settings
    }

    var records: MemoryRecords { engine.current }

    func attributes(_ inode: Inode) throws -> Attributes? {
        try engine.read { try $0.node(inode) }
    }

    /// Puts in a file with names in the given directories, one name per mention.
    @discardableResult
    func addFile(
        _ inode: Inode = Inode(100),
        in directories: [Inode] = [.root],
        _ adjust: (inout Attributes) -> Void = { _ in },
    ) throws -> Inode {
        let parent = directories.count == 1 ? directories[0] : Inode(0)
        var attributes = Attributes(
            type: .file,
            mode: 0o644,
            uid: 7,
            gid: 8,
            time: .epoch,
            linkCount: UInt32(directories.count),
            parent: parent
        )
        adjust(&attributes)
        try engine.write { transaction in
            try transaction.insertNode(inode, attributes)
            for (index, directory) in directories.enumerated() {
                let entry = NamedEntry(name: FileName("file\(inode)-\(index)"), inode: inode, type: .file)
                try transaction.insertEntry(entry, in: directory)
                if directories.count > 1 { try transaction.adjustParent(directory, of: inode, by: 1) }
            }
        }
        return inode
    }

    /// Puts in an empty directory below the root.
    @discardableResult
    func addDirectory(
        _ inode: Inode,
        in parent: Inode = .root,
        stat: DirectoryStat? = DirectoryStat()
    ) throws -> Inode {
        let attributes = Attributes(
            type: .directory,
            mode: 0o755,
            time: .epoch,
            linkCount: 2,
            length: 4096,
            parent: parent
        )
        try engine.write { transaction in
            try transaction.insertNode(inode, attributes)
            let entry = NamedEntry(name: FileName("directory\(inode)"), inode: inode, type: .directory)
            try transaction.insertEntry(entry, in: parent)
            try transaction.touch(parent, linkDelta: 1, time: nil)
            if let stat { try transaction.setDirectoryStat(stat, of: inode) }
        }
        return inode
    }

    /// The stored records of a chunk as text, 48 digits each; nil when there is no chunk.
    func chunk(_ index: UInt32, of inode: Inode) throws -> String? {
        try engine.read { try $0.chunk(index, of: inode) }.map { Hex.encode($0.slices) }
    }

    func counter(_ counter: Counter) throws -> Int64? {
        try engine.read { try $0.counter(counter) }
    }
}

extension Slice {
    /// A whole slice at a position.
    static func whole(_ id: UInt64, size: UInt32, at position: UInt32 = 0) -> Slice {
        Slice(position: position, id: id, size: size, offset: 0, length: size)
    }
}

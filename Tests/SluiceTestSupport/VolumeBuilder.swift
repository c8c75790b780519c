// SPDX-License-Identifier: Apache-2.0
// The volume on which damage is tried out (admin-commands §15): a file of five blocks with three clones,
// two more files, a hard link with three names, a symlink, thirty overlapping slices, a file and a
// directory in the trash.

package import Metadata
package import ObjectStorage
package import SluiceBase
package import VolumeModel

/// A healthy volume with its objects, made by the rules themselves.
package struct VolumeBuilder {
    package let volume: Volume
    package let store: MemoryStore
    package let clock: TestClock
    package private(set) var inodes: [String: Inode] = [:]

    package static let blockSizeKiB: Int64 = 64
    package var layout: BlockLayout { BlockLayout(blockSize: 64 << 10, hashPrefix: false) }
    package var engine: any MetadataEngine { volume.engine }

    /// An empty volume.
    package init(on engine: any MetadataEngine, configure: (inout VolumeSettings) -> Void = { _ in }) throws {
        clock = TestClock()
        store = Self.emptyStore()
        var settings = VolumeSettings()
        settings.name = "damage"
        settings.uuid = "6d9f1f3e-0000-4000-8000-000000000001"
        settings.bucket = "/tmp/"
        settings.blockSizeKiB = Self.blockSizeKiB
        configure(&settings)
        volume = try Volume.format(engine: engine, settings: settings, clock: clock)
    }

    /// Objects are older than any margin.
    fileprivate static func emptyStore() -> MemoryStore {
        MemoryStore(clock: TestClock(Timestamp(seconds: 1_700_000_000)))
    }

    /// A volume that was built before.
    fileprivate init(_ volume: Volume, _ store: MemoryStore, _ clock: TestClock, _ inodes: [String: Inode]) {
        self.volume = volume
        self.store = store
        self.clock = clock
        self.inodes = inodes
    }

    /// The volume of admin-commands §15.
    package static func base(on engine: any MetadataEngine) throws -> VolumeBuilder {
        var builder = try VolumeBuilder(on: engine)
        try builder.directory("/d1")
        try builder.directory("/d1/sub")
        try builder.file("/d1/f1", sizes: [300_000])
        try builder.file("/d1/sub/f2", sizes: [100_000])
        try builder.file("/d1/f3", sizes: [50_000])
        for name in ["c1", "c2", "c3"] { try builder.clone("/d1/f1", to: "/\(name)") }
        try builder.file("/h1", sizes: [7000])
        for name in ["h2", "d1/h3"] { try builder.link("/h1", to: "/\(name)") }
        try builder.symlink("/link", to: "d1/f1")
        try builder.file("/many", sizes: [UInt32](repeating: 5000, count: 30), step: 1000)
        try builder.file("/gone", sizes: [9000])
        try builder.directory("/gonedir")
        try builder.trash()
        try builder.volume.flushUsage()
        return builder
    }

    package func inode(_ path: String) throws -> Inode {
        guard let inode = inodes[path] else { throw VolumeError(.noEntry, "look up", path) }
        return inode
    }

    package mutating func directory(_ path: String) throws {
        let (parent, name) = try split(path)
        inodes[path] = try volume.makeDirectory(name, in: parent).inode
    }

    /// A file of slices, each `step` bytes after the one before, or right behind it.
    package mutating func file(_ path: String, sizes: [UInt32], step: UInt32? = nil) throws {
        let (parent, name) = try split(path)
        let inode = try volume.createFile(name, in: parent).inode
        inodes[path] = inode
        var position: UInt32 = 0
        for size in sizes {
            let id = try volume.takeSliceIDs(1).first ?? 0
            for block in layout.blocks(ofSlice: id, size: size) {
                try store.put(layout.objectKey(of: block), Self.content(of: block))
            }
            let slice = Slice(position: position, id: id, size: size, offset: 0, length: size)
            _ = try volume.perform { try $0.write(slice, toChunk: 0, of: inode) }
            position += step ?? size
        }
    }

    /// What the builder stores as a block: blocks of neighbouring slices differ in every byte.
    package static func content(of block: BlockKey) -> [UInt8] {
        let seed = block.sliceID &* 31 &+ UInt64(block.index)
        return (0..<UInt64(block.size)).map { UInt8(truncatingIfNeeded: seed &+ $0 &* 7) }
    }

    /// A copy that shares the slices of the first chunk.
    package mutating func clone(_ source: String, to path: String) throws {
        let (parent, name) = try split(path)
        let original = try inode(source)
        let inode = try volume.createFile(name, in: parent).inode
        inodes[path] = inode
        try volume.perform { operation in
            try operation.truncate(inode, to: try operation.attributes(of: original).length)
            guard let chunk = try operation.transaction.chunk(0, of: original) else { return }
            try operation.transaction.setChunk(ChunkRecord(inode: inode, index: 0, slices: chunk.slices))
            for slice in try Slice.list(decoding: chunk.slices) where !slice.isHole {
                try operation.transaction.adjustSliceReference(slice.id, size: slice.size, by: 1)
            }
        }
    }

    package mutating func link(_ source: String, to path: String) throws {
        let (parent, name) = try split(path)
        try volume.link(try inode(source), to: name, in: parent)
        inodes[path] = inodes[source]
    }

    package mutating func symlink(_ path: String, to target: ByteString) throws {
        let (parent, name) = try split(path)
        inodes[path] = try volume.makeSymlink(name, in: parent, target: target).inode
    }

    /// Moves `/gone` and `/gonedir` to the trash.
    private func trash() throws {
        try volume.unlink("gone", in: .root)
        try volume.removeDirectory("gonedir", in: .root)
    }

    private func split(_ path: String) throws -> (Inode, FileName) {
        let parts = path.split(separator: "/")
        let above = parts.dropLast().map { "/\($0)" }.joined()
        return (above.isEmpty ? .root : try inode(above), FileName(String(parts.last ?? "")))
    }
}

/// A built volume without its engine, from which any number of copies can be made.
package struct PreparedVolume: Sendable {
    private let inodes: [String: Inode]
    private let objects: [(key: ObjectKey, bytes: [UInt8])]
    private let time: Timestamp

    package init(_ builder: VolumeBuilder) throws {
        inodes = builder.inodes
        time = builder.clock.now()
        var objects: [(key: ObjectKey, bytes: [UInt8])] = []
        let listing = builder.store.list(ListRequest())
        while true {
            let batch = try listing.next()
            guard !batch.isEmpty else { break }
            for info in batch { objects.append((info.key, try builder.store.bytes(of: info.key))) }
        }
        self.objects = objects
    }

    /// The volume on an engine that holds a copy of its records.
    package func builder(on engine: any MetadataEngine) throws -> VolumeBuilder {
        let store = VolumeBuilder.emptyStore()
        for object in objects { try store.put(object.key, object.bytes) }
        let clock = TestClock(time)
        return VolumeBuilder(try Volume.open(engine: engine, clock: clock), store, clock, inodes)
    }
}

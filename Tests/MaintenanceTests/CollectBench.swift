// SPDX-License-Identifier: Apache-2.0
// The base volume of the damage matrix on any engine and store, with the bytes of its files from before the
// damage.

import BlockStore
import Maintenance
import Metadata
import ObjectStorage
import SluiceBase
import SluiceTestSupport
import Testing
import VolumeModel

/// Where the objects of a test lie.
enum StoreKind: CaseIterable {
    case memory
    case file
}

/// A volume to damage, and what gc does with it.
struct CollectBench {
    var builder: VolumeBuilder
    let damage: any RecordDamage
    let store: any ObjectStore
    let directory: ByteString
    /// The files outside the trash, as they read before the damage.
    private(set) var contents: [Inode: [UInt8]] = [:]

    /// A day and more: the trash of the base volume and everything deleted now is past its time.
    static let longTime: Int64 = 4 * 86400

    static func with(
        _ maker: EngineMaker,
        _ kind: StoreKind,
        _ body: (inout CollectBench) throws -> Void,
    ) throws {
        try maker.withBase { builder, damage in
            let directory = try Posix.makeTemporaryDirectory(prefix: "sluice-gc-")
            defer { #expect(throws: Never.self) { try Posix.removeTree(directory) } }
            var bench = CollectBench(
                builder: builder,
                damage: damage,
                store: try store(kind, builder, directory),
                directory: directory
            )
            for (path, inode) in builder.inodes where path != "/gone" {
                guard try bench.node(inode)?.type == .file else { continue }
                bench.contents[inode] = try bench.read(inode)
            }
            #expect(bench.contents.count == 8)
            try body(&bench)
        }
    }

    private static func store(
        _ kind: StoreKind,
        _ builder: VolumeBuilder,
        _ directory: ByteString,
    ) throws -> any ObjectStore {
        guard kind == .file else { return builder.store }
        let store = FileStore(root: directory + "/objects/")
        try store.create()
        let listing = builder.store.list(ListRequest())
        while true {
            let batch = try listing.next()
            guard !batch.isEmpty else { return store }
            for info in batch {
                let options = PutOptions(modified: info.modified)
                try store.put(info.key, try builder.store.bytes(of: info.key), options: options)
            }
        }
    }

    var volume: Volume { builder.volume }
    var engine: any MetadataEngine { builder.engine }
    var journalPath: ByteString { directory + "/journal" }

    func inode(_ path: String) throws -> Inode { try builder.inode(path) }

    func node(_ inode: Inode) throws -> Attributes? { try engine.read { try $0.node(inode) } }

    func reference(_ id: UInt64, size: UInt32) throws -> Int64? {
        try engine.read { try $0.sliceReference(id, size: size) }?.count
    }

    /// Whether a reference is stored: on some engines it is understood without.
    func hasReference(_ id: UInt64) throws -> Bool {
        try engine.snapshot { scanner in
            let cursor = try scanner.scanSliceReferences()
            while case .record(let reference)? = try cursor.next() {
                if reference.id == id { return true }
            }
            return false
        }
    }

    /// Changes records behind the back of every rule, as damage does.
    func edit(_ edits: RecordEdit...) throws { try damage.apply(edits) }

    func slices(_ path: String) throws -> [Slice] {
        let inode = try inode(path)
        return try Slice.list(decoding: try engine.read { try $0.chunk(0, of: inode) }?.slices ?? [])
    }

    func slice(_ path: String) throws -> Slice { try #require(try slices(path).first) }

    func keys(ofSlice id: UInt64, size: UInt32) -> Set<ObjectKey> {
        Set(builder.layout.blocks(ofSlice: id, size: size).map(builder.layout.objectKey(of:)))
    }

    func keys(_ path: String) throws -> Set<ObjectKey> {
        try slices(path).reduce(into: []) { $0.formUnion(keys(ofSlice: $1.id, size: $1.size)) }
    }

    /// Stores a strange object, old enough for every margin.
    func put(_ key: ObjectKey, _ bytes: [UInt8] = [1, 2, 3], modified: Int64 = 1_700_000_000) throws {
        let options = PutOptions(modified: Timestamp(seconds: modified))
        try store.put(key, bytes, options: options)
    }

    func objects() throws -> Set<ObjectKey> {
        var keys: Set<ObjectKey> = []
        let listing = try store.list(ListRequest())
        while true {
            let batch = try listing.next()
            guard !batch.isEmpty else { return keys }
            for info in batch where info.kind == .object { keys.insert(info.key) }
        }
    }

    /// A file's first chunk as a reader sees it; `length` when its node is gone.
    func read(_ inode: Inode, length: Int? = nil) throws -> [UInt8] {
        let plan = try engine.read { reader in
            let known = try reader.node(inode)?.length ?? UInt64(length ?? 0)
            return (known, try reader.readPlan(of: inode, chunk: 0, length: known))
        }
        var bytes: [UInt8] = []
        let slices = SliceStore(objects: store, layout: builder.layout, compression: .none)
        let reader = unsafe SliceReader(slices) { unsafe bytes += Array($0) }
        for piece in plan.1 { try reader.add(piece) }
        try reader.finish()
        return bytes + [UInt8](repeating: 0, count: max(0, Int(plan.0) - bytes.count))
    }

    /// Every file that was alive before reads as it did.
    func expectUnharmed(except: [String] = []) throws {
        let gone = Set(try except.map { try inode($0) })
        for (inode, content) in contents where !gone.contains(inode) {
            let bytes = try read(inode, length: content.count)
            #expect(bytes == content, "inode \(inode)")
        }
    }
}

extension CollectBench {
    func plan(
        _ configure: (inout CollectOptions) -> Void = { _ in },
        through store: (any ObjectStore)? = nil,
    ) throws -> (summary: CollectSummary, steps: [GarbageStep], plan: GarbagePlan, options: CollectOptions) {
        var options = CollectOptions(threads: 2)
        options.spill.directory = directory
        configure(&options)
        let (summary, plan) = try planCollection(of: volume, store: store ?? self.store, options: options)
        return (summary, try Self.steps(of: plan), plan, options)
    }

    static func steps(of plan: GarbagePlan) throws -> [GarbageStep] {
        var steps: [GarbageStep] = []
        try plan.forEachStep { steps.append($0) }
        return steps
    }

    /// Plans and executes, and holds both against each other.
    @discardableResult
    func collect(
        _ configure: (inout CollectOptions) -> Void = { _ in },
        through store: (any ObjectStore)? = nil,
        between: () throws -> Void = {},
    ) throws -> CollectSummary {
        let before = try objects()
        let planned = try plan(configure, through: store)
        #expect(try objects() == before, "planning deletes nothing")
        #expect(planned.steps.count == planned.summary.plannedSteps)
        try between()
        let earlier = try journal().count
        let summary = try executeCollection(
            planned.plan,
            of: volume,
            store: store ?? self.store,
            options: planned.options,
            journal: DeletionJournal(journalPath),
            summary: planned.summary
        )
        let announced = try journal().dropFirst(earlier).filter { $0["error"] == nil && $0["op"] == nil }
        if !summary.isCancelled {
            #expect(try announced.map { try GarbageStep($0) } == planned.steps)
            #expect(summary.doneSteps + summary.skippedSteps + summary.failedSteps == planned.steps.count)
        }
        #expect(summary.classes == planned.summary.classes)
        return summary
    }

    func journal() throws -> [JSONObject] {
        guard try Posix.statusIfPresent(journalPath) != nil else { return [] }
        let text = try Posix.readWholeFile(journalPath, limit: 1 << 24)
        return try text.split(separator: UInt8(ascii: "\n")).map { line in
            try #require(try JSONValue.parse(Array(line)).objectValue)
        }
    }

    /// gc finds nothing to do, warns of nothing and every object belongs to somebody.
    func expectClean() throws {
        let left = try plan { $0.marginSeconds = 0 }
        #expect(left.steps == [])
        #expect(left.summary.warnings == [])
        #expect(left.summary.interlocks == [])
        #expect(Set(left.summary.classes.keys).isSubset(of: [.valid, .compactable]))
    }
}

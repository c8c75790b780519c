// SPDX-License-Identifier: Apache-2.0

import Maintenance
import Metadata
import ObjectStorage
import SluiceBase
import SluiceTestSupport
import Testing
import VolumeModel

/// A volume to damage on any engine, and what a check says of it as lines that a test can compare.
struct CheckBench {
    let builder: VolumeBuilder
    let damage: any RecordDamage
    let time = TestTime()

    static func with(_ maker: EngineMaker, _ body: (CheckBench) throws -> Void) throws {
        try maker.withBase { try body(CheckBench(builder: $0, damage: $1)) }
    }

    var engine: any MetadataEngine { builder.engine }
    var store: MemoryStore { builder.store }
    var now: Int64 { builder.clock.now().seconds }

    func inode(_ path: String) throws -> Inode { try builder.inode(path) }

    /// What is left of a check.
    struct Result {
        var findings: [Finding] = []
        var summary = CheckSummary()

        /// `code inode= slice= object= paths= fix=`, in the order of the text.
        var lines: [String] {
            findings.map { finding in
                var line = finding.code.rawValue
                if finding.severity == .info { line += " info" }
                if finding.isUnverified { line += " unverified" }
                if let inode = finding.inode { line += " inode=\(inode)" }
                if let slice = finding.sliceID { line += " slice=\(slice)" }
                if let key = finding.objectKey { line += " object=\(key)" }
                if !finding.paths.isEmpty {
                    line += " paths=\(finding.paths.map(\.description).joined(separator: ","))"
                }
                return line + " fix=\(finding.fix.action)"
            }.sorted()
        }

        var codes: [String] { findings.map(\.code.rawValue).sorted() }
    }

    func check(
        _ store: (any ObjectStore)? = nil,
        _ configure: (inout CheckOptions) -> Void = { _ in },
    ) throws -> Result {
        var options = CheckOptions()
        options.waiting = time
        options.leakGraceSeconds = 0
        configure(&options)
        var result = Result()
        result.summary = try Maintenance.check(
            volume: builder.volume,
            objects: store ?? builder.store,
            options: options
        ) { result.findings.append($0) }
        return result
    }

    /// The object of the only block, or of block `index`, of the first slice of a file.
    func object(_ path: String, _ index: UInt32 = 0) throws -> ObjectKey {
        let slice = try slice(path)
        guard let block = builder.layout.block(index, ofSlice: slice.id, size: slice.size) else {
            throw VolumeError(.noEntry, "look up a block of", path)
        }
        return builder.layout.objectKey(of: block)
    }

    func slice(_ path: String) throws -> Slice {
        let inode = try inode(path)
        let chunk = try engine.read { try $0.chunk(0, of: inode) }
        guard let first = try Slice.list(decoding: chunk?.slices ?? []).first else {
            throw VolumeError(.noEntry, "look up a slice of", path)
        }
        return first
    }
}

// MARK: Damage

extension CheckBench {
    func edit(_ edits: RecordEdit...) throws { try damage.apply(edits) }

    func changeNode(_ inode: Inode, _ change: (inout Attributes) -> Void) throws {
        var node = try #require(try engine.read { try $0.node(inode) })
        change(&node)
        try edit(.setNode(inode, node))
    }

    func changeStat(_ inode: Inode, _ change: (inout DirectoryStat) -> Void) throws {
        var stat = try #require(try engine.read { try $0.directoryStat(of: inode) })
        change(&stat)
        try edit(.setStat(inode, stat))
    }

    func addToCounter(_ counter: Counter, _ delta: Int64) throws {
        let value = try engine.read { try $0.counter(counter) } ?? 0
        try edit(.setCounter(counter, value + delta))
    }

    /// Takes a node's part out of the totals, or adds it, as the rules would have done.
    func count(space: Int64, inodes: Int64) throws {
        try addToCounter(.usedSpace, space)
        try addToCounter(.totalInodes, inodes)
    }

    func setEntry(_ name: FileName, _ inode: Inode, _ type: FileType, in directory: Inode) throws {
        try edit(.setEntry(NamedEntry(name: name, inode: inode, type: type), in: directory))
    }

    func setChunk(_ inode: Inode, _ slices: [UInt8]) throws {
        try edit(.setChunk(ChunkRecord(inode: inode, index: 0, slices: slices)))
    }

    /// A client that lives for a long time.
    func addSession(_ id: UInt64, expires: Int64 = 2_000_000_000, info: String = "") throws {
        try edit(
            .setSession(SessionRecord(id: id, expires: expires, info: Array(info.utf8))),
            .setCounter(.nextSession, Int64(id))
        )
    }
}

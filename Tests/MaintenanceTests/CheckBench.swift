// SPDX-License-Identifier: Apache-2.0

import Maintenance
import Metadata
import ObjectStorage
import SluiceBase
import SluiceTestSupport
import VolumeModel

/// A volume to damage, and what a check says of it as lines that a test can compare.
struct CheckBench {
    let engine: MemoryEngine
    let builder: VolumeBuilder
    let time = TestTime()

    init() throws {
        engine = MemoryEngine()
        builder = try VolumeBuilder.base(on: engine)
    }

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
        let slices = try Slice.list(decoding: engine.current.chunks[inode]?[0] ?? [])
        guard let first = slices.first else { throw VolumeError(.noEntry, "look up a slice of", path) }
        return first
    }

    /// Takes a node's part out of the totals, or adds it, as the rules would have done.
    func count(space: Int64, inodes: Int64) {
        engine.edit { records in
            records.counters["usedSpace", default: 0] += space
            records.counters["totalInodes", default: 0] += inodes
        }
    }
}

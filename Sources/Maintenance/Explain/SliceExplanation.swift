// SPDX-License-Identifier: Apache-2.0
// From the object's side: which slice a block belongs to, and which files use that slice.

package import Metadata
package import SluiceBase
package import VolumeModel

/// Everything the metadata say about one slice.
package struct SliceExplanation: Sendable {
    package var id: UInt64
    /// Reference records of this id; more than one is damage.
    package var references: [SliceReference]
    package var users: [SliceUser]
    /// Delayed removals that still hold the slice.
    package var delayed: [DelayedSlices]
    /// The objects it consists of, by the sizes that users and references claim.
    package var objects: [ByteString]
}

/// A chunk that names a slice.
package struct SliceUser: Sendable {
    package var inode: Inode
    package var chunkIndex: UInt32
    package var slice: Slice
    package var paths: [ByteString]
}

/// Explains a slice by a scan over all chunk records, in constant memory but for its users.
package func explainSlice(_ id: UInt64, of volume: Volume) throws -> SliceExplanation {
    let layout = try volume.settings.blockLayout()
    var explanation = try volume.engine.snapshot { try scan(for: id, $0) }
    for index in explanation.users.indices {
        explanation.users[index].paths = try volume.paths(of: explanation.users[index].inode)
    }
    let sizes = Set(explanation.users.map(\.slice.size) + explanation.references.map(\.size))
    explanation.objects = sizes.sorted().flatMap { size in
        layout.blocks(ofSlice: id, size: min(size, UInt32(Chunk.size))).map {
            ByteString(volume.settings.name + "/") + layout.objectKey(of: $0)
        }
    }
    return explanation
}

private func scan(for id: UInt64, _ scanner: any MetadataScanner) throws -> SliceExplanation {
    var explanation = SliceExplanation(id: id, references: [], users: [], delayed: [], objects: [])
    try forEachRecord(of: scanner.scanChunks()) { record in
        for slice in (try? Slice.list(decoding: record.slices)) ?? [] where slice.id == id {
            explanation.users.append(
                SliceUser(inode: record.inode, chunkIndex: record.index, slice: slice, paths: [])
            )
        }
    }
    try forEachRecord(of: scanner.scanSliceReferences()) { reference in
        if reference.id == id { explanation.references.append(reference) }
    }
    try forEachRecord(of: scanner.scanDelayedSlices()) { delayed in
        let slices = (try? delayed.slices()) ?? []
        if slices.contains(where: { $0.id == id }) { explanation.delayed.append(delayed) }
    }
    return explanation
}

/// The block that an object's name stands for, with or without the volume's name in front.
/// - Throws: `MaintenanceError.refused` when it is not the name of a block.
package func block(named key: ByteString, of settings: VolumeSettings) throws -> BlockKey {
    let prefix = ByteString(settings.name + "/")
    let name = key.hasPrefix(prefix) ? key.dropFirst(prefix.count) : key
    switch try settings.blockLayout().parse(name) {
    case .block(let block), .misplaced(let block):
        return block
    case .foreign:
        throw MaintenanceError(
            .refused,
            "explain the object \(key)",
            reason: "this is not the name of a block",
            hint: "block names look like chunks/0/0/12_0_65536"
        )
    }
}

// SPDX-License-Identifier: Apache-2.0
// Who owns what: path ⇄ inode ⇄ chunk ⇄ slice ⇄ object, read from the metadata alone.

package import Metadata
package import SluiceBase
package import VolumeModel

/// Everything the metadata say about one node.
package struct NodeExplanation: Sendable {
    package var inode: Inode
    /// Nil when the node has no record although something names it.
    package var attributes: Attributes?
    package var paths: [ByteString]
    package var target: ByteString?
    package var extendedAttributes: [ByteString]
    package var chunks: [ChunkExplanation]
    /// Sessions that keep the node alive without a name.
    package var sustainedBy: [UInt64]
    /// Set when the node is gone and its data wait for removal.
    package var deletedFile: DeletedFile?
}

/// One chunk and its records.
package struct ChunkExplanation: Sendable {
    package var index: UInt32
    /// In stored order, oldest first.
    package var slices: [SliceUseExplanation]
    /// What a reader gets, in order of position; holes have no object.
    package var pieces: [PieceExplanation]
    /// Why the record cannot be read, nil when it can.
    package var damage: String?
}

/// One record of a chunk.
package struct SliceUseExplanation: Sendable {
    package var slice: Slice
    /// Bytes of it that no later record covers.
    package var visibleBytes: UInt64
    /// Nil for holes and when the reference record is missing.
    package var reference: SliceReference?
}

/// A run of bytes and the object it lies in.
package struct PieceExplanation: Hashable, Sendable {
    package var chunkIndex: UInt32
    /// Nil for a hole.
    package var object: ByteString?
    /// Bytes of the whole block, uncompressed.
    package var size: UInt32
    /// Where the run starts inside the block.
    package var offset: UInt32
    package var length: UInt32
    /// Where the run starts inside the chunk.
    package var position: UInt32
}

/// Explains a node.
/// - Throws: `VolumeError.noEntry` when nothing in the volume knows the inode.
package func explainNode(_ inode: Inode, of volume: Volume) throws -> NodeExplanation {
    let layout = try volume.settings.blockLayout()
    let prefix = volume.settings.name + "/"
    let explanation = try volume.engine.read { reader in
        let attributes = try reader.node(inode)
        let length = attributes?.length ?? .max
        return NodeExplanation(
            inode: inode,
            attributes: attributes,
            paths: [],
            target: try reader.symlinkTarget(of: inode),
            extendedAttributes: try reader.extendedAttributes(of: inode).map(\.name),
            chunks: try reader.chunks(of: inode).map { record in
                try explainChunk(record, fileLength: length, layout: layout, prefix: prefix, reader)
            },
            sustainedBy: try reader.sustainingSessions(of: inode),
            deletedFile: try reader.deletedFile(inode)
        )
    }
    var complete = explanation
    complete.paths = try volume.paths(of: inode)
    guard
        complete.attributes != nil || complete.deletedFile != nil || !complete.chunks.isEmpty
            || !complete.paths.isEmpty
    else { throw VolumeError(.noEntry, "explain", inode) }
    return complete
}

private func explainChunk(
    _ record: ChunkRecord,
    fileLength: UInt64,
    layout: BlockLayout,
    prefix: String,
    _ reader: any MetadataReader,
) throws -> ChunkExplanation {
    let slices: [Slice]
    do throws(CodecError) {
        slices = try Slice.list(decoding: record.slices)
    } catch {
        return ChunkExplanation(index: record.index, slices: [], pieces: [], damage: error.description)
    }
    let start = UInt64(record.index) * Chunk.size
    let pieces = Overlay.pieces(of: slices, limit: fileLength > start ? fileLength - start : 0)
    var visible: [UInt64: UInt64] = [:]
    for piece in pieces { visible[piece.id, default: 0] += UInt64(piece.length) }
    return ChunkExplanation(
        index: record.index,
        slices: try slices.map { slice in
            SliceUseExplanation(
                slice: slice,
                visibleBytes: visible[slice.id] ?? 0,
                reference: slice.isHole ? nil : try reader.sliceReference(slice.id, size: slice.size)
            )
        },
        pieces: pieces.flatMap { locate($0, inChunk: record.index, layout: layout, prefix: prefix) },
        damage: nil
    )
}

/// Splits a piece at block borders and names the objects.
private func locate(
    _ piece: Slice,
    inChunk index: UInt32,
    layout: BlockLayout,
    prefix: String,
) -> [PieceExplanation] {
    guard !piece.isHole, piece.isConsistent else {
        return [
            PieceExplanation(
                chunkIndex: index,
                object: nil,
                size: piece.length,
                offset: 0,
                length: piece.length,
                position: piece.position
            )
        ]
    }
    var located: [PieceExplanation] = []
    var done: UInt32 = 0
    while done < piece.length {
        let inSlice = piece.offset + done
        guard let block = layout.block(inSlice / layout.blockSize, ofSlice: piece.id, size: piece.size) else {
            break
        }
        let inBlock = inSlice % layout.blockSize
        let length = min(block.size - inBlock, piece.length - done)
        located.append(
            PieceExplanation(
                chunkIndex: index,
                object: ByteString(prefix) + layout.objectKey(of: block),
                size: block.size,
                offset: inBlock,
                length: length,
                position: piece.position + done
            )
        )
        done += length
    }
    return located
}

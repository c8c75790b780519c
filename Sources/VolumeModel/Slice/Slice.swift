// SPDX-License-Identifier: Apache-2.0
// A chunk is 64 MiB of a file; its record is a list of slices, oldest first, later ones over earlier ones
// (metadata-format §5.4, JuiceFS 1.4.2).

package import SluiceBase

/// Bounds of chunks.
package enum Chunk {
    /// Bytes of a file that one chunk covers.
    package static let size: UInt64 = 64 << 20

    /// The chunk in which a file offset lies.
    package static func index(of offset: UInt64) -> UInt64 { offset / size }
}

/// One record of a chunk: which part of which stored slice lies where.
package struct Slice: Hashable, Sendable {
    /// Bytes from the start of the chunk.
    package var position: UInt32
    /// 0 means a hole: zeros without an object.
    package var id: UInt64
    /// Bytes of the whole stored slice, which name its blocks.
    package var size: UInt32
    /// Where the used part starts inside the stored slice.
    package var offset: UInt32
    /// Bytes used.
    package var length: UInt32

    package init(position: UInt32, id: UInt64, size: UInt32, offset: UInt32, length: UInt32) {
        self.position = position
        self.id = id
        self.size = size
        self.offset = offset
        self.length = length
    }

    /// Zeros from `position` on.
    package static func hole(position: UInt32, length: UInt32) -> Slice {
        Slice(position: position, id: 0, size: 0, offset: 0, length: length)
    }

    package var isHole: Bool { id == 0 }

    /// First byte of the chunk after this record, as a wide number because stored fields may lie.
    package var end: UInt64 { UInt64(position) + UInt64(length) }

    /// Ids taken from the slice counter at a time (metadata-format §0).
    package static let batch: Int64 = 4096
}

extension Slice {
    /// Bytes of a stored record.
    package static let encodedSize = 24

    package var encoded: [UInt8] {
        var writer = ByteWriter(capacity: Self.encodedSize)
        writer.write(position)
        writer.write(id)
        writer.write(size)
        writer.write(offset)
        writer.write(length)
        return writer.bytes
    }

    /// Decodes a chunk's record.
    /// - Throws: `CodecError` when the length is not a multiple of 24.
    package static func list(decoding bytes: [UInt8]) throws(CodecError) -> [Slice] {
        guard bytes.count % encodedSize == 0 else {
            throw CodecError("slice list", "\(bytes.count) bytes are not a multiple of \(encodedSize)")
        }
        var reader = ByteReader(bytes, of: "slice list")
        var slices: [Slice] = []
        slices.reserveCapacity(bytes.count / encodedSize)
        while reader.remaining > 0 {
            slices.append(
                Slice(
                    position: try reader.read(),
                    id: try reader.read(),
                    size: try reader.read(),
                    offset: try reader.read(),
                    length: try reader.read()
                )
            )
        }
        return slices
    }

    package static func encode(_ slices: [Slice]) -> [UInt8] {
        slices.flatMap(\.encoded)
    }
}

extension Slice {
    /// Whether the record keeps its bounds: inside the chunk, inside its stored slice; a hole names no slice.
    package var isConsistent: Bool {
        guard end <= Chunk.size else { return false }
        if isHole { return size == 0 || UInt64(offset) + UInt64(length) <= UInt64(size) }
        return UInt64(size) <= Chunk.size && UInt64(offset) + UInt64(length) <= UInt64(size)
    }
}

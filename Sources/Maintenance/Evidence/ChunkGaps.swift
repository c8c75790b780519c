// SPDX-License-Identifier: Apache-2.0
// Whether any file lacks a chunk's record. Sparse files do so rightly; where they do not, no record was lost.

import Metadata
import VolumeModel

/// Compares the lengths of files with the chunks they have.
struct ChunkGaps {
    let scanner: any MetadataScanner
    let spill: SpillSpace

    /// Whether a file has fewer chunk records than its length asks for; also when one cannot be read.
    func areAny() throws -> Bool {
        var isUnsure = false
        let files: RecordStream<InodeNote> = try stream(
            scanner.scanNodes(),
            isOrdered: scanner.isOrdered,
            spill: spill,
            reduce: { node in
                guard node.attributes.type == .file, node.attributes.length > 0 else { return nil }
                return InodeNote(inode: node.inode.number, value: node.attributes.length)
            },
            damaged: { _ in isUnsure = true }
        )
        let chunks: RecordStream<InodeNote> = try stream(
            scanner.scanChunks(),
            isOrdered: scanner.isOrdered,
            spill: spill,
            reduce: { InodeNote(inode: $0.inode.number, value: UInt64($0.index)) },
            damaged: { _ in isUnsure = true }
        )
        try files.start()
        try chunks.start()
        while let file = files.head, !isUnsure {
            while let chunk = chunks.head, chunk.inode < file.inode { try chunks.advance() }
            let needed = (file.value - 1) / Chunk.size + 1
            var found: UInt64 = 0
            var last: UInt64?
            while let chunk = chunks.head, chunk.inode == file.inode {
                // A scan may show a record twice.
                if chunk.value < needed, chunk.value != last { found += 1 }
                last = chunk.value
                try chunks.advance()
            }
            guard found == needed else { return true }
            try files.advance()
        }
        return isUnsure
    }
}

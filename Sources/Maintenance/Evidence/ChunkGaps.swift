// SPDX-License-Identifier: Apache-2.0
// Whether the chunk records of any file cover less than its length. Those of sparse files do so rightly;
// where there are none such, no record was lost or cut short.

import Metadata
import VolumeModel

/// Compares the lengths of files with the chunks they have.
struct ChunkGaps {
    let scanner: any MetadataScanner

    /// Whether a file has fewer or shorter chunk records than its length asks for; also when one cannot be
    /// read.
    func areAny() throws -> Bool {
        var isUnsure = false
        let files: RecordStream<InodeNote> = try stream(
            scanner.scanNodes(),
            reduce: { node in
                guard node.attributes.type == .file, node.attributes.length > 0 else { return nil }
                return InodeNote(inode: node.inode.number, value: node.attributes.length)
            },
            damaged: { _ in isUnsure = true }
        )
        let chunks: RecordStream<ChunkDigest> = try stream(
            scanner.scanChunks(),
            reduce: { ChunkDigest($0, SliceUseCollector.read($0) { _ in }) },
            damaged: { _ in isUnsure = true }
        )
        try files.start()
        try chunks.start()
        while let file = files.head, !isUnsure {
            while let chunk = chunks.head, chunk.inode < file.inode { try chunks.advance() }
            let needed = (file.value - 1) / Chunk.size + 1
            var found: UInt64 = 0
            while let chunk = chunks.head, chunk.inode == file.inode {
                let start = UInt64(chunk.index) * Chunk.size
                if start < file.value {
                    guard UInt64(chunk.coveredEnd) >= min(file.value - start, Chunk.size) else { return true }
                    found += 1
                }
                try chunks.advance()
            }
            guard found == needed else { return true }
            try files.advance()
        }
        return isUnsure
    }
}

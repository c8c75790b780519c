// SPDX-License-Identifier: Apache-2.0
// Binary dumps with their protocol buffers, and the compressed files that dumps come in.

import BlockStore
import Maintenance
import SluiceBase

/// A dump that is in memory.
final class DumpInMemory: DumpInput {
    private var rest: ArraySlice<UInt8>
    private let pieceBytes: Int

    init(_ bytes: [UInt8], pieceBytes: Int = .max) {
        rest = bytes[...]
        self.pieceBytes = pieceBytes
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(rest.count, buffer.count, pieceBytes)
        unsafe buffer.copyBytes(from: rest.prefix(count))
        rest = rest.dropFirst(count)
        return count
    }
}

func checkBinaryDump(_ input: [UInt8]) throws(BrokenPromise) {
    guard let summary = accepted({ try summarizeBinary(DumpInMemory(input)) }) else { return }
    for (kind, segment) in summary.segments {
        for offset in segment.offsets.prefix(4) {
            // Messages that are no records are refused here, and only here.
            guard let found = accepted({ try describeSegment(at: offset, of: DumpInMemory(input)) }) else {
                continue
            }
            guard found.kind == kind else {
                throw BrokenPromise(description: "the segment at \(offset) is \(found.kind), not \(kind)")
            }
        }
    }
}

/// Decompresses in pieces of two sizes: neither may change what comes out.
func checkCompressedFile(_ input: [UInt8]) throws(BrokenPromise) {
    guard let format = StreamFormat(startOf: input) else { return }
    let whole = accepted { try decompressed(input, format, pieceBytes: 1 << 16) }
    let pieces = accepted { try decompressed(input, format, pieceBytes: 7) }
    // Behind the limit there may be an error that one of the two did not meet.
    guard whole?.isCut != true, pieces?.isCut != true, whole?.bytes != pieces?.bytes else { return }
    throw BrokenPromise(description: "the size of the pieces changes what comes out")
}

/// Decompresses up to a limit: a few bytes may stand for very many.
private func decompressed(
    _ input: [UInt8],
    _ format: StreamFormat,
    pieceBytes: Int
) throws -> (bytes: [UInt8], isCut: Bool) {
    let source = DumpInMemory(input)
    let decoder = try StreamDecoder(format)
    var piece = [UInt8](repeating: 0, count: pieceBytes)
    var output: [UInt8] = []
    while output.count < 1 << 16 {
        let count = unsafe try piece.withUnsafeMutableBytes { room in
            unsafe try decoder.decode(into: room) { unsafe source.read(into: $0) }
        }
        if count == 0 { return (output, false) }
        output += piece[..<count]
    }
    return (output, true)
}

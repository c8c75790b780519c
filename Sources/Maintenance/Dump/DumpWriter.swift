// SPDX-License-Identifier: Apache-2.0
// The text of a dump on its way out: counted, and hashed for the footer.

import SluiceBase
import VolumeModel

/// Collects text and hands it to the output in large pieces.
final class DumpWriter {
    private static let pieceBytes = 256 << 10
    private let output: any DumpOutput
    private let hash = SHA256Stream()
    private var text = DumpText()
    private(set) var written: UInt64 = 0

    init(_ output: any DumpOutput) {
        self.output = output
        text.bytes.reserveCapacity(Self.pieceBytes + 4096)
    }

    /// Adds what `body` appends.
    func add(_ body: (inout DumpText) -> Void) throws {
        body(&text)
        if text.bytes.count >= Self.pieceBytes { try flush() }
    }

    /// Adds lines, each behind a line break and that many blanks.
    func add(lines: UnsafeRawBufferPointer, indent: Int) throws {
        try add { text in
            text.breakLine(indent)
            var start = 0
            for index in lines.indices where unsafe lines[index] == 0x0A {
                unsafe text.bytes.append(contentsOf: lines[start..<index])
                text.breakLine(indent)
                start = index + 1
            }
            unsafe text.bytes.append(contentsOf: lines[start...])
        }
    }

    /// SHA-256 of everything so far, in hexadecimal.
    func digest() throws -> String {
        try flush()
        return Hex.encode(hash.digest())
    }

    func flush() throws {
        unsafe try text.bytes.withUnsafeBytes { bytes in
            unsafe hash.update(bytes)
            unsafe try output.write(bytes)
        }
        written += UInt64(text.bytes.count)
        text.bytes.removeAll(keepingCapacity: true)
    }
}
